import { resolve } from 'node:path'

import { hearsItsEnd, onExit, onSignal } from './exit-flush.ts'
import { PartlyWritten } from './partly-written.ts'
import { PendingLines } from './pending-lines.ts'
import { RotatingFile } from './rotating-file.ts'

/** How often a file that cannot be written is tried again, ms. */
const RETRY_MS = 500
/** The longest that a line may be in a file of which it is not known that it is still there, ms. */
const SETTLE_MS = 50
/** An outage within this time of the last one that was reported is not said again, ms. */
const QUIET_MS = 60_000
const MAX_PENDING_BYTES = 8_388_608

/** Lines gathered before they are written: what a SIGKILL can lose is one such batch. */
export interface BatchOptions {
  /** Bytes at which a batch is written. Default: 16384, and never more than a 64th of `maxBytes`. */
  readonly bytes?: number
  /** The longest that a line waits, ms. Default: 100. */
  readonly delayMs?: number
}

export interface LogFileOptions {
  readonly path: string
  /** Default: 10485760 (10 MiB); 0: never rotate. */
  readonly maxBytes?: number
  /** Default: 5; 0: never rotate. */
  readonly backupCount?: number
  /** Permission bits of new files. Default: 0o666 less the umask, as any program's. */
  readonly mode?: number
  /** Bytes of memory for lines that wait while the file cannot be written. Default: 8 MiB. */
  readonly maxPendingBytes?: number
  /**
   * Default: none; each line is handed to the kernel before the call returns. Worker threads, which can end without
   * being told, do not gather.
   */
  readonly batch?: BatchOptions | undefined
  /** Hears what the user must know, once for each outage. */
  readonly onReport?: (text: string) => void
  /** Hears how many lines had to be dropped, as they are. */
  readonly onDropped?: (count: number) => void
  /** Makes the line that marks the place where lines were dropped. */
  readonly gapLine?: (dropped: number) => string
}

/** A log file that loses nothing while memory lasts: what cannot be written now is kept, and written when it can be. */
export class LogFile {
  readonly path: string
  readonly #options: LogFileOptions
  readonly #file: RotatingFile
  readonly #pending: PendingLines
  readonly #undo: (() => void)[]
  #batchBytes: number
  #batch = ''
  #batchTimer: NodeJS.Timeout | undefined
  #retryTimer: NodeJS.Timeout | undefined
  #settleTimer: NodeJS.Timeout | undefined
  #retryAt = 0
  #isDown = false
  #isSaid = false
  #saidAt = Number.NEGATIVE_INFINITY

