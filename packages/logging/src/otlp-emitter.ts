import type { Attributes, Logger as ApiLogger, LoggerProvider } from '@opentelemetry/api'
import { logs } from '@opentelemetry/api'

import type { AuditSeal } from './audit-chain.ts'
import { parseLevel, severityOf } from './levels.ts'
import type { LogEntry } from './log-entry.ts'
import { VERSION } from './version.ts'

const MAX_LOGGERS = 1000

/** Hands entries to OpenTelemetry's log pipeline: that of whichever SDK is registered, now or later. */
export class OtlpEmitter {
  readonly #loggers = new Map<string, ApiLogger>()
  readonly #provider: LoggerProvider | undefined

  /** `provider`: default is the global one. */
  constructor(provider?: LoggerProvider) {
    this.#provider = provider
  }

  /** Tells whether anybody takes records of this logger at all. */
  isOn(name: string): boolean {
    try {
      return this.#loggerOf(name).enabled()
    } catch {
      return false
    }
  }

  /** Never throws. An audit entry's seal goes with it, and is an anchor outside the trail then. */
  emit(entry: LogEntry, sealed?: AuditSeal): void {
    try {
      emitTo(this.#loggerOf(entry.name), entry, sealed)
    } catch {
      // An SDK that throws here has its own way to say so; the application must not hear it.
    }
  }

  #loggerOf(name: string): ApiLogger {
    const known = this.#loggers.get(name)
    if (known !== undefined) return known
    const logger = (this.#provider ?? logs).getLogger(name, VERSION)
    if (this.#loggers.size < MAX_LOGGERS) this.#loggers.set(name, logger)
    return logger
  }
}

function emitTo(logger: ApiLogger, entry: LogEntry, sealed: AuditSeal | undefined): void {
  const { time, level, levelText = level, message, exception, context } = entry
  // Without an SDK nothing of what follows is needed.
  if (!logger.enabled()) return
  const severityNumber = parseLevel(levelText) === undefined ? undefined : severityOf(level)
  if (!logger.enabled({ context, ...(severityNumber !== undefined && { severityNumber }) })) return
  const body = message ?? exception?.message
  logger.emit({
    timestamp: time,
    severityText: levelText,
    attributes: attributesOf(entry, sealed),
    context,
    ...(severityNumber !== undefined && { severityNumber }),
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
