import { isInOwnServerSpan } from '@mcp/otel-http-instrumentation'
import { SpanKind } from '@opentelemetry/api'
import type { SpanProcessor } from '@opentelemetry/sdk-trace'

const OWN_SCOPE = '@mcp/otel-http-instrumentation'
const METHODS = ['http.request.method', 'http.method']

/**
 * Keeps a request to one SERVER span: one more, that middleware of the app's makes while it handles a request of ours, stays
 * in the trace as what it is there, an INTERNAL span.
 */
export const oneServerSpan: SpanProcessor = {
  onStart(span, parent) {
    // A pipelined request begins in the context of the one before it.
    if (span.kind !== SpanKind.SERVER || span.instrumentationScope.name === OWN_SCOPE) return
    if (!isInOwnServerSpan(parent)) return
    if (!METHODS.some((name) => name in span.attributes)) return
    const mutable: { kind: SpanKind } = span
    mutable.kind = SpanKind.INTERNAL
  },
  onEnd() {},
  async forceFlush() {},
  async shutdown() {},
}
