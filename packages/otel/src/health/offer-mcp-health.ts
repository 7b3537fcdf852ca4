import { subscribe, unsubscribe } from 'node:diagnostics_channel'

import type { Config } from '@mcp/otel-core'
import { healthResource, healthTool, type Health } from '@mcp/otel-health'
import { CONNECT_CHANNEL, type Connecting } from '@mcp/otel-protocol-instrumentation'
import { diag } from '@opentelemetry/api'

import { reasonOf } from '../diagnostics/diag-text.ts'
import { addResource, addTool, type RequestHandlers } from './mcp-handlers.ts'

/** What of a server of the Model Context Protocol's SDKs, of either major, is used. */
interface McpProtocol {
  readonly _requestHandlers?: unknown
  registerCapabilities(capabilities: Readonly<Record<string, object>>): void
}

/**
 * Offers the health of this process on servers that speak on standard output and so have no `/health` of their own to ask:
 * as a tool, a resource, or both. Returns what ends it for servers yet to come.
 */
export function offerMcpHealth(
  health: Pick<Health, 'report'>,
  { health: way, healthDetails: detailed }: Pick<Config['mcp'], 'health' | 'healthDetails'>,
): () => void {
  if (way === 'off') return () => {}
  const offered = new WeakSet<object>()
  const onConnecting = (message: unknown): void => {
    const { protocol, ownsStdout } = message as Connecting
    if (!ownsStdout || offered.has(protocol)) return
    offered.add(protocol)
    try {
      const server = protocol as McpProtocol
      const handlers = handlersOf(server)
      const hasTool = way === 'tool' || way === 'both'
      const hasResource = way === 'resource' || way === 'both'
      server.registerCapabilities({ ...(hasTool && { tools: {} }), ...(hasResource && { resources: {} }) })
      if (hasTool) addTool(handlers, healthTool(health, { detailed }))
      if (hasResource) addResource(handlers, healthResource(health, { detailed }))
    } catch (error) {
      diag.warn(
        `health cannot be offered over the Model Context Protocol: ${reasonOf(error)}; the server goes on without`,
      )
    }
  }
  subscribe(CONNECT_CHANNEL, onConnecting)
  return () => void unsubscribe(CONNECT_CHANNEL, onConnecting)
}

function handlersOf({ _requestHandlers: handlers }: McpProtocol): RequestHandlers {
  if (handlers instanceof Map) return handlers as RequestHandlers
  throw new TypeError('this version of the SDK keeps its handlers elsewhere')
}
