import { dirname, join } from 'node:path'

import type { LoggerProvider, MeterProvider } from '@opentelemetry/api'

import type { AuditKey } from './audit-chain.ts'
import type { ConsoleFormat, ConsoleTarget } from './console-transport.ts'
import { levelMistake } from './level-table.ts'
import { parseLevel } from './levels.ts'
import type { LevelName } from './levels.ts'
import type { BatchOptions } from './log-file.ts'
import { PlainWalk } from './plain-value.ts'
import { createRedactor } from './redactor.ts'
import type { Redactor, RedactOptions } from './redactor.ts'
import type { RateLimitOptions } from './repeat-limit.ts'

/** The guide's logging configuration; every part has the guide's value as default. */
export interface LoggerOptions {
  /** The logger's name in its lines. Default: `mcp`. */
  readonly name?: string
  /** Least severe level that is written; npm's and syslog's names are understood too. Default: `INFO`. */
  readonly level?: string
  /** Levels by logger name, which hold for the names below it as well: `{ 'mcp.plugin': 'DEBUG' }`. */
  readonly levels?: Readonly<Record<string, string>>
  /** Where console lines go; `auto` is stdout until that belongs to a protocol. Default: `auto`. */
  readonly console?: false | ConsoleTarget
  /** The form of console lines; `auto`: readable at a terminal, else JSON. Default: `json`. */
  readonly format?: ConsoleFormat
  /** The log file. Default: `mcp.log`, in the working directory. */
  readonly file?: false | string
  /** Size at which the file is rotated, bytes; 0: never. Default: 10485760. */
  readonly maxBytes?: number
  /** Rotated files that are kept; 0: no rotation. Default: 5. */
  readonly backupCount?: number
  /** Gathers lines before writing them. Default: false, each line is with the kernel before the call returns. */
  readonly batch?: boolean | BatchOptions
  /** What is hidden beside the secrets that always are. */
  readonly redact?: RedactOptions
  /** Hands every line to OpenTelemetry's log pipeline too. Default: true. */
  readonly otlp?: boolean
  /** Holds back lines that repeat, and says how many there were. Default: false, every line is written. */
  readonly rateLimit?: boolean | RateLimitOptions
  /** The audit trail. Default: `mcp-audit.log` beside the log file, made by the first audit line; false if there is no file. */
  readonly audit?: false | string | AuditOptions
  /** Provider that counts dropped lines. Default: the global one. */
  readonly meterProvider?: MeterProvider
  /** Provider that takes the records of `otlp`. Default: the global one, also when it is registered only later. */
  readonly loggerProvider?: LoggerProvider
}

/** An audit trail: a file of its own whose entries are sealed to one another. */
export interface AuditOptions {
  readonly file: string
  /** Seals with HMAC-SHA256, so that only who has the key can make a chain that holds. Default: none, plain SHA-256. */
  readonly key?: AuditKey
  /** Size at which the file is rotated, bytes; no entry is ever removed; 0: never. Default: 10485760. */
  readonly maxBytes?: number
  /** Waits until each entry is on the disk itself. Default: false. */
  readonly fsync?: boolean
}

/** Options with every default filled in. */
export interface ResolvedLoggerOptions {
  readonly name: string
  readonly level: LevelName
  readonly levels: readonly (readonly [string, LevelName])[]
  readonly console: false | ConsoleTarget
  readonly format: ConsoleFormat
  readonly file: false | string
  readonly maxBytes: number
  readonly backupCount: number
  readonly batch: BatchOptions | undefined
  readonly redactor: Redactor
  readonly otlp: boolean
  readonly rateLimit: RateLimitOptions | undefined
  readonly audit: AuditOptions | undefined
  readonly meterProvider: MeterProvider | undefined
  readonly loggerProvider: LoggerProvider | undefined
}

