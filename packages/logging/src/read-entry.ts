import { errorType } from '@mcp/otel-core'
import type { Context } from '@opentelemetry/api'
import { context as contextApi, isSpanContextValid, trace } from '@opentelemetry/api'

import { parseLevel } from './levels.ts'
import type { LogEntry } from './log-entry.ts'
import { ContentReader } from './read-content.ts'
import type { Content, Info } from './read-content.ts'
import type { Redactor } from './redactor.ts'
import { LEVEL } from './winston-symbols.ts'

/** Carries the context for lines that tell of another moment than the one they are written in. */
export const CONTEXT = Symbol.for('@mcp/otel/logging.context')

/**
 * Turns what winston was given into an entry. Never throws: what cannot be read, or cleared of secrets, is not written,
 * and the entry says so.
 */
export function readEntry(info: Info, name: string, redactor: Redactor): LogEntry {
  const context = (info[CONTEXT] as Context | undefined) ?? contextApi.active()
  const span = trace.getSpanContext(context)
  const { message, fields, exception } = readContent(info, redactor)
  return {
    time: Date.now(),
    name,
    level: parseLevel(info[LEVEL]) ?? parseLevel(info.level) ?? 'INFO',
    message,
    fields,
    span: span !== undefined && isSpanContextValid(span) ? span : undefined,
    context,
    exception,
  }
}

function readContent(info: Info, redactor: Redactor): Content {
  try {
    return new ContentReader(redactor).read(info)
  } catch (error) {
    const message = `a line was logged here that cannot be read without harm (${errorType(error)}); it is left out`
    return { message, fields: {}, exception: undefined }
  }
}
