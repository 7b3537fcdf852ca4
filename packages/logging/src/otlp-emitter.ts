import type { Attributes, Logger as ApiLogger } from '@opentelemetry/api'
import { logs } from '@opentelemetry/api'

import type { AuditSeal } from './audit-chain.ts'
import { severityOf } from './levels.ts'
import type { LogEntry } from './log-entry.ts'
import { VERSION } from './version.ts'

const MAX_LOGGERS = 1000

/** Hands an entry to OpenTelemetry; an audit entry's seal goes with it, and is an anchor outside the trail then. */
export type Emit = (entry: LogEntry, sealed?: AuditSeal) => void

/** Returns what hands entries to OpenTelemetry's log pipeline: that of whichever SDK is registered, now or later. */
export function createEmitter(): Emit {
  const loggers = new Map<string, ApiLogger>()
  const loggerOf = (name: string): ApiLogger => {
    const known = loggers.get(name)
    if (known !== undefined) return known
    const logger = logs.getLogger(name, VERSION)
    if (loggers.size < MAX_LOGGERS) loggers.set(name, logger)
    return logger
  }
  return (entry, sealed) => {
    try {
      emit(loggerOf(entry.name), entry, sealed)
    } catch {
      // An SDK that throws here has its own way to say so; the application must not hear it.
    }
  }
}

function emit(logger: ApiLogger, entry: LogEntry, sealed: AuditSeal | undefined): void {
  const { time, level, message, exception, context } = entry
  const severityNumber = severityOf(level)
  if (!logger.enabled({ severityNumber, context })) return
  const body = message ?? exception?.message
  logger.emit({
    timestamp: time,
    severityNumber,
    severityText: level,
    attributes: attributesOf(entry, sealed),
    context,
    ...(body !== undefined && { body }),
  })
}

/** The conventions' names take the place of the line's: a stack is sent once. */
function attributesOf({ fields, exception }: LogEntry, sealed: AuditSeal | undefined): Attributes {
  const attributes: Attributes = { ...fields }
  if (exception !== undefined) {
    delete attributes['traceback']
    attributes['exception.type'] = exception.type
    attributes['exception.message'] = exception.message
    attributes['exception.stacktrace'] = exception.stacktrace
  }
  if (sealed !== undefined) Object.assign(attributes, { 'mcp.audit.seq': sealed.seq, 'mcp.audit.hash': sealed.hash })
  return attributes
}
