import { layContext } from '@mcp/otel-core'
import { createContextKey, isSpanContextValid, propagation, trace } from '@opentelemetry/api'
import type { Context, Link, Span, TextMapGetter } from '@opentelemetry/api'

import { fieldsOf } from './message.ts'
import type { Fields, RpcMessage } from './message.ts'
import type { McpOptions } from './options.ts'

const getter: TextMapGetter<Fields> = {
  keys: (meta) => Object.keys(meta),
  get: (meta, key) => {
    const value = Object.hasOwn(meta, key) ? meta[key] : undefined
    return typeof value === 'string' ? value : undefined
  },
}

/** Marks what a message with a trace has caused. */
const CAUSED_BY_TRACE = createContextKey('@mcp/otel/caused-by-trace')

/** Does the other side trace? Then it is told the trace of what it has caused; else it is sent nothing but what it asked for. */
export function isCausedByTrace(of: Context): boolean {
  return of.getValue(CAUSED_BY_TRACE) === true
}

/** Where the span of a received message belongs. */
export interface Origin {
  readonly parent: Context
  /** Does the other side trace? */
  readonly isCaused?: boolean
  readonly links?: Link[]
  /** When it began, on the clock of `performance.now()`; default: now. */
  readonly began?: number
}

/** Reads the trace in a received message; `ambient` is the context in which it arrived, of an HTTP request for instance. */
export function originOf(message: RpcMessage, ambient: Context, trust: McpOptions['trustRemote']): Origin {
  const { _meta: meta } = fieldsOf(message.params)
  if (typeof meta !== 'object' || meta === null || trust === 'off') return { parent: ambient }
  const parent = propagation.extract(ambient, meta as Fields, getter)
  if (parent === ambient) return { parent }
  const around = trace.getSpanContext(ambient)
  const sender = trace.getSpanContext(parent)
  const hasTrace = sender !== undefined && sender !== around
  if (trust === 'link') {
    if (!hasTrace || !isSpanContextValid(sender)) return { parent: ambient }
    return { parent: ambient, isCaused: true, links: [{ context: sender }] }
  }
  // Of a parent that is not valid a tracer makes nothing.
  if (!hasTrace) return { parent }
  const isAnother = around !== undefined && around.spanId !== sender.spanId && isSpanContextValid(around)
  return isAnother ? { parent, isCaused: true, links: [{ context: around }] } : { parent, isCaused: true }
}

/** Returns the context of what begins there, with its span if it has one. */
export function contextOf({ isCaused, parent }: Origin, span: Span | undefined): Context {
  if (isCaused !== true) return span === undefined ? parent : layContext(parent, span)
  return layContext(parent, span ?? trace.getSpan(parent), CAUSED_BY_TRACE, true)
}

/** Returns the message with the trace in it: a copy, as nothing of the sender's is changed. */
export function withTrace<M extends RpcMessage>(message: M, of: Context): M {
  const { params } = message
  if (params !== undefined && (typeof params !== 'object' || params === null || Array.isArray(params))) return message
  const { _meta: meta } = fieldsOf(params)
  if (meta !== undefined && (typeof meta !== 'object' || meta === null)) return message
  const carrier: Record<string, string> = {}
  propagation.inject(of, carrier)
  if (Object.keys(carrier).length === 0) return message
  return { ...message, params: { ...params, _meta: meta === undefined ? carrier : { ...meta, ...carrier } } }
}
