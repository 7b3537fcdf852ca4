import { layContext } from '@mcp/otel-core'
import { trace } from '@opentelemetry/api'
import type { SpanContext, TextMapPropagator } from '@opentelemetry/api'

import { sdkPackages } from '../sdk-packages.ts'

const PARENT = 'traceparent'
const STATE = 'tracestate'
const NO_TRACE = '0'.repeat(32)
const NO_SPAN = '0'.repeat(16)

/** Creates the SDK's propagator of W3C Trace Context, which parses with an expression, with a shorter way for what nearly all send. */
export function createTraceContextPropagator(): TextMapPropagator {
  const stock = new sdkPackages.core.W3CTraceContextPropagator()
  return {
    inject: (context, carrier, setter) => stock.inject(context, carrier, setter),
    extract(context, carrier, getter) {
      const header = getter.get(carrier, PARENT)
      if (header === undefined || header.length === 0) return context
      const remote = typeof header === 'string' && !getter.get(carrier, STATE) ? parsePlain(header) : undefined
      if (remote === undefined) return stock.extract(context, carrier, getter)
      return layContext(context, trace.wrapSpanContext(remote))
    },
    fields: () => stock.fields(),
  }
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
