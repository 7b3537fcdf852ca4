import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

import { Rolldown } from 'tsdown'

/**
 * Has V8 compile what a start calls along with the file, as it does with functions in parentheses: through any other it looks
 * first, and reads it again when it is called. What a start calls, one tells, of the very file that is being built.
 */
export function compiledAtOnce(name: string): Rolldown.Plugin {
  return {
    name: 'compiled-at-once',
    renderChunk(code) {
      const called = functionsOfStart(name, code)
      const { body } = this.parse(code)
      const text = new Rolldown.RolldownMagicString(code)
      for (const { start, end } of findExpressions(body)) {
        if (!called.has(start)) continue
        text.appendRight(start, '(')
        text.appendLeft(end, ')')
      }
      for (const statement of body) {
        if (statement.type !== 'FunctionDeclaration' || !called.has(statement.start)) continue
        text.appendRight(statement.start, `var ${statement.id?.name} = (`)
        text.appendLeft(statement.end, ');')
        // A function that is declared is there before all else.
        text.relocate(statement.start, statement.end, 0)
      }
      return { code: text.toString(), map: text.generateMap({ hires: true }).toString() }
    },
  }
}

/** Returns where the functions begin that are called until `register` has started. */
function functionsOfStart(name: string, code: string): Set<number> {
  const dist = fileURLToPath(new URL('dist/', import.meta.url))
  mkdirSync(dist, { recursive: true })
  // Among the built files, so that it finds the packages that are left out of it.
  const folder = mkdtempSync(path.join(dist, name))
  try {
    const file = path.join(folder, `${name}.cjs`)
    writeFileSync(file, code)
    const start = `require(${JSON.stringify(file)}).startDirectly(); require('node:v8').takeCoverage(); process.reallyExit(0)`
    const env = { NODE_V8_COVERAGE: folder, MCP_OTEL_PORT: '0', MCP_OTEL_BANNER: 'off' }
    execFileSync(process.execPath, ['--eval', start], { cwd: folder, env })
    const [report = ''] = readdirSync(folder).filter((each) => each.endsWith('.json'))
    const { result } = JSON.parse(readFileSync(path.join(folder, report), 'utf8')) as CoverageReport
    const { functions = [] } = result.find(({ url }) => url === pathToFileURL(file).href) ?? {}
    return new Set(functions.flatMap(({ ranges: [whole] }) => (whole?.count ? [whole.startOffset] : [])))
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** As V8 writes it; the first range of a function is all of it. */
interface CoverageReport {
  readonly result: readonly {
    readonly url: string
    readonly functions: readonly {
      readonly ranges: readonly { readonly startOffset: number; readonly count: number }[]
    }[]
  }[]
}

interface SyntaxNode {
  readonly type: string
  readonly start: number
  readonly end: number
}

/** What belongs to nodes of properties and methods alone. */
interface PropertyNode {
  readonly kind?: string
  readonly method?: boolean
  readonly value?: object
}

/** Adds what may stand in parentheses: a method's function may not. */
function findExpressions(node: unknown, found: SyntaxNode[] = []): SyntaxNode[] {
  if (typeof node !== 'object' || node === null) return found
  const { kind, method, type, value } = node as SyntaxNode & PropertyNode
  if (type === 'FunctionExpression' || type === 'ArrowFunctionExpression') found.push(node as SyntaxNode)
  const isMethod = type === 'MethodDefinition' || (type === 'Property' && (method === true || kind !== 'init'))
  for (const child of Object.values(node)) {
    if (isMethod && child === value) for (const part of Object.values(child)) findExpressions(part, found)
    else findExpressions(child, found)
  }
  return found
}
