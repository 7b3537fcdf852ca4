import { format } from 'node:util'

import type { Context } from '@opentelemetry/api'
import { context as contextApi, isSpanContextValid, trace } from '@opentelemetry/api'

import { parseLevel } from './levels.ts'
import type { LevelName } from './levels.ts'
import type { LogEntry, LoggedException } from './log-entry.ts'
import { describeThrown, isError } from './logged-error.ts'
import { PlainWalk, put } from './plain-value.ts'
import type { PlainObject } from './plain-value.ts'
import type { Redactor } from './redactor.ts'
import { LEVEL, SPLAT } from './winston-symbols.ts'

/** winston's info: `level`, `message`, whatever else was given, and its symbols. */
export type Info = { level: string; message: unknown; [key: string | symbol]: unknown }

const TOKENS = /%[scdjifoO%]/g
/** Carries the context for lines that tell of another moment than the one they are written in. */
export const CONTEXT = Symbol.for('@mcp/otel/logging.context')

/** Carries what was given beside an error: `logger.error(error, context)`. */
export const ERROR_CONTEXT = Symbol.for('@mcp/otel/logging.error-context')

/** Keys that only we may set: a caller's field of such a name gets an underscore behind it. */
const RESERVED = new Set(['asctime', 'name', 'levelname', 'message', 'trace_id', 'span_id', 'trace_flags'])
/** Keys that winston uses for itself. */
const WINSTON = new Set(['level', 'message', 'splat'])

/**
 * Turns what winston was given into an entry. Never throws: what cannot be read, or cleared of secrets, is left out,
 * and the entry says so.
 */
export function readEntry(info: Info, name: string, redactor: Redactor): LogEntry {
  const context = (info[CONTEXT] as Context | undefined) ?? contextApi.active()
  const spanContext = trace.getSpanContext(context)
  const base = {
    time: Date.now(),
    name,
    level: levelOf(info),
    span: spanContext !== undefined && isSpanContextValid(spanContext) ? spanContext : undefined,
    context,
  }
  try {
    return { ...base, ...new Reading(redactor).read(info) }
  } catch (error) {
    const problem = `this line could not be made safe to write: ${describeThrown(error).type}`
    return { ...base, message: problem, fields: {} }
  }
}

function levelOf(info: Info): LevelName {
  return parseLevel(info[LEVEL]) ?? parseLevel(info.level) ?? 'INFO'
}

type Content = Pick<LogEntry, 'message' | 'fields' | 'exception'>

class Reading {
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
    if (isError(message)) return this.#thrown(message, info)
    const splat = info[SPLAT] as readonly unknown[] | undefined
    const error = splat?.find(isError)
    if (error !== undefined) return this.#withError(info, splat as readonly unknown[], error)
    if (typeof message === 'object' && message !== null) {
      this.#merge(message)
      this.#merge(info, metaName)
      return this.#content(null, this.#exceptionIn(message))
    }
    const text = splat === undefined ? message : this.#interpolated(message, splat)
    this.#merge(info, metaName)
    return this.#content(this.#textOf(text), this.#exceptionIn(info))
  }

  #textOf(message: unknown): string | null {
    const plain = this.#walk.value(message)
    return plain === undefined || typeof plain === 'string' ? (plain ?? null) : JSON.stringify(plain)
  }

  /** The error that callers put among their fields: `{ err }`, `{ error }`. */
  #exceptionIn(source: object): LoggedException | undefined {
    const { err, error } = source as { err?: unknown; error?: unknown }
    if (isError(err)) return this.#describe(err)
    return isError(error) ? this.#describe(error) : undefined
  }

  #content(message: string | null, exception?: LoggedException): Content {
    const fields = this.#redactor.paths(this.#fields)
    return exception === undefined ? { message, fields } : { message, fields, exception }
  }

  #merge(source: object, rename: (key: string) => string | undefined = fieldName): void {
    this.#walk.entries(source, this.#fields, rename)
  }

  /** The guide's error line; what was logged with the error is its context. */
  #thrown(error: object, meta: object): Content {
    const context: PlainObject = {}
    this.#walk.entries(error, context, errorDetailName)
    this.#walk.entries(meta, context, contextName)
    const given = (meta as Info)[ERROR_CONTEXT]
    if (typeof given === 'object' && given !== null) this.#walk.entries(given, context)
    else if (given !== undefined) put(context, 'context', this.#walk.value(given) ?? null)
    const exception = this.#describe(error)
    Object.assign(this.#fields, { type: 'error', error: exception.message, traceback: exception.stacktrace, context })
    return this.#content(null, exception)
  }

  /** A text with an error behind it: winston has glued the error's message to the text, and its stack to the fields. */
  #withError(info: Info, splat: readonly unknown[], error: Error): Content {
    const exception = this.#describe(error)
    const text = String(this.#interpolated(info.message, splat))
    const glued = splat[0] === error && error.message !== '' ? ` ${error.message}` : ''
    const own = glued !== '' && text.endsWith(glued) ? text.slice(0, -glued.length) : text
    this.#merge(info, metaNameBesideError)
    Object.assign(this.#fields, { error: exception.message, traceback: exception.stacktrace })
    return this.#content(this.#walk.text(own), exception)
  }

  #describe(error: unknown): LoggedException {
    const { type, message, stacktrace } = describeThrown(error)
    return { type, message: this.#walk.text(message), stacktrace: this.#walk.text(stacktrace) }
  }

  /** Fills `%s` and the like; what is left over of the arguments becomes fields, so that nothing given is lost. */
  #interpolated(message: unknown, splat: readonly unknown[]): unknown {
    const tokens =
      typeof message === 'string' ? (message.match(TOKENS)?.filter((token) => token !== '%%').length ?? 0) : 0
    const plain = splat.slice(0, tokens).map((value) => this.#walk.value(value))
    const rest: unknown[] = []
    for (const [index, value] of splat.slice(tokens).entries()) {
      // winston has merged the first object already when the text has no tokens.
      if (typeof value !== 'object' || value === null) rest.push(value)
      else if (tokens > 0 || index > 0) this.#merge(value)
    }
    if (rest.length > 0) this.#merge({ args: rest })
    return tokens > 0 ? format(message, ...plain) : message
  }
}

/** The name under which a caller's field is written. */
function fieldName(key: string): string {
  return RESERVED.has(key) ? `${key}_` : key
}

/** The same, for what winston has gathered; undefined for its own keys. */
function metaName(key: string): string | undefined {
  return WINSTON.has(key) ? undefined : fieldName(key)
}

function metaNameBesideError(key: string): string | undefined {
  return key === 'stack' || key === 'cause' ? undefined : metaName(key)
}

function contextName(key: string): string | undefined {
  return WINSTON.has(key) ? undefined : key
}

function errorDetailName(key: string): string | undefined {
  return key === 'stack' || key === 'cause' || key === 'name' ? undefined : contextName(key)
}