/** Fills in defaults. A bad value falls back to its default, and `mistakes` says what was wrong with each. */
export function resolveLoggerOptions(options: LoggerOptions): { resolved: ResolvedLoggerOptions; mistakes: string[] } {
  const mistakes: string[] = []
  const pick = <T>(key: keyof LoggerOptions, fallback: T, expected: string, isFit: (value: unknown) => boolean): T => {
    const value: unknown = options[key]
    if (value === undefined) return fallback
    if (isFit(value)) return value as T
    mistakes.push(`createLogger: ${key} is ${shown(value)}; expected ${expected}`)
    return fallback
  }
  const file = pick<false | string>('file', 'mcp.log', 'false or a path', (value) => value === false || isText(value))
  const resolved: ResolvedLoggerOptions = {
    name: pick('name', 'mcp', 'a text', isText),
    level: levelOption('level', options.level, mistakes) ?? 'INFO',
    levels: levelOptions(options.levels, mistakes),
    console: pick<false | ConsoleTarget>('console', 'auto', "false, 'stdout', 'stderr' or 'auto'", (value) =>
      [false, 'stdout', 'stderr', 'auto'].includes(value as string),
    ),
    format: pick<ConsoleFormat>('format', 'json', "'json', 'readable' or 'auto'", (value) =>
      ['json', 'readable', 'auto'].includes(value as string),
    ),
    file,
    maxBytes: pick('maxBytes', 10_485_760, 'a whole number of bytes, or 0 for no rotation', isCount),
    backupCount: pick('backupCount', 5, 'a whole number of files, or 0 for no rotation', isCount),
    batch: countsOption('batch', options.batch, ['bytes', 'delayMs'], mistakes),
    redactor: redactOption(options.redact, mistakes),
    otlp: pick('otlp', true, 'true or false', (value) => typeof value === 'boolean'),
    rateLimit: countsOption('rateLimit', options.rateLimit, ['lines', 'perMs'], mistakes),
    audit: auditOption(options.audit, file, mistakes),
    meterProvider: options.meterProvider,
    loggerProvider: options.loggerProvider,
  }
  return { resolved: Object.freeze(resolved), mistakes }
}

function levelOption(what: string, value: unknown, mistakes: string[]): LevelName | undefined {
  if (value === undefined) return undefined
  const level = parseLevel(value)
  if (level === undefined) mistakes.push(`createLogger: ${levelMistake(what, value)}`)
  return level
}

function levelOptions(levels: unknown, mistakes: string[]): [string, LevelName][] {
  if (levels === undefined) return []
  if (typeof levels !== 'object' || levels === null) {
    mistakes.push(`createLogger: levels is ${shown(levels)}; expected an object of levels by logger name`)
    return []
  }
  return Object.entries(levels).flatMap(([name, value]) => {
    const level = levelOption(`levels['${name}']`, value, mistakes)
    return level === undefined ? [] : [[name, level] as [string, LevelName]]
  })
}

/** An option that is off, on, or on with whole numbers above 0. */
function countsOption<K extends string>(
  what: string,
  value: unknown,
  keys: readonly K[],
  mistakes: string[],
): { readonly [P in K]?: number } | undefined {
  if (value === undefined || value === false) return undefined
  if (value === true) return {}
  const counts = (typeof value === 'object' ? value : null) as Record<string, unknown> | null
  if (
    counts !== null &&
    keys.every((key) => counts[key] === undefined || (isCount(counts[key]) && counts[key] !== 0))
  ) {
    return counts as { readonly [P in K]?: number }
  }
  mistakes.push(
    `createLogger: ${what} is ${shown(value)}; expected true, false or whole numbers above 0 under ${keys.join(', ')}`,
  )
  return undefined
}

function auditOption(audit: unknown, file: false | string, mistakes: string[]): AuditOptions | undefined {
  const beside = file === false ? undefined : { file: join(dirname(file), 'mcp-audit.log') }
  if (audit === undefined) return beside
  if (audit === false) return undefined
  if (isText(audit)) return { file: audit as string }
  const options = audit as AuditOptions | null
  if (typeof options === 'object' && options !== null && isText(options.file) && isCount(options.maxBytes ?? 0))
    return options
  mistakes.push(`createLogger: audit is ${shown(audit)}; expected false, a path or { file, key, maxBytes, fsync }`)
  return beside
}

function redactOption(redact: RedactOptions | undefined, mistakes: string[]): Redactor {
  try {
    return createRedactor(redact)
  } catch (error) {
    mistakes.push(`createLogger: redact is not usable: ${(error as Error).message}; only the usual secrets are hidden`)
    return createRedactor()
  }
}

/** The value as a message has it, without what may be secret in it. */
function shown(value: unknown): string {
  return (JSON.stringify(new PlainWalk(createRedactor({ keys: ['key'] })).value(value)) ?? 'undefined').slice(0, 200)
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0
}

function isText(value: unknown): boolean {
  return typeof value === 'string' && value !== ''
}
