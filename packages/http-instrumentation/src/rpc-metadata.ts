import { createContextKey } from '@opentelemetry/api'
import type { Context, Span } from '@opentelemetry/api'

/** What OpenTelemetry's framework instrumentations read of the request that they run in, and write its route to. */
export interface RpcMetadata {
  readonly type: 'http'
  readonly span: Span
  route?: string
}

const OWN: unique symbol = Symbol.for('@mcp/otel/http-rpc-metadata')
// The SDK's key, by its registered name: only the distribution depends on the SDK.
export const RPC_METADATA: symbol = createContextKey('OpenTelemetry SDK Context Key RPC_METADATA')

/** Returns the metadata of a server span of ours. */
export function createRpcMetadata(span: Span): RpcMetadata {
  return new OwnRpcMetadata(span)
}

class OwnRpcMetadata implements RpcMetadata {
  readonly type = 'http'
  readonly span: Span
  declare route?: string

  constructor(span: Span) {
    this.span = span
  }

  get [OWN](): true {
    return true
  }
}

/** Whether metadata belong to a span of ours. */
export function isOwnRpcMetadata(metadata: RpcMetadata): boolean {
  return OWN in metadata
}

/** Returns the metadata of the HTTP request that a context runs in. */
export function getRpcMetadata(context: Context): RpcMetadata | undefined {
  const metadata = context.getValue(RPC_METADATA) as RpcMetadata | undefined
  return metadata?.type === 'http' ? metadata : undefined
}

/** Tells whether a context belongs to a request that has a server span of ours. */
export function isInOwnServerSpan(context: Context): boolean {
  const metadata = getRpcMetadata(context)
  return metadata !== undefined && isOwnRpcMetadata(metadata)
}
