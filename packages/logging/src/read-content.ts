import { format, types } from 'node:util'

import type { LogEntry, LoggedException } from './log-entry.ts'
import { describeThrown, isError } from './logged-error.ts'
import { PlainWalk, put } from './plain-value.ts'
import type { PlainObject } from './plain-value.ts'
import type { Redactor } from './redactor.ts'
import { SPLAT } from './winston-symbols.ts'

/** winston's info: `level`, `message`, whatever else was given, and its symbols. */
export type Info = { level: unknown; message: unknown; [key: string | symbol]: unknown }

/** Carries what was given beside an error: `logger.error(error, context)`. */
export const ERROR_CONTEXT = Symbol.for('@mcp/otel/logging.error-context')

/** Keys that only we may set: a caller's field of such a name gets an underscore behind it. */
const RESERVED = new Set(['asctime', 'name', 'levelname', 'message', 'trace_id', 'span_id', 'trace_flags'])
/** Keys that winston uses for itself. */
const WINSTON = new Set(['level', 'message', 'splat'])
const TOKENS = /%[scdjifoO%]/g
const NOTHING: readonly never[] = []

export type Content = Pick<LogEntry, 'message' | 'fields' | 'exception'>

/** Reads one info: what it says, in plain values without secrets. May throw what a hostile value throws. */
export class ContentReader {
  readonly #walk: PlainWalk
  readonly #redactor: Redactor
  readonly #fields: PlainObject = {}

  constructor(redactor: Redactor) {
    this.#redactor = redactor
    this.#walk = new PlainWalk(redactor)
  }

  read(info: Info): Content {
    const { message } = info
    if (isError(info)) return this.#thrown(info, {})
    if (isError(message) || ERROR_CONTEXT in info) return this.#thrown(message, info)
    const splat = (info[SPLAT] as readonly unknown[] | undefined) ?? NOTHING
    const isFields = isRecord(message)
    if (isFields) this.#merge(message, objectFieldName)
    const text = isFields ? message['message'] : message
    const tokens = splat.length > 0 && typeof text === 'string' ? countTokens(text) : 0
    const exception = this.#mergeArguments(splat, tokens) ?? this.#exceptionIn(isFields ? message : (splat[0] ?? info))
    this.#merge(info, metaName)
    return this.#content(this.#text(tokens > 0 ? this.#filled(text, splat.slice(0, tokens)) : text), exception)
  }

  #content(message: string | null, exception: LoggedException | undefined): Content {
    const fields = this.#redactor.paths(this.#fields)
    return { message, fields, exception }
  }

  #merge(source: object, rename: (key: string) => string | undefined): void {
    this.#walk.entries(source, this.#fields, rename)
  }

  /** The guide's error line; what was logged with the error is its context, and so is what an error says of itself. */
  #thrown(error: unknown, meta: object): Content {
    const context: PlainObject = {}
    if (isError(error)) this.#walk.errorDetails(error, context)
    this.#walk.entries(meta, context, contextName)
    const given = (meta as Info)[ERROR_CONTEXT]
    if (isRecord(given)) this.#walk.entries(given, context)
    else if (given !== undefined) put(context, 'context', this.#walk.value(given) ?? null)
    const exception = this.#describe(error)
    Object.assign(this.#fields, { type: 'error', error: exception.message, traceback: exception.stacktrace, context })
    return this.#content(null, exception)
  }

  /** What is left of the arguments, once the text has taken its own, becomes fields, so that nothing given is lost. */
  #mergeArguments(splat: readonly unknown[], tokens: number): LoggedException | undefined {
    let exception: LoggedException | undefined
    const rest: unknown[] = []
    for (const [index, value] of splat.entries()) {
      if (exception === undefined && isError(value)) exception = this.#describe(value)
      else if (index < tokens) continue
      else if (isRecord(value)) this.#merge(value, fieldName)
      else rest.push(value)
    }
    if (rest.length > 0) put(this.#fields, 'args', this.#walk.value(rest) ?? null)
    if (exception !== undefined) {
      Object.assign(this.#fields, { error: exception.message, traceback: exception.stacktrace })
    }
    return exception
  }

  /** The error that callers put among their fields: `{ err }`, `{ error }`. */
  #exceptionIn(source: unknown): LoggedException | undefined {
    if (!isRecord(source)) return undefined
    const { err, error } = source
    if (isError(err)) return this.#describe(err)
    return isError(error) ? this.#describe(error) : undefined
  }

  #filled(text: unknown, values: readonly unknown[]): string {
    return format(text, ...values.map((value) => (isError(value) ? value.message : this.#walk.value(value))))
  }

  #describe(thrown: unknown): LoggedException {
    return describeThrown(thrown, (value) => this.#text(value) ?? 'undefined')
  }

  #text(value: unknown): string | null {
    const plain = this.#walk.value(value)
    if (plain === undefined) return null
    return typeof plain === 'string' ? plain : JSON.stringify(plain)
  }
}

/** Tells whether an object is one of fields, rather than a value such as a list, a date or a map. */
function isRecord(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype === Object.prototype || prototype === null) return true
  return Object.keys(value).length > 0 && !ArrayBuffer.isView(value) && !types.isBoxedPrimitive(value)
}

/** The name under which a caller's field is written. */
function fieldName(key: string): string {
  return RESERVED.has(key) ? `${key}_` : key
}

/** The same, for an object that is logged in place of a text: its own `message` is the text. */
function objectFieldName(key: string): string | undefined {
  return key === 'message' ? undefined : fieldName(key)
}

/** The same, for what winston has gathered; undefined for its own keys. */
function metaName(key: string): string | undefined {
  return WINSTON.has(key) ? undefined : fieldName(key)
}

function contextName(key: string): string | undefined {
  return WINSTON.has(key) ? undefined : key
}

function countTokens(text: string): number {
  return text.match(TOKENS)?.filter((token) => token !== '%%').length ?? 0
}
