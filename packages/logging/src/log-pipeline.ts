import type winston from 'winston'

import { jsonLine } from './json-line.ts'
import type { LevelTable } from './level-table.ts'
import { parseLevel, rankOf, WINSTON_LEVELS } from './levels.ts'
import type { LogEntry } from './log-entry.ts'
import type { ResolvedLoggerOptions } from './logger-options.ts'
import { createEmitter } from './otlp-emitter.ts'
import { readEntry } from './read-entry.ts'
import type { Info } from './read-entry.ts'
import { report } from './report.ts'
import { ACCEPT, DELIVERED, isWriteThrough } from './write-through.ts'

const LEVEL = Symbol.for('level')
const MESSAGE = Symbol.for('message')

/** The way of an entry from the logging call to every sink, within that call. */
export class LogPipeline {
  readonly #root: winston.Logger
  readonly #levels: LevelTable
  readonly #options: ResolvedLoggerOptions
  readonly #emit: ((entry: LogEntry) => void) | undefined
  readonly #stream: (info: object) => boolean
  readonly #ownFormat: unknown
  #hasFailed = false

  constructor(root: winston.Logger, levels: LevelTable, options: ResolvedLoggerOptions) {
    this.#root = root
    this.#levels = levels
    this.#options = options
    this.#emit = options.otlp ? createEmitter() : undefined
    this.#stream = root.write.bind(root)
    this.#ownFormat = root.format
  }

  /** Takes what winston's methods have made of a call. Never throws; returns true, as a stream that wants more. */
  write(info: Info, name: string): boolean {
    try {
      if (!this.#root.silent) this.#deliver(info, name)
    } catch (error) {
      if (!this.#hasFailed) report(`a log line could not be written: ${String(error)}; this is said once`)
      this.#hasFailed = true
    }
    return true
  }

  flush(): void {
    for (const transport of this.#root.transports) (transport as { flush?: () => void }).flush?.()
  }

  #deliver(info: Info, name: string): void {
    const rank = rankOf(parseLevel(info[LEVEL] ?? info.level) ?? 'INFO')
    const threshold = this.#levels.rankOf(name)
    const takers = this.#root.transports.filter((transport) => rank <= rankOfTransport(transport, threshold))
    if (takers.length === 0 && (this.#emit === undefined || rank > threshold)) return
    const entry = readEntry(info, name, this.#options.redactor)
    let json: string | undefined
    const line = (): string => (json ??= this.#lineOf(entry))
    for (const taker of takers) if (isWriteThrough(taker)) taker[ACCEPT](entry, line)
    if (rank <= threshold) this.#emit?.(entry)
    if (takers.some((taker) => !isWriteThrough(taker))) this.#stream(infoOf(entry, line()))
  }

  /** Our JSON, or what the application's own winston format makes of the entry. */
  #lineOf(entry: LogEntry): string {
    const { format } = this.#root
    if (format === this.#ownFormat) return jsonLine(entry)
    const formed = format.transform({ ...infoOf(entry, '') }, format.options)
    return typeof formed === 'object' ? String((formed as Record<symbol, unknown>)[MESSAGE]) : jsonLine(entry)
  }
}

function rankOfTransport({ level }: winston.transport, threshold: number): number {
  return level === undefined ? threshold : (WINSTON_LEVELS[level] ?? threshold)
}

/** The entry as other people's transports know it. */
function infoOf({ level, message, fields }: LogEntry, line: string): winston.Logform.TransformableInfo {
  const winstonLevel = level.toLowerCase()
  return { ...fields, level: winstonLevel, message, [LEVEL]: winstonLevel, [MESSAGE]: line, [DELIVERED]: true }
}
