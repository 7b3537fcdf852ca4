import { activeContext } from '@mcp/otel-core'
import { ROOT_CONTEXT, SpanKind, trace } from '@opentelemetry/api'
import type { Span } from '@opentelemetry/api'

import type { Exchange } from './exchange.ts'
import { getRpcMetadata, isOwnRpcMetadata } from './rpc-metadata.ts'
import { isTracingSuppressed } from './suppression.ts'

/**
 * Leaves the server span of an exchange to whatever made the one that is active now, or keeps tracing off here: that
 * context becomes the exchange's. Returns whether there was such a context.
 */
export function adoptForeignSpan(exchange: Exchange): boolean {
  const active = activeContext()
  if (active === ROOT_CONTEXT) return false
  const metadata = getRpcMetadata(active)
  // A pipelined request can begin inside the context of the one before it.
  if (metadata !== undefined && isOwnRpcMetadata(metadata)) return false
  const span: (Span & { readonly kind?: SpanKind }) | undefined = trace.getSpan(active)
  if (metadata === undefined && span?.kind !== SpanKind.SERVER && !isTracingSuppressed(active)) return false
  exchange.spanIsForeign = true
  exchange.span = undefined
  exchange.rpc = metadata
  exchange.context = active
  return true
}
