import { readFileSync } from 'node:fs'
import { createRequire, registerHooks } from 'node:module'
import { fileURLToPath } from 'node:url'

import { processWide } from '@mcp/otel-core'
import { instrumentMcp, type McpClasses } from '@mcp/otel-protocol-instrumentation'
import { diag } from '@opentelemetry/api'

import { reasonOf } from '../diagnostics/diag-text.ts'

const require = createRequire(import.meta.url)

/** The modules of the Model Context Protocol's SDKs that define or export the classes of servers and clients. */
const ENTRY =
  /[\\/]node_modules[\\/]@modelcontextprotocol[\\/](?:sdk[\\/]dist[\\/](?:(?:esm|cjs)[\\/])?(?:server[\\/](?:index|mcp)|client[\\/]index)|(?:server|client)[\\/]dist[\\/]index)\.[mc]?js$/

const KEY = '@mcp/otel/mcp-classes'
const NAMES = ['Server', 'Client', 'McpServer'] as const
const CALL = `globalThis[Symbol.for(${JSON.stringify(KEY)})]?.`

/** What a module says to us when it has been evaluated: one statement more at its end, on a line of its own. */
const LAST_LINE = {
  commonjs: `\n;${CALL}(exports);\n`,
  module: `\n;${CALL}({ ${NAMES.map((name) => `${name}: typeof ${name} === 'undefined' ? undefined : ${name}`).join(', ')} });\n`,
}

/**
 * Observes the servers and clients of the Model Context Protocol's SDKs, of both majors, from when the app loads them. No
 * loader does more for ES modules than this: Node's own synchronous hooks, which see `import` and `require` alike.
 */
export function instrumentMcpModules(): void {
  const state = processWide<{ isHooked?: true }>('mcp-modules', () => ({}))
  if (state.isHooked) return
  state.isHooked = true
  Object.defineProperty(globalThis, Symbol.for(KEY), { value: observe, configurable: true })
  for (const [file, loaded] of Object.entries(require.cache)) {
    if (ENTRY.test(file)) observe(loaded?.exports)
  }
  try {
    registerHooks({
      load(url, context, nextLoad) {
        const loaded = nextLoad(url, context)
        if (!url.startsWith('file:') || !ENTRY.test(url)) return loaded
        const line = loaded.format === 'module' || loaded.format === 'commonjs' ? LAST_LINE[loaded.format] : undefined
        if (line === undefined) return loaded
        const source = loaded.source ?? readFileSync(fileURLToPath(url))
        return { ...loaded, source: `${textOf(source)}${line}` }
      },
    })
  } catch (error) {
    diag.warn(
      `servers and clients of the Model Context Protocol cannot be found by themselves: ${reasonOf(error)}; ` +
        'call instrumentMcp() with their classes',
    )
  }
}

function observe(exported: unknown): void {
  try {
    const given = exported as McpClasses
    const classes = Object.fromEntries(NAMES.flatMap((name) => (given[name] ? [[name, given[name]]] : [])))
    instrumentMcp(classes)
  } catch (error) {
    diag.warn(`an SDK of the Model Context Protocol cannot be observed: ${reasonOf(error)}; it works on unobserved`)
  }
}

function textOf(source: string | ArrayBuffer | NodeJS.TypedArray): string {
  if (typeof source === 'string') return source
  return Buffer.from(
    source instanceof ArrayBuffer
      ? source
      : source.buffer.slice(source.byteOffset, source.byteOffset + source.byteLength),
  ).toString('utf8')
}
