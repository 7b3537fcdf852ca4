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
const RPC_METADATA = createContextKey('OpenTelemetry SDK Context Key RPC_METADATA')

/** Returns the metadata of a server span of ours. */
export function createRpcMetadata(span: Span): RpcMetadata {
  const metadata: RpcMetadata & { [OWN]: true } = { type: 'http', span, [OWN]: true }
  return metadata
}

/** Whether metadata belong to a span of ours. */
export function isOwnRpcMetadata(metadata: RpcMetadata): boolean {
  return OWN in metadata
}

/** Returns a context that carries metadata. */
export function setRpcMetadata(context: Context, metadata: RpcMetadata): Context {
  return new RpcContext(context, metadata)
}

/** One value laid over a context: made for each request, and so without a copy of all the others. */
class RpcContext implements Context {
  readonly #parent: Context
  readonly #metadata: RpcMetadata

  constructor(parent: Context, metadata: RpcMetadata) {
    this.#parent = parent
    this.#metadata = metadata
  }

  getValue(key: symbol): unknown {
    return key === RPC_METADATA ? this.#metadata : this.#parent.getValue(key)
  }

  setValue(key: symbol, value: unknown): Context {
    if (key === RPC_METADATA) return this.#parent.setValue(key, value)
    return new RpcContext(this.#parent.setValue(key, value), this.#metadata)
  }

  deleteValue(key: symbol): Context {
    if (key === RPC_METADATA) return this.#parent.deleteValue(key)
    return new RpcContext(this.#parent.deleteValue(key), this.#metadata)
  }
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
