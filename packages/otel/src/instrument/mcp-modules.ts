import { libraryParts } from './library-parts.ts'
import type { ModuleExportsHook } from './module-exports-hook.ts'

type AnyFunction = (this: unknown, ...args: unknown[]) => unknown
type AnyClass = new () => object

/** The modules of the Model Context Protocol's SDKs, of both majors, that define or export the classes of servers and clients, and their entries. */
export const mcpModules: ModuleExportsHook = {
  files:
    /[\\/]node_modules[\\/]@modelcontextprotocol[\\/](?:sdk[\\/]dist[\\/](?:(?:esm|cjs)[\\/])?(?:server[\\/](?:index|mcp)|client[\\/]index)|(?:server|client)[\\/]dist[\\/]index|server[\\/]dist[\\/]stdio)\.[mc]?js$/,
  packages: ['@modelcontextprotocol/sdk', '@modelcontextprotocol/server', '@modelcontextprotocol/client'],
  names: ['Server', 'Client', 'McpServer', 'createMcpHandler', 'serveStdio', 'StdioServerTransport'],
  functions: ['createMcpHandler', 'serveStdio'],
  observe({ createMcpHandler, serveStdio, StdioServerTransport, ...classes }, whole) {
    libraryParts.mcp.instrumentMcp(classes)
    const instead: Record<string, AnyFunction> = {}
    if (typeof createMcpHandler === 'function')
      instead['createMcpHandler'] = observedHandler(createMcpHandler as AnyFunction)
    if (typeof serveStdio === 'function' && typeof StdioServerTransport === 'function')
      instead['serveStdio'] = observedStdio(serveStdio as AnyFunction, StdioServerTransport as AnyClass)
    if (whole === undefined) return instead
    Object.assign(whole as object, instead)
    return undefined
  },
  what: 'servers and clients of the Model Context Protocol',
  instead: 'call instrumentMcp() with their classes',
}

function observedHandler(create: AnyFunction): AnyFunction {
  return likewise(create, function (...args) {
    const handler = Reflect.apply(create, this, args)
    return typeof handler === 'object' && handler !== null ? libraryParts.mcp.instrumentHandler(handler) : handler
  })
}

/** The transport that it would make itself is made before, so that it can be observed. */
function observedStdio(serve: AnyFunction, Transport: AnyClass): AnyFunction {
  return likewise(serve, function (factory, options, ...rest) {
    const given = (options ?? {}) as { readonly transport?: object }
    const transport = libraryParts.mcp.instrumentWire(given.transport ?? new Transport())
    return Reflect.apply(serve, this, [factory, { ...given, transport }, ...rest])
  })
}

function likewise(original: AnyFunction, observed: AnyFunction): AnyFunction {
  for (const key of ['name', 'length'] as const)
    Object.defineProperty(observed, key, { value: original[key], configurable: true })
  return observed
}
