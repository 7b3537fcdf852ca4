import { channel } from 'node:diagnostics_channel'

import { fieldsOf } from './message.ts'
import { transportFacts } from './transport-facts.ts'

/** Name of the `node:diagnostics_channel` that tells of each server or client that is about to connect. */
export const CONNECT_CHANNEL = 'mcp.protocol.connect'

/** What `CONNECT_CHANNEL` tells, while capabilities and handlers can still be added. */
export interface Connecting {
  /** The `Server` or `Client`; of an `McpServer`, the `Server` in it. */
  readonly protocol: object
  /** Is it a server that will speak on the process' own standard output? */
  readonly ownsStdout: boolean
}

/** Tells that a server or a client is about to connect. */
export function announceConnecting(protocol: object, transport: unknown): void {
  const connecting = channel(CONNECT_CHANNEL)
  if (!connecting.hasSubscribers || typeof transport !== 'object' || transport === null) return
  const isServer = !('_clientInfo' in fieldsOf(protocol))
  connecting.publish({ protocol, ownsStdout: isServer && transportFacts(transport).ownsStdout } satisfies Connecting)
}
