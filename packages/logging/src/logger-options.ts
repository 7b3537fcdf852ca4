import type { ConsoleFormat, ConsoleTarget } from './console-transport.ts'
import { levelMistake } from './level-table.ts'
import { parseLevel } from './levels.ts'
import type { LevelName } from './levels.ts'
import type { BatchOptions } from './log-file.ts'
import { createRedactor } from './redactor.ts'
import type { Redactor, RedactOptions } from './redactor.ts'

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
    file: pick<false | string>('file', 'mcp.log', 'false or a path', (value) => value === false || isText(value)),
    maxBytes: pick('maxBytes', 10_485_760, 'a whole number of bytes, or 0 for no rotation', isCount),
    backupCount: pick('backupCount', 5, 'a whole number of files, or 0 for no rotation', isCount),
    batch: batchOption(options.batch, mistakes),
    redactor: redactOption(options.redact, mistakes),
    otlp: pick('otlp', true, 'true or false', (value) => typeof value === 'boolean'),
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

function batchOption(batch: unknown, mistakes: string[]): BatchOptions | undefined {
  if (batch === undefined || batch === false) return undefined
  if (batch === true) return {}
  const { bytes = 1, delayMs = 1 } = (
    typeof batch === 'object' && batch !== null ? batch : { bytes: Number.NaN }
  ) as BatchOptions
  if ([bytes, delayMs].every((value) => Number.isSafeInteger(value) && value > 0)) return batch as BatchOptions
  mistakes.push(
    `createLogger: batch is ${shown(batch)}; expected true, false or { bytes, delayMs } of whole numbers above 0`,
  )
  return undefined
}

function redactOption(redact: RedactOptions | undefined, mistakes: string[]): Redactor {
  try {
    return createRedactor(redact)
  } catch (error) {
    mistakes.push(`createLogger: redact is not usable: ${(error as Error).message}; only the usual secrets are hidden`)
    return createRedactor()
  }
}

function shown(value: unknown): string {
  return typeof value === 'object' && value !== null
    ? Object.prototype.toString.call(value)
    : (JSON.stringify(value) ?? String(value))
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0
}

function isText(value: unknown): boolean {
  return typeof value === 'string' && value !== ''
}
