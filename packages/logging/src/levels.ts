import { SeverityNumber } from '@opentelemetry/api'

/** The level names that stand in a line, as Python's `logging` has them. */
export type LevelName = 'DEBUG' | 'INFO' | 'WARNING' | 'ERROR' | 'CRITICAL'

/** winston's level table: the logger has one method for each name; the smaller the number, the more severe. */
export const WINSTON_LEVELS: Readonly<Record<string, number>> = {
  critical: 0,
  error: 1,
  warning: 2,
  warn: 2,
  info: 3,
  debug: 4,
  http: 4,
  verbose: 4,
  silly: 4,
}

const BY_NAME: ReadonlyMap<string, LevelName> = new Map<string, LevelName>(
  Object.entries({
    critical: 'CRITICAL',
    fatal: 'CRITICAL',
    emerg: 'CRITICAL',
    alert: 'CRITICAL',
    crit: 'CRITICAL',
    error: 'ERROR',
    warning: 'WARNING',
    warn: 'WARNING',
    info: 'INFO',
    notice: 'INFO',
    debug: 'DEBUG',
    http: 'DEBUG',
    verbose: 'DEBUG',
    silly: 'DEBUG',
    trace: 'DEBUG',
  }),
)

const RANKS: Readonly<Record<LevelName, number>> = { CRITICAL: 0, ERROR: 1, WARNING: 2, INFO: 3, DEBUG: 4 }

const SEVERITIES: Readonly<Record<LevelName, SeverityNumber>> = {
  DEBUG: SeverityNumber.DEBUG,
  INFO: SeverityNumber.INFO,
  WARNING: SeverityNumber.WARN,
  ERROR: SeverityNumber.ERROR,
  CRITICAL: SeverityNumber.FATAL,
}

/**
 * Returns the level that a name of Python's, npm's or syslog's levels means, in any case; `undefined` for all else.
 * `parseLevel('warn') === 'WARNING'`.
 */
export function parseLevel(value: unknown): LevelName | undefined {
  if (typeof value !== 'string') return undefined
  return BY_NAME.get(value) ?? BY_NAME.get(value.toLowerCase())
}

/** Returns OpenTelemetry's severity of a level. */
export function severityOf(level: LevelName): SeverityNumber {
  return SEVERITIES[level]
}

/** Returns how severe a level is: 0 (CRITICAL) to 4 (DEBUG), as in `WINSTON_LEVELS`. */
export function rankOf(level: LevelName): number {
  return RANKS[level]
}
