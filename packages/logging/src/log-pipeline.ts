import type winston from 'winston'

import type { AuditSeal } from './audit-chain.ts'
import { AuditTrail } from './audit-trail.ts'
import { onExit } from './exit-flush.ts'
import { hex, jsonContent, lineOf } from './json-line.ts'
import type { LevelTable } from './level-table.ts'
import { parseLevel, rankOf, WINSTON_LEVELS } from './levels.ts'
import type { LogEntry } from './log-entry.ts'
import type { ResolvedLoggerOptions } from './logger-options.ts'
import { OtlpEmitter } from './otlp-emitter.ts'
import type { Info } from './read-content.ts'
import { readEntry } from './read-entry.ts'
import { RepeatLimit } from './repeat-limit.ts'
import { report } from './report.ts'
import { LEVEL, MESSAGE } from './winston-symbols.ts'
import { ACCEPT, DELIVERED, isWriteThrough } from './write-through.ts'

/** The way of an entry from the logging call to every sink, within that call. */
export class LogPipeline {
  readonly #root: winston.Logger
  readonly #levels: LevelTable
  readonly #options: ResolvedLoggerOptions
  readonly #otlp: OtlpEmitter | undefined
  readonly #stream: (info: object) => boolean
  readonly #ownFormat: unknown
  readonly #repeats: RepeatLimit | undefined
  readonly #forgetExit: (() => void) | undefined
  #trail: AuditTrail | undefined
  #hasFailed = false

  constructor(root: winston.Logger, levels: LevelTable, options: ResolvedLoggerOptions) {
    this.#root = root
    this.#levels = levels
    this.#options = options
    this.#otlp = options.otlp ? new OtlpEmitter(options.loggerProvider) : undefined
    this.#stream = root.write.bind(root)
    this.#ownFormat = root.format
    this.#repeats = options.rateLimit && new RepeatLimit(options.rateLimit, (summary) => this.#sink(summary))
    this.#forgetExit = this.#repeats && onExit(() => this.#repeats?.flush())
  }

  /** Takes what winston's methods have made of a call. Never throws; returns true, as a stream that wants more. */
  write(info: Info, name: string): boolean {
    try {
      const rank = rankOf(parseLevel(info[LEVEL] ?? info.level) ?? 'INFO')
      if (this.#isWanted(rank, name)) {
        const entry = readEntry(info, name, this.#options.redactor)
        const content = jsonContent(entry)
        if (this.#repeats?.admits(entry, content) !== false) this.#sink(entry, content)
      }
    } catch (error) {
      this.#fail(error)
    }
    return true
  }

  /** Takes an audit entry: into the trail whatever the level, and into the log as its level has it. Never throws. */
  audit(info: Info, name: string): AuditSeal | undefined {
    try {
      const entry = readEntry(info, name, this.#options.redactor)
      const content = jsonContent(entry)
      const sealed = this.#auditTrail()?.append(lineOf(entry, content).slice(0, -1))
      this.#sink(entry, content, sealed)
      return sealed
    } catch (error) {
      this.#fail(error)
      return undefined
    }
  }

  flush(): void {
    this.#repeats?.flush()
    this.#trail?.flush()
    for (const transport of this.#root.transports) (transport as { flush?: () => void }).flush?.()
  }

  /** Writes all that waits, and lets go of the audit trail; the transports are the logger's to close. */
  close(): void {
    this.flush()
    this.#forgetExit?.()
    this.#trail?.close()
    this.#trail = undefined
  }

  #isWanted(rank: number, name: string): boolean {
    const threshold = this.#levels.rankOf(name)
    if (this.#root.silent) return false
    if (this.#otlp !== undefined && rank <= threshold) return true
    for (const transport of this.#root.transports) if (rank <= rankOfTransport(transport, threshold)) return true
    return false
  }

  /** Hands an entry to every sink that wants its level. */
  #sink(entry: LogEntry, content = jsonContent(entry), sealed?: AuditSeal): void {
    if (this.#root.silent) return
    const rank = rankOf(entry.level)
    const threshold = this.#levels.rankOf(entry.name)
    if (rank <= threshold) this.#otlp?.emit(entry, sealed)
    const line = this.#lineOf(entry, content)
    if (line === undefined) return
    let streamed = false
    for (const transport of this.#root.transports) {
      if (rank > rankOfTransport(transport, threshold)) continue
      if (isWriteThrough(transport)) transport[ACCEPT](entry, line)
      else streamed = true
    }
    if (streamed) this.#stream(infoOf(entry, line))
  }

  /** Our JSON, or what the application's own winston format makes of the entry: nothing, if it filters it out. */
  #lineOf(entry: LogEntry, content: string): string | undefined {
    const { format } = this.#root
    if (format === this.#ownFormat) return lineOf(entry, content)
    const formed = format.transform(infoOf(entry, lineOf(entry, content)), format.options)
    return typeof formed === 'object' ? String((formed as Record<symbol, unknown>)[MESSAGE]) : undefined
  }

  #auditTrail(): AuditTrail | undefined {
    const { audit } = this.#options
    if (audit === undefined) return undefined
    return (this.#trail ??= new AuditTrail({ ...audit, path: audit.file, onReport: report }))
  }

  #fail(error: unknown): void {
    if (this.#hasFailed) return
    this.#hasFailed = true
    report(`a log line could not be written: ${String(error)}; later ones that cannot be are not mentioned`)
  }
}

function rankOfTransport({ level }: winston.transport, threshold: number): number {
  return level === undefined ? threshold : (WINSTON_LEVELS[level] ?? threshold)
}

/** The entry as other people's transports know it. */
function infoOf({ level, message, fields, span }: LogEntry, line: string): winston.Logform.TransformableInfo {
  const winstonLevel = level.toLowerCase()
  const trace = span && { trace_id: span.traceId, span_id: span.spanId, trace_flags: hex(span.traceFlags) }
  return {
    ...fields,
    ...trace,
    level: winstonLevel,
    message,
    [LEVEL]: winstonLevel,
    [MESSAGE]: line,
    [DELIVERED]: true,
  }
}
