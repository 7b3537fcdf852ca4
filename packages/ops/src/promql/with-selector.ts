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

/** A matcher whose quotes the shell has taken away. */
const BARE = /(?<=^|,)(\s*\w+\s*(?:=~|!~|!=|=)\s*)([^\s"'`{},]+)\s*(?=,|$)/g

/** Reads what `--selector` gives, `job="x"` or `job=x`; throws when it is not one or more matchers. */
export function parseSelector(given: string): string {
  const quoted = given.replaceAll(BARE, (_, start: string, value: string) => `${start}${JSON.stringify(value)}`)
  const text = [given, quoted].find(areMatchers)
  if (text === undefined) {
    throw new Error(`--selector is ${JSON.stringify(given)}; expected matchers of labels, such as job="mcp",env="prod"`)
  }
  return text.trim()
}

function areMatchers(text: string): boolean {
  const { errors, selectors } = parseExpression(`x{${text}}`)
  return errors.length === 0 && selectors.length === 1 && selectors[0]?.matchers.length !== 0
}
