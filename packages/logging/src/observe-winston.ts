import type { Context, SpanContext } from '@opentelemetry/api'
import { context as contextApi, isSpanContextValid, trace } from '@opentelemetry/api'

import { hex } from './json-line.ts'
import type { LogEntry } from './log-entry.ts'
import { isError } from './logged-error.ts'
import { OtlpEmitter } from './otlp-emitter.ts'
import type { Info } from './read-content.ts'
import { CONTEXT, readEntry } from './read-entry.ts'
import { createRedactor } from './redactor.ts'
import type { Redactor } from './redactor.ts'
import { LEVEL, SPLAT } from './winston-symbols.ts'
import { DELIVERED } from './write-through.ts'

/** winston's class `Logger`, as far as it is observed. */
export interface LoggerClass {
  readonly prototype: LoggerPrototype
}

type Take = (this: WinstonLogger, info: unknown, ...rest: unknown[]) => boolean

interface LoggerPrototype {
  /** Takes what is logged. */
  write: Take
  /** Passes on, to the transports, what the logger's format has made of it. */
  push: Take
}

interface WinstonLogger {
  isLevelEnabled(level: string): boolean
}

/** Name of the instrumentation scope of other people's loggers, which have no name. */
const SCOPE = 'winston'

/**
 * Puts the trace into what loggers of this class write, and hands to OpenTelemetry what they pass to their transports,
 * after the application's own formats have filtered and masked it. Returns what takes it back.
 */
export function observeWinston({ prototype }: LoggerClass): () => void {
  const { write, push } = prototype
  const handOver = createHandOver()
  let isOn = true
  const observedWrite: Take = function (info, ...rest) {
    return write.call(this, isOn ? correlated(info) : info, ...rest)
  }
  const observedPush: Take = function (info, ...rest) {
    if (isOn && isForeign(info)) handOver(this, info)
    return push.call(this, info, ...rest)
  }
  prototype.write = observedWrite
  prototype.push = observedPush
  return () => {
    // Whoever has wrapped these since still calls them.
    isOn = false
    if (prototype.write === observedWrite) prototype.write = write
    if (prototype.push === observedPush) prototype.push = push
  }
}

function createHandOver(): (logger: WinstonLogger, info: Info) => void {
  const emitter = new OtlpEmitter()
  const redactor = createRedactor()
  return (logger, info) => {
    try {
      const given = info[LEVEL] ?? info.level
      const level = typeof given === 'string' ? given : 'info'
      if (emitter.isOn(SCOPE) && logger.isLevelEnabled(level)) emitter.emit(entryOf(info, level, redactor))
    } catch {
      // What an application's own loggers throw is between it and them.
    }
  }
}

/** An entry of what the application's formats have made; what winston keeps beside it for formats has served. */
function entryOf(info: Info, level: string, redactor: Redactor): LogEntry {
  const given = [info, ...((info[SPLAT] as unknown[] | undefined) ?? [])]
  const error = given.find(isError)
  const isItself = given.indexOf(error) === 0
  const bare: Info = isItself ? { level, message: error } : { ...info }
  for (const key of ['trace_id', 'span_id', 'trace_flags']) delete bare[key]
  bare[LEVEL] = level
  bare[CONTEXT] = info[CONTEXT]
  bare[SPLAT] = error === undefined || isItself ? undefined : [error]
  return { ...readEntry(bare, SCOPE, redactor), levelText: level }
}

/** Tells whether it is an info, and of somebody else's logger: ours have no need of this. */
function isForeign(info: unknown): info is Info {
  return typeof info === 'object' && info !== null && (info as Info)[DELIVERED] !== true
}

/** The info with the active trace in it; a copy, as the object may be the application's, and be logged again elsewhere. */
function correlated(info: unknown): unknown {
  if (!isForeign(info) || 'trace_id' in info) return info
  try {
    const context = contextApi.active()
    const span = trace.getSpanContext(context)
    return span !== undefined && isSpanContextValid(span) ? withTrace(info, span, context) : info
  } catch {
    return info
  }
}

function withTrace(info: Info, { traceId, spanId, traceFlags }: SpanContext, context: Context): Info {
  const descriptors = Object.getOwnPropertyDescriptors(info)
  const copy = Object.create(Object.getPrototypeOf(info) as object, descriptors) as Info
  // An error's stack is made by a getter that knows that error alone.
  if (isError(info)) Object.defineProperty(copy, 'stack', { value: info.stack, writable: true, configurable: true })
  return Object.assign(copy, { trace_id: traceId, span_id: spanId, trace_flags: hex(traceFlags), [CONTEXT]: context })
}
