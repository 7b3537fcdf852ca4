import type { Attributes, Logger as ApiLogger } from '@opentelemetry/api'
import { logs } from '@opentelemetry/api'

import { severityOf } from './levels.ts'
import type { LogEntry, LoggedException } from './log-entry.ts'
import { VERSION } from './version.ts'

const MAX_LOGGERS = 1000

/** Returns what hands entries to OpenTelemetry's log pipeline: that of whichever SDK is registered, now or later. */
export function createEmitter(): (entry: LogEntry) => void {
  const loggers = new Map<string, ApiLogger>()
  const loggerOf = (name: string): ApiLogger => {
    const known = loggers.get(name)
    if (known !== undefined) return known
    const logger = logs.getLogger(name, VERSION)
    if (loggers.size < MAX_LOGGERS) loggers.set(name, logger)
    return logger
  }
  return (entry) => {
    try {
      emit(loggerOf(entry.name), entry)
    } catch {
      // An SDK that throws here has its own way to say so; the application must not hear it.
    }
  }
}

function emit(logger: ApiLogger, { time, level, message, fields, exception, context }: LogEntry): void {
  const severityNumber = severityOf(level)
  if (!logger.enabled({ severityNumber, context })) return
  const body = message ?? exception?.message
  logger.emit({
    timestamp: time,
    severityNumber,
    severityText: level,
    attributes: exception === undefined ? fields : withException(fields, exception),
    context,
    ...(body !== undefined && { body }),
  })
}

/** The conventions' names take the place of the line's: a stack is sent once. */
function withException(fields: Attributes, { type, message, stacktrace }: LoggedException): Attributes {
  const { traceback: _, ...rest } = fields
  return { ...rest, 'exception.type': type, 'exception.message': message, 'exception.stacktrace': stacktrace }
}
