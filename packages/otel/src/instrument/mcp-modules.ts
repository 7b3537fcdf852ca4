import { instrumentHandler, instrumentMcp } from '@mcp/otel-protocol-instrumentation'

import type { ModuleExportsHook } from './module-exports-hook.ts'

type Create = (this: unknown, ...args: unknown[]) => object

/** The modules of the Model Context Protocol's SDKs, of both majors, that define or export the classes of servers and clients. */
export const mcpModules: ModuleExportsHook = {
  files:
    /[\\/]node_modules[\\/]@modelcontextprotocol[\\/](?:sdk[\\/]dist[\\/](?:(?:esm|cjs)[\\/])?(?:server[\\/](?:index|mcp)|client[\\/]index)|(?:server|client)[\\/]dist[\\/]index)\.[mc]?js$/,
  names: ['Server', 'Client', 'McpServer', 'createMcpHandler'],
  functions: ['createMcpHandler'],
  observe({ createMcpHandler, ...classes }, whole) {
    instrumentMcp(classes)
    if (typeof createMcpHandler !== 'function') return undefined
    const create = observedCreate(createMcpHandler as Create)
    if (whole === undefined) return { createMcpHandler: create }
    Object.assign(whole as object, { createMcpHandler: create })
    return undefined
  },
  what: 'servers and clients of the Model Context Protocol',
  instead: 'call instrumentMcp() with their classes',
}

function observedCreate(original: Create): Create {
  const create: Create = function (...args) {
    return instrumentHandler(Reflect.apply(original, this, args))
  }
  for (const key of ['name', 'length'] as const)
    Object.defineProperty(create, key, { value: original[key], configurable: true })
  return create
}
