import type { MeterProvider } from '@opentelemetry/api'
import TransportStream from 'winston-transport'

import { createDropCounter } from './dropped-records.ts'
import type { LogEntry } from './log-entry.ts'
import { readableLine } from './readable-line.ts'
import { isStdoutClaimed } from './stdout-claim.ts'
import { MESSAGE } from './winston-symbols.ts'
import { writeHarmlessly } from './write-harmlessly.ts'
import { ACCEPT, DELIVERED } from './write-through.ts'
import type { WriteThrough } from './write-through.ts'

/** What may wait for a reader that does not read, bytes; beyond it lines are dropped, and counted. */
const MAX_WAITING_BYTES = 16_777_216

/** Where console lines go; `auto`: stdout, unless it belongs to a protocol, then stderr. */
export type ConsoleTarget = 'stdout' | 'stderr' | 'auto'
/** `auto`: readable at a terminal, JSON otherwise. */
export type ConsoleFormat = 'json' | 'readable' | 'auto'

export interface ConsoleTransportOptions {
  /** Default: `auto`. */
  readonly target?: ConsoleTarget
  /** Default: `json`. */
  readonly format?: ConsoleFormat
  /** Least severe level that is written. Default: the logger's. */
  readonly level?: string
  /** Where dropped lines are counted. Default: the global provider. */
  readonly meterProvider?: MeterProvider | undefined
}

/**
 * A winston transport to the standard streams that never breaks a protocol on stdout, outlives a closed pipe, and holds
 * bounded memory when nobody reads. What a full pipe has not taken when the process exits is lost, as it is to
 * `console.log`.
 */
export class ConsoleTransport extends TransportStream implements WriteThrough {
  readonly #target: ConsoleTarget
  readonly #style: ConsoleFormat
  readonly #drop: (count: number) => void

  constructor(options: ConsoleTransportOptions = {}) {
    super(options.level === undefined ? {} : { level: options.level })
    this.#target = options.target ?? 'auto'
    this.#style = options.format ?? 'json'
    this.#drop = createDropCounter(options.meterProvider)
  }

  [ACCEPT](entry: LogEntry, line: string): void {
    const stream = this.#stream()
    const isReadable = this.#style === 'readable' || (this.#style === 'auto' && stream.isTTY)
    this.#put(stream, isReadable ? readableLine(entry, stream.isTTY && !('NO_COLOR' in process.env)) : line)
  }

  override log(info: Record<symbol, unknown>, next: () => void): void {
    if (info[DELIVERED] !== true) this.#put(this.#stream(), String(info[MESSAGE]))
    next()
  }

  #stream(): NodeJS.WriteStream {
    const isStderr = this.#target === 'stderr' || (this.#target === 'auto' && isStdoutClaimed())
    return isStderr ? process.stderr : process.stdout
  }

  #put(stream: NodeJS.WriteStream, line: string): void {
    if (stream.writableLength > MAX_WAITING_BYTES) {
      this.#drop(1)
      return
    }
    writeHarmlessly(stream, `${line}\n`)
  }
}
