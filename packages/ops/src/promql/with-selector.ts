import { parseExpression } from './parse-expression.ts'

/** Adds matchers, `job="x"`, to every selector of an expression whose series are `meant`. */
export function withSelector(
  expression: string,
  matchers: string,
  meant: (name: string) => boolean = () => true,
): string {
  if (matchers === '') return expression
  let text = expression
  for (const { brace, matchers: present, name, to } of parseExpression(expression).selectors.toReversed()) {
    if (!meant(name)) continue
    const at = brace ?? to
    const added = brace === undefined ? `{${matchers}}` : present.length > 0 ? `, ${matchers}` : matchers
    text = text.slice(0, at) + added + text.slice(at)
  }
  return text
}

/** Reads what `--selector` gives; throws when it is not one or more matchers. */
export function parseSelector(text: string): string {
  const { errors, selectors } = parseExpression(`x{${text}}`)
  if (errors.length > 0 || selectors.length !== 1 || selectors[0]?.matchers.length === 0) {
    throw new Error(`--selector is ${JSON.stringify(text)}; expected matchers of labels, such as job="mcp",env="prod"`)
  }
  return text.trim()
}
