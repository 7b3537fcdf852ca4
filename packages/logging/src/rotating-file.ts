import {
  closeSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readSync,
  renameSync,
  statSync,
  writeSync,
} from 'node:fs'
import { dirname } from 'node:path'

import { withFileLock } from './file-lock.ts'

/** Room left in a file for processes that looked at its size just before another filled it, bytes. */
const RESERVE_BYTES = 65_536
/** How long a file that was renamed from outside may go unnoticed, and a rotation that failed is put off, ms. */
const RECHECK_MS = 1000
/** How long a line may wait for another process that is rotating, ms; it is written in any case. */
const ROTATION_PATIENCE_MS = 100
/** Less than others need to fill and rotate away a file and all its backups, ms. */
const STALLED_MS = 0.5

export interface RotatingFileOptions {
  readonly path: string
  /** A file that a line would make larger is rotated first; 0: never. */
  readonly maxBytes: number
  /** How many rotated files are kept as `path.1` (newest) … `path.N`; 0: no rotation; Infinity: all. */
  readonly backupCount: number
  /** Permission bits of files that are created. */
  readonly mode?: number
  /** Whether `appendAlone` waits until the line is on the disk itself. */
  readonly fsync?: boolean
  /** A rotation failed: writing goes on in the present file. */
  readonly onRotationFailure?: (error: Error) => void
}

/**
 * Appends whole lines to a file, each handed to the kernel before the call returns, and rotates by size as Python's
 * `RotatingFileHandler` names its files. Several processes may write to one path.
 */
export class RotatingFile {
  readonly #options: RotatingFileOptions
  readonly #limit: number
  #fd: number | undefined
  #inode = 0
  #isTorn = false
  #isAlone = false
  #checkedAt = 0
  #rotateAfter = 0

  constructor(options: RotatingFileOptions) {
    this.#options = options
    const rotates = options.maxBytes > 0 && options.backupCount > 0
    this.#limit = rotates
      ? options.maxBytes - Math.min(RESERVE_BYTES, Math.floor(options.maxBytes / 16))
      : Number.POSITIVE_INFINITY
  }