  constructor(options: LogFileOptions) {
    const { maxBytes = 10_485_760, backupCount = 5, maxPendingBytes = MAX_PENDING_BYTES } = options
    this.path = resolve(options.path)
    this.#options = options
    this.#pending = new PendingLines(maxPendingBytes)
    this.#batchBytes = batchBytes(options.batch, maxBytes)
    this.#file = new RotatingFile({
      path: this.path,
      maxBytes,
      backupCount,
      ...(options.mode !== undefined && { mode: options.mode }),
      onRotationFailure: (error) => this.#sayRotation(error),
    })
    this.#undo = [onExit(() => this.#exit())]
    if (this.#batchBytes > 0) this.#undo.push(onSignal(() => this.flush()))
  }

  /** Writes one line, which ends in `\n`. Never throws. */
  write(line: string, now: number = Date.now()): void {
    if (this.#batchBytes === 0) {
      this.#append(line, now)
      return
    }
    this.#batch += line
    if (this.#batch.length >= this.#batchBytes) this.#writeBatch(now)
    else this.#batchTimer ??= setTimeout(() => this.flush(), this.#options.batch?.delayMs ?? 100).unref()
  }

  /** Writes all that waits, as far as the system takes it. */
  flush(): void {
    const now = Date.now()
    this.#writeBatch(now)
    if (this.#isDown) this.#resume(now)
    else this.#settle(now)
  }

  close(): void {
    this.#exit()
    for (const undo of this.#undo.splice(0)) undo()
    // Whoever logs after that has nothing that would write a batch for him.
    this.#batchBytes = 0
    clearTimeout(this.#retryTimer)
    this.#retryTimer = undefined
    this.#file.close()
  }

  #exit(): void {
    this.flush()
    const lost = this.#pending.count
    if (lost > 0) this.#say(`${lost} lines for ${this.path} are lost: it could not be written to the end`)
  }

  #writeBatch(now: number): void {
    clearTimeout(this.#batchTimer)
    this.#batchTimer = undefined
    if (this.#batch === '') return
    const lines = this.#batch
    this.#batch = ''
    this.#append(lines, now)
  }

  #append(lines: string, now: number): void {
    if (this.#isDown) {
      this.#hold(Buffer.from(lines))
      if (now >= this.#retryAt || now < this.#retryAt - RETRY_MS) this.#resume(now)
      return
    }
    const rest = this.#tryAppend(lines, now)
    if (rest !== undefined) this.#hold(rest)
  }

  /** Returns what could not be written. */
  #tryAppend(lines: string | Buffer, now: number): Buffer | undefined {
    try {
      this.#file.append(lines, now)
      if (this.#file.isAssumed) this.#settleTimer ??= setTimeout(() => this.#settle(Date.now()), SETTLE_MS).unref()
      return undefined
    } catch (error) {
      this.#fail(error as Error, now)
      return error instanceof PartlyWritten ? error.rest : Buffer.from(lines as string)
    }
  }

  #settle(now: number): void {
    clearTimeout(this.#settleTimer)
    this.#settleTimer = undefined
    try {
      this.#file.settle(now)
    } catch (error) {
      this.#fail(error as Error, now)
      if (error instanceof PartlyWritten) this.#hold(error.rest)
    }
  }

  #hold(lines: Buffer): void {
    const dropped = this.#pending.push(lines)
    if (dropped > 0) this.#options.onDropped?.(dropped)
  }

  #fail(error: Error, now: number): void {
    this.#file.close()
    this.#retryAt = now + RETRY_MS
    // A log call tries again too; the timer is for a process that has gone quiet.
    this.#retryTimer ??= setTimeout(() => this.#retry(), RETRY_MS).unref()
    if (this.#isDown) return
    this.#isDown = true
    this.#isSaid = now - this.#saidAt >= QUIET_MS
    if (!this.#isSaid) return
    this.#saidAt = now
    const kept = this.#options.maxPendingBytes ?? MAX_PENDING_BYTES
    this.#say(
      `log file cannot be written: ${error.message}; lines are kept in memory, up to ${kept} bytes, until it can be`,
    )
  }

  #retry(): void {
    this.#retryTimer = undefined
    if (this.#isDown) this.#resume(Date.now())
  }

  #resume(now: number): void {
    this.#pending.drain((lines) => this.#tryAppend(lines, now))
    if (!this.#pending.isEmpty) return
    this.#isDown = false
    const dropped = this.#pending.takeDropped()
    if (this.#isSaid) this.#say(`log file is written again: ${this.path}; ${dropped} lines were dropped meanwhile`)
    if (dropped > 0 && this.#options.gapLine !== undefined) this.#append(this.#options.gapLine(dropped), now)
  }

  #sayRotation(error: Error): void {
    const now = Date.now()
    if (now - this.#saidAt < QUIET_MS) return
    this.#saidAt = now
    this.#say(`log file cannot be rotated: ${error.message}; ${this.path} grows past its limit until it can be`)
  }

  #say(text: string): void {
    this.#options.onReport?.(text)
  }
}

function batchBytes(batch: BatchOptions | undefined, maxBytes: number): number {
  if (batch === undefined || !hearsItsEnd()) return 0
  const bytes = batch.bytes ?? 16_384
  return maxBytes > 0 ? Math.max(1, Math.min(bytes, Math.floor(maxBytes / 64))) : bytes
}
