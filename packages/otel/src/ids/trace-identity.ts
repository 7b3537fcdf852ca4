import type { SpanContext, TraceFlags, TraceState } from '@opentelemetry/api'

/** What all spans of a trace have in common that are made in this process. */
export interface TraceIdentity {
  readonly traceId: string
  readonly traceFlags: TraceFlags
  readonly traceState?: TraceState | undefined
}

/** Returns the identity of a span of a trace. */
export function spanContextOf({ traceId, traceFlags, traceState }: TraceIdentity, spanId: string): SpanContext {
  return traceState === undefined ? { traceId, spanId, traceFlags } : { traceId, spanId, traceFlags, traceState }
}
