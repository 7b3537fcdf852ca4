import { SpanStatusCode } from '@opentelemetry/api'
import type { Span } from '@opentelemetry/api'

import type { Outcome } from './outcome.ts'
import type { OutcomeEnd } from './resolve-end.ts'

/** Gives a span the status ERROR, its `error.type`, and the exception if there is one (`error` present). */
export function failSpan(span: Span, type: string, failure: Outcome | OutcomeEnd): void {
  span.setAttribute('error.type', type)
  if (!('error' in failure)) {
    span.setStatus({ code: SpanStatusCode.ERROR })
    return
  }
  const exception = exceptionOf(failure.error)
  span.setStatus({ code: SpanStatusCode.ERROR, message: exception.message })
  span.recordException(exception)
}

interface ThrownException {
  readonly name: string
  readonly message: string
  readonly stack?: string
}

/** What was thrown need not be an `Error`, and its properties need not be strings. */
function exceptionOf(error: unknown): ThrownException {
  try {
    if (typeof error !== 'object' || error === null) return { name: typeof error, message: String(error) }
    const { name, message, stack } = error as { name?: unknown; message?: unknown; stack?: unknown }
    return {
      name: typeof name === 'string' ? name : 'Error',
      message: typeof message === 'string' ? message : '',
      ...(typeof stack === 'string' && { stack }),
    }
  } catch {
    return { name: 'Error', message: 'what was thrown cannot be read' }
  }
}
