import { ROOT_CONTEXT } from '@opentelemetry/api'
import type { MeterProvider } from '@opentelemetry/api'
import TransportStream from 'winston-transport'

import { createDropCounter } from './dropped-records.ts'
import { jsonLine } from './json-line.ts'
import type { LogEntry } from './log-entry.ts'
import { LogFile } from './log-file.ts'
import type { LogFileOptions } from './log-file.ts'
import { report } from './report.ts'
import { MESSAGE } from './winston-symbols.ts'
import { ACCEPT, DELIVERED } from './write-through.ts'
import type { WriteThrough } from './write-through.ts'

export interface RotatingFileTransportOptions extends LogFileOptions {
  /** Least severe level that is written. Default: the logger's. */
  readonly level?: string
  /** Where dropped lines are counted. Default: the global provider. */
  readonly meterProvider?: MeterProvider | undefined
}

/** A winston transport that loses nothing: `mcp.log`, rotated to `mcp.log.1` … `mcp.log.5`. Works in any winston logger. */
export class RotatingFileTransport extends TransportStream implements WriteThrough {
  readonly #file: LogFile

  constructor(options: RotatingFileTransportOptions) {
    super(options.level === undefined ? {} : { level: options.level })
    const { meterProvider, ...fileOptions } = options
    this.#file = new LogFile({ onReport: report, onDropped: createDropCounter(meterProvider), gapLine, ...fileOptions })
  }

  get path(): string {
    return this.#file.path
  }

  [ACCEPT](entry: LogEntry, line: string): void {
    this.#file.write(`${line}\n`, entry.time)
  }

  override log(info: Record<symbol, unknown>, next: () => void): void {
    if (info[DELIVERED] !== true) this.#file.write(`${String(info[MESSAGE])}\n`)
    next()
  }

  /** Writes all that waits, as far as the system takes it. */
  flush(): void {
    this.#file.flush()
  }

  override close(): void {
    this.#file.close()
  }

  override _final(callback: () => void): void {
    this.#file.flush()
    callback()
  }
}

/** Stands where lines are missing. */
function gapLine(dropped: number): string {
  const line = jsonLine({
    time: Date.now(),
    name: 'mcp.logging',
    level: 'WARNING',
    message: `${dropped} lines were dropped here, as the file could not be written`,
    fields: { type: 'dropped', dropped },
    span: undefined,
    context: ROOT_CONTEXT,
    exception: undefined,
  })
  return `${line}\n`
}
