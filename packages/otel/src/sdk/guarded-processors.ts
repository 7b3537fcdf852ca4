import { telemetryFaults } from '@mcp/otel-core'
import { diag } from '@opentelemetry/api'
import type { LogRecordProcessor } from '@opentelemetry/sdk-logs'
import type { SpanProcessor } from '@opentelemetry/sdk-trace'

import { reasonOf } from '../diagnostics/diag-text.ts'

/** Returns a span processor of the app's own that cannot throw into what ends a span: a handler, or Node.js itself. */
export function guardedSpanProcessor(processor: SpanProcessor): SpanProcessor {
  const guard = createGuard('span processor')
  return {
    onStart: (span, parent) => guard(() => processor.onStart(span, parent)),
    onEnding: (span) => guard(() => processor.onEnding?.(span)),
    onEnd: (span) => guard(() => processor.onEnd(span)),
    forceFlush: async () => processor.forceFlush(),
    shutdown: async () => processor.shutdown(),
  }
}

/** Returns a processor of log records of the app's own that cannot throw into who logs. */
export function guardedLogRecordProcessor(processor: LogRecordProcessor): LogRecordProcessor {
  const guard = createGuard('processor of log records')
  return {
    enabled: (options) => guard(() => processor.enabled?.(options)) ?? true,
    onEmit: (record, context) => guard(() => processor.onEmit(record, context)),
    forceFlush: async (options) => processor.forceFlush(options),
    shutdown: async () => processor.shutdown(),
  }
}

type Guard = <T>(call: () => T) => T | undefined

function createGuard(what: string): Guard {
  let isSaid = false
  return (call) => {
    try {
      return call()
    } catch (error) {
      telemetryFaults().add(1, { source: 'sdk' })
      if (!isSaid) diag.error(`a ${what} in options.sdk threw: ${reasonOf(error)}; correct it; the app runs on`)
      isSaid = true
      return undefined
    }
  }
}
