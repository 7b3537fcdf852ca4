import { failSpan, observeCall, resolveEnd } from '@mcp/otel-core'
import { context } from '@opentelemetry/api'

import { guarded, inject, startProducerSpan } from './job-spans.ts'
import type { SpanSource } from './job-spans.ts'
import type { SendOptions } from './queue-options.ts'

/** Makes a call under the producer's span, which ends with it; returns what the call returns. */
export function sendJob<T>(
  source: SpanSource,
  call: (carrier: Record<string, string>) => T,
  { attributes, idOf }: SendOptions<T> = {},
): T {
  const { span, context: own } = startProducerSpan(source, undefined, context.active(), attributes)
  const carrier: Record<string, string> = {}
  inject(source, own, carrier)
  if (span?.isRecording() !== true) return context.with(own, call, undefined, carrier)
  return observeCall(
    () => call(carrier),
    own,
    (outcome) => {
      const { errorType } = resolveEnd(outcome, {}, source.say)
      if (errorType !== undefined) failSpan(span, errorType, outcome)
      else if (idOf !== undefined && 'result' in outcome) {
        const id = guarded(source, 'idOf', () => idOf(outcome.result as Awaited<T>))
        if (id !== undefined) span.setAttribute('messaging.message.id', String(id))
      }
      span.end()
    },
  )
}
