import { telemetryFaults } from '@mcp/otel-core'
import { diag } from '@opentelemetry/api'
import type { LogRecordProcessor } from '@opentelemetry/sdk-logs'
import type { SpanProcessor } from '@opentelemetry/sdk-trace'

import { reasonOf } from '../diagnostics/diag-text.ts'

/** Returns a span processor of the app's own that cannot throw into what ends a span: a handler, or Node.js itself. */
export function guardedSpanProcessor(processor: SpanProcessor): SpanProcessor {
  const say = createSay('span processor')
  // Called for each span: a guard that takes a function would have one made each time.
  return {
    onStart(span, parent) {
      try {
        processor.onStart(span, parent)
      } catch (error) {
        say(error)
      }
    },
    onEnding(span) {
      try {
        processor.onEnding?.(span)
      } catch (error) {
        say(error)
      }
    },
    onEnd(span) {
      try {
        processor.onEnd(span)
      } catch (error) {
        say(error)
      }
    },
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
  const say = createSay(what)
  return (call) => {
    try {
      return call()
    } catch (error) {
      say(error)
      return undefined
    }
  }
}

/** Returns what counts each fault of a processor, and says the first. */
function createSay(what: string): (error: unknown) => void {
  let isSaid = false
  return (error) => {
    telemetryFaults().add(1, { source: 'sdk' })
    if (!isSaid) diag.error(`a ${what} in options.sdk threw: ${reasonOf(error)}; correct it; the app runs on`)
    isSaid = true
  }
}
