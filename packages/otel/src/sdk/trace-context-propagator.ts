import { layContext } from '@mcp/otel-core'
import { trace } from '@opentelemetry/api'
import type { Span, SpanContext, TextMapPropagator } from '@opentelemetry/api'

import { hasPlainIds } from '../ids/plain-ids.ts'
import { sdkPackages } from '../sdk-packages.ts'
import { RemoteSpan } from './remote-span.ts'

const PARENT = 'traceparent'
const STATE = 'tracestate'
const NO_TRACE = '0'.repeat(32)
const NO_SPAN = '0'.repeat(16)

/**
 * Creates the SDK's propagator of W3C Trace Context, which parses with an expression, with a shorter way for what nearly all
 * send; the text that was written last it knows again, since in memory both sides are in one process.
 */
export function createTraceContextPropagator(): TextMapPropagator {
  const { isTracingSuppressed, W3CTraceContextPropagator } = sdkPackages.core
  const stock = new W3CTraceContextPropagator()
  let written: WrittenTrace | undefined
  return {
    inject(context, carrier, setter) {
      const span = trace.getSpan(context)
      const local = span?.spanContext()
      if (span === undefined || local === undefined || !isPlain(local, span))
        return stock.inject(context, carrier, setter)
      if (isTracingSuppressed(context)) return
      const text = `00-${local.traceId}-${local.spanId}-0${local.traceFlags}`
      written = { text, local }
      setter.set(carrier, PARENT, text)
    },
    extract(context, carrier, getter) {
      const header = getter.get(carrier, PARENT)
      if (header === undefined || header.length === 0) return context
      const isAlone = typeof header === 'string' && !getter.get(carrier, STATE)
      const remote = !isAlone ? undefined : header === written?.text ? remoteOf(written.local) : parsePlain(header)
      if (remote === undefined) return stock.extract(context, carrier, getter)
      return layContext(context, new RemoteSpan(remote))
    },
    fields: () => stock.fields(),
  }
}

interface WrittenTrace {
  readonly text: string
  readonly local: SpanContext
}

/** Is it what the SDK writes in one way, and reads again? */
function isPlain({ traceId, spanId, traceFlags, traceState }: SpanContext, of: Span): boolean {
  if (traceState || (traceFlags !== 0 && traceFlags !== 1)) return false
  if (hasPlainIds(of)) return true
  return isId(traceId, NO_TRACE) && isId(spanId, NO_SPAN)
}

function isId(id: unknown, none: string): boolean {
  return typeof id === 'string' && id.length === none.length && id !== none && isHex(id, 0, id.length)
}

function remoteOf({ traceId, spanId, traceFlags }: SpanContext): SpanContext {
  return { traceId, spanId, traceFlags, isRemote: true }
}

/** Parses version 00, without spaces; `undefined` for anything else, valid or not. */
function parsePlain(text: string): SpanContext | undefined {
  if (text.length !== 55 || !text.startsWith('00-') || text[35] !== '-' || text[52] !== '-') return undefined
  if (!isHex(text, 3, 35) || !isHex(text, 36, 52) || !isHex(text, 53, 55)) return undefined
  const traceId = text.slice(3, 35)
  const spanId = text.slice(36, 52)
  if (traceId === NO_TRACE || spanId === NO_SPAN) return undefined
  return { traceId, spanId, traceFlags: Number.parseInt(text.slice(53), 16), isRemote: true }
}

function isHex(text: string, from: number, to: number): boolean {
  for (let at = from; at < to; at++) {
    const code = text.charCodeAt(at)
    if (!((code >= 0x30 && code <= 0x39) || (code >= 0x61 && code <= 0x66))) return false
  }
  return true
}
