import { instrumentMcp } from '@mcp/otel-protocol-instrumentation'

import type { ModuleExportsHook } from './module-exports-hook.ts'

/** The modules of the Model Context Protocol's SDKs, of both majors, that define or export the classes of servers and clients. */
export const mcpModules: ModuleExportsHook = {
  files:
    /[\\/]node_modules[\\/]@modelcontextprotocol[\\/](?:sdk[\\/]dist[\\/](?:(?:esm|cjs)[\\/])?(?:server[\\/](?:index|mcp)|client[\\/]index)|(?:server|client)[\\/]dist[\\/]index)\.[mc]?js$/,
  names: ['Server', 'Client', 'McpServer'],
  observe: (classes) => instrumentMcp(classes),
  what: 'servers and clients of the Model Context Protocol',
  instead: 'call instrumentMcp() with their classes',
}
