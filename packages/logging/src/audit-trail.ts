import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import { resolve } from 'node:path'

import { readSealed, seal } from './audit-chain.ts'
import type { AuditKey, AuditSeal } from './audit-chain.ts'
import { onExit } from './exit-flush.ts'
import { RotatingFile } from './rotating-file.ts'
import { writeHarmlessly } from './write-harmlessly.ts'

const RETRY_MS = 500
/** How long an entry may wait for other processes' entries, ms: the first time, while that lasts, and at the end. */
const PATIENCE_MS = 1000
const LASTING_PATIENCE_MS = 20
const LAST_PATIENCE_MS = 3000
const MAX_WAITING = 10_000
const TAIL_BYTES = 65_536

export interface AuditTrailOptions {
  readonly path: string
  /** Makes the trail unforgeable for who has it not: the chain is of HMAC-SHA256. Default: none, plain SHA-256. */
  readonly key?: AuditKey | undefined
  /** Size at which the file is rotated, bytes; no rotated file is ever removed; 0: never. Default: 10485760. */
  readonly maxBytes?: number
  /** Whether to wait until each entry is on the disk itself, so that it outlives a power cut. Default: false. */
  readonly fsync?: boolean
  /** Hears what the user must know. */
  readonly onReport?: (text: string) => void
  /** Takes, unsealed, what cannot be kept in memory any longer. Default: stderr. */
  readonly onOverflow?: (line: string) => void
}

/** An append-only file of entries, each sealed to the one before; over rotations, restarts, and several processes. */
export class AuditTrail {
  readonly path: string
  readonly #options: AuditTrailOptions
  readonly #file: RotatingFile
  readonly #waiting: string[] = []
  readonly #forgetExit: () => void
  #last: AuditSeal | undefined
  #identity = ''
  #retryAt = 0
  #timer: NodeJS.Timeout | undefined

  constructor(options: AuditTrailOptions) {
    this.path = resolve(options.path)
    this.#options = options
    this.#file = new RotatingFile({
      path: this.path,
      maxBytes: options.maxBytes ?? 10_485_760,
      backupCount: Number.POSITIVE_INFINITY,
      mode: 0o600,
      fsync: options.fsync === true,
    })
    this.#forgetExit = onExit(() => this.#exit())
  }

  /**
   * Adds an entry, given as a JSON object without its closing brace. Returns its seal, or `undefined` when it waits for
   * the file to be writable. Never throws.
   */
  append(content: string): AuditSeal | undefined {
    this.#waiting.push(content)
    const now = Date.now()
    if (this.#waiting.length > 1 && now < this.#retryAt && now > this.#retryAt - RETRY_MS) {
      if (this.#waiting.length > MAX_WAITING) this.#overflow()
      return undefined
    }
    return this.#drain(now) ? this.#last : undefined
  }

  /** The seal of the last entry written: an anchor, when it is kept elsewhere. */
  get head(): AuditSeal | undefined {
    return this.#last
  }

  /** Writes what waits, as far as the system takes it. */
  flush(): void {
    if (this.#waiting.length > 0) this.#drain(Date.now())
  }

  close(): void {
    this.#exit()
    this.#forgetExit()
    clearTimeout(this.#timer)
    this.#file.close()
  }

  #exit(): void {
    if (this.#waiting.length > 0) this.#drain(Date.now(), LAST_PATIENCE_MS)
    while (this.#waiting.length > 0) this.#overflow()
  }

  #drain(now: number, patience?: number): boolean {
    const hadFailed = this.#retryAt > 0
    const patienceMs = patience ?? (hadFailed ? LASTING_PATIENCE_MS : PATIENCE_MS)
    try {
      for (let content = this.#waiting[0]; content !== undefined; content = this.#waiting[0]) {
        this.#write(content, now, patienceMs)
        this.#waiting.shift()
      }
      this.#retryAt = 0
      if (hadFailed) this.#options.onReport?.(`audit trail is written again: ${this.path}`)
      return true
    } catch (error) {
      this.#file.close()
      this.#retryAt = now + RETRY_MS
      this.#timer ??= setTimeout(() => this.#retry(), RETRY_MS).unref()
      if (!hadFailed) {
        this.#options.onReport?.(
          `audit trail cannot be written: ${(error as Error).message}; its entries wait in memory until it can be`,
        )
      }
      return false
    }
  }

  #retry(): void {
    this.#timer = undefined
    this.flush()
  }

  #write(content: string, now: number, patienceMs: number): void {
    let last: AuditSeal | undefined
    this.#identity = this.#file.appendAlone(
      () => {
        const prev = this.#file.identity() === this.#identity ? this.#last : this.#lastOnDisk()
        const sealed = seal(content, prev, this.#options.key)
        last = sealed.seal
        return `${sealed.line}\n`
      },
      now,
      patienceMs,
    )
    this.#last = last
  }

  /** What to continue after when somebody else wrote, or nobody has since the start. */
  #lastOnDisk(): AuditSeal | undefined {
    const found = lastSeal(this.path) ?? lastSeal(`${this.path}.1`)
    // Entries that were taken away behind our back leave a gap in the numbers, which verification finds.
    return found === undefined || (this.#last !== undefined && this.#last.seq > found.seq) ? this.#last : found
  }

  #overflow(): void {
    const content = this.#waiting.shift()
    if (content !== undefined) (this.#options.onOverflow ?? toStderr)(`${content}}`)
  }
}

/** Where neither the disk nor stderr takes it there is no place left. */
function toStderr(line: string): void {
  writeHarmlessly(process.stderr, `${line}\n`)
}

/** The seal of the last line of a file that bears one. */
function lastSeal(path: string): AuditSeal | undefined {
  let fd: number
  try {
    fd = openSync(path, 'r')
  } catch {
    return undefined
  }
  try {
    const { size } = fstatSync(fd)
    for (let span = TAIL_BYTES; ; span *= 4) {
      const start = Math.max(0, size - span)
      const bytes = Buffer.alloc(size - start)
      readSync(fd, bytes, 0, bytes.length, start)
      const lines = bytes.toString('utf8').split('\n')
      for (const line of lines.slice(start === 0 ? 0 : 1).toReversed()) {
        const sealed = readSealed(line)
        if (sealed !== undefined) return { seq: sealed.seq, hash: sealed.hash }
      }
      if (start === 0) return undefined
    }
  } finally {
    closeSync(fd)
  }
}
