import { createContextKey } from '@opentelemetry/api'
import type { Context } from '@opentelemetry/api'

// The SDK's key, by its registered name: only the distribution depends on the SDK.
const SUPPRESS_TRACING = createContextKey('OpenTelemetry SDK Context Key SUPPRESS_TRACING')

/** Returns a context in which an SDK records no spans. */
export function suppressTracing(context: Context): Context {
  return context.setValue(SUPPRESS_TRACING, true)
}

/** Whether an SDK records no spans in a context. */
export function isTracingSuppressed(context: Context): boolean {
  return context.getValue(SUPPRESS_TRACING) === true
}