  /**
   * Writes whole lines, each ending in `\n`; `now` is the time, ms. Throws what the system says when it cannot, and
   * `PartlyWritten` when some of them are in the file.
   */
  append(lines: string | Buffer, now: number): void {
    const begun = performance.now()
    this.#append(lines, now)
    if (performance.now() - begun > STALLED_MS && this.#isGone()) this.#append(lines, now)
  }

  #append(lines: string | Buffer, now: number): void {
    const length = typeof lines === 'string' ? Buffer.byteLength(lines) : lines.length
    const size = this.#ready(now)
    if (size + length <= this.#limit || size === 0 || this.#isPutOff(now)) this.#write(lines, length)
    else if (!this.#alone(() => this.#writeAlone(lines, length, now))) {
      this.#putOff(now, new Error(`its lock file ${this.#options.path}.lock cannot be had`))
      this.#write(lines, length)
    }
  }

  /**
   * Writes the one line that `compose` makes with the file's lock held: nobody else writes between its looking at the
   * file and its line. Returns the file's identity after it. Throws when the lock cannot be had in `patienceMs`.
   */
  appendAlone(compose: () => string, now: number, patienceMs: number): string {
    let identity = ''
    const work = (): void => {
      this.#followPath(now)
      this.#ready(now)
      const line = compose()
      this.#writeAlone(line, Buffer.byteLength(line), now)
      if (this.#options.fsync === true) fsyncSync(this.#fd as number)
      identity = this.identity()
    }
    if (!this.#alone(work, patienceMs)) throw new Error(`the lock file ${this.#options.path}.lock cannot be had`)
    return identity
  }

  /** Which file the path means now, and how much is in it: both are as before exactly if nobody else wrote. */
  identity(): string {
    const { ino, size } = fstatSync(this.#fd as number)
    return `${ino}:${size}`
  }

  close(): void {
    if (this.#fd === undefined) return
    const fd = this.#fd
    this.#fd = undefined
    try {
      closeSync(fd)
    } catch {
      // Nothing was buffered, so nothing is lost with it.
    }
  }

  /** While this process was put aside others may have rotated the file that it wrote to out of existence. */
  #isGone(): boolean {
    if (this.#fd === undefined || fstatSync(this.#fd).nlink > 0) return false
    this.close()
    return true
  }

  /** Opens the file if need be, and returns its size. */
  #ready(now: number): number {
    if (this.#fd !== undefined) {
      if (now - this.#checkedAt >= RECHECK_MS || now < this.#checkedAt) this.#followPath(now)
      if (this.#fd !== undefined) {
        const { nlink, size } = fstatSync(this.#fd)
        if (nlink > 0) return size
        this.close()
      }
    }
    return this.#open(now)
  }

  #open(now: number): number {
    const { path, mode = 0o666 } = this.#options
    let fd: number
    try {
      fd = openSync(path, 'a', mode)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
      mkdirSync(dirname(path), { recursive: true })
      fd = openSync(path, 'a', mode)
    }
    this.#fd = fd
    this.#checkedAt = now
    const { ino, size } = fstatSync(fd)
    this.#inode = ino
    // A crash of the machine, or of another writer, may have left half a line.
    this.#isTorn = size > 0 && (tail(path, size, 1)?.[0] ?? 10) !== 10
    return size
  }

  /** Lets go of the file when the path has come to mean another. */
  #followPath(now: number): void {
    this.#checkedAt = now
    try {
      if (statSync(this.#options.path, { throwIfNoEntry: false })?.ino !== this.#inode) this.close()
    } catch {
      // The directory is closed to us; the open file is not.
    }
  }

  /** Runs `work` with the file's lock held; returns false when it cannot be had. */
  #alone(work: () => void, patienceMs = ROTATION_PATIENCE_MS): boolean {
    if (this.#isAlone) {
      work()
      return true
    }
    return withFileLock(`${this.#options.path}.lock`, patienceMs, () => {
      this.#isAlone = true
      try {
        work()
      } finally {
        this.#isAlone = false
      }
    })
  }

  #isPutOff(now: number): boolean {
    return now < this.#rotateAfter && now > this.#rotateAfter - 2 * RECHECK_MS
  }

  #putOff(now: number, error: Error): void {
    this.#rotateAfter = now + RECHECK_MS
    this.#options.onRotationFailure?.(error)
  }

  /** With the lock held nobody else rotates: whoever was first has done it, and the file is a new one. */
  #writeAlone(lines: string | Buffer, length: number, now: number): void {
    this.#followPath(now)
    const size = this.#ready(now)
    if (size > 0 && size + length > this.#limit) this.#rotate(now)
    this.#write(lines, length)
  }

  #rotate(now: number): void {
    try {
      this.#shift()
    } catch (error) {
      this.#putOff(now, error as Error)
    }
    this.#followPath(now)
    this.#ready(now)
  }

  /** `path.4` → `path.5`, …, `path` → `path.1`; only the run of files that is there moves. */
  #shift(): void {
    const { path, backupCount } = this.#options
    let last = 1
    while (last < backupCount && exists(`${path}.${last}`)) last++
    for (let index = last; index > 1; index--) renameSync(`${path}.${index - 1}`, `${path}.${index}`)
    renameSync(path, `${path}.1`)
  }

  #write(lines: string | Buffer, length: number): void {
    const fd = this.#fd as number
    if (this.#isTorn) {
      writeSync(fd, '\n')
      this.#isTorn = false
    }
    const written = typeof lines === 'string' ? writeSync(fd, lines) : writeSync(fd, lines)
    if (written < length) this.#finish(Buffer.from(lines as string), written)
  }

  /** The disk took a part only: tries the rest, and failing that takes the torn line back. */
  #finish(bytes: Buffer, start: number): void {
    let written = start
    try {
      while (written < bytes.length) written += writeSync(this.#fd as number, bytes, written)
    } catch (error) {
      const whole = bytes.lastIndexOf(10, written - 1) + 1
      this.#takeBack(bytes.subarray(whole, written))
      throw new PartlyWritten(error as Error, bytes.subarray(whole))
    }
  }

  #takeBack(torn: Buffer): void {
    if (torn.length === 0) return
    this.#isTorn = true
    this.#alone(() => {
      const { size } = fstatSync(this.#fd as number)
      if (!tail(this.#options.path, size, torn.length)?.equals(torn)) return
      ftruncateSync(this.#fd as number, size - torn.length)
      this.#isTorn = false
    })
  }
}

/** Of several lines some are in the file; `rest` are those that are not. */
export class PartlyWritten extends Error {
  readonly rest: Buffer

  constructor(cause: Error, rest: Buffer) {
    super(cause.message, { cause })
    this.name = 'PartlyWritten'
    this.rest = rest
  }
}

function tail(path: string, size: number, length: number): Buffer | undefined {
  try {
    const fd = openSync(path, 'r')
    try {
      const bytes = Buffer.alloc(length)
      return readSync(fd, bytes, 0, length, size - length) === length ? bytes : undefined
    } finally {
      closeSync(fd)
    }
  } catch {
    return undefined
  }
}

function exists(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false }) !== undefined
}
