import type { Context, SpanContext } from '@opentelemetry/api'

import type { LevelName } from './levels.ts'
import type { PlainObject } from './plain-value.ts'

/** One line, before it takes a form: all in it is plain, and free of secrets. */
export interface LogEntry {
  /** When it was logged, ms since the epoch. */
  readonly time: number
  /** The logger's name. */
  readonly name: string
  readonly level: LevelName
  /** The level in the words of an application whose levels are its own. */
  readonly levelText?: string
  /** `null` when an object was logged instead of a text, as Python's JSON formatter has it. */
  readonly message: string | null
  /** The category's fields, or the caller's, in their order. */
  readonly fields: PlainObject
  /** Where in which trace it was logged. */
  readonly span: SpanContext | undefined
  /** The context it was logged in. */
  readonly context: Context
  /** Present when it tells of a thrown error. */
  readonly exception: LoggedException | undefined
}

/** An error in the terms of OpenTelemetry's conventions. */
export interface LoggedException {
  readonly type: string
  readonly message: string
  readonly stacktrace: string
}
