import { AppendedFile } from './appended-file.ts'
import type { Lines } from './appended-file.ts'
import { withFileLock } from './file-lock.ts'
import { shiftFiles } from './shift-files.ts'

/** Room left in a file for processes that looked at its size just before another filled it, bytes. */
const RESERVE_BYTES = 65_536
/** How long a rotation that failed is put off, ms. */
const FAILED_MS = 1000
/** How long a line may wait for another process that is rotating, ms: for one whose disk stalls. It is written anyway. */
const ROTATION_PATIENCE_MS = 1000
/** How long nobody waits for a process that holds the lock longer than that, such as a stopped one, ms. */
const HELD_MS = 30_000

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
  readonly #file: AppendedFile
  readonly #limit: number
  /** Whether the reserve is more than another process fills in the time that a look at the file is trusted. */
  readonly #isRoomy: boolean
  #isAlone = false
  #isAssumed = false
  #putOffAt = 0
  #rotateAfter = 0

  constructor(options: RotatingFileOptions) {
    this.#options = options
    const alone = (work: () => void): boolean => this.#alone(work)
    this.#file = new AppendedFile({ path: options.path, mode: options.mode ?? 0o666, alone })
    const rotates = options.maxBytes > 0 && options.backupCount > 0
    const reserve = Math.min(RESERVE_BYTES, Math.floor(options.maxBytes / 16))
    this.#limit = rotates ? options.maxBytes - reserve : Number.POSITIVE_INFINITY
    this.#isRoomy = !rotates || reserve === RESERVE_BYTES
  }

  /**
   * Writes whole lines; `now` is the time, ms. Throws what the system says when it cannot, and `PartlyWritten` when what
   * is to be written again differs from what was given.
   */
  append(lines: Lines, now: number): void {
    const length = typeof lines === 'string' ? Buffer.byteLength(lines) : lines.length
    this.#isAssumed = this.#isRoomy && this.#file.isFresh(performance.now(), now)
    if (!this.#isAssumed) this.#file.look(now)
    if (this.#hasRoom(length) || this.#isPutOff(now)) {
      this.#file.write(lines, length)
    } else if (!this.#alone(() => this.#writeAlone(lines, length, now))) {
      this.#putOff(now, HELD_MS, new Error(`its lock file ${this.#options.path}.lock cannot be had`))
      this.#file.write(lines, length)
    }
  }

  /** Whether the last lines went to a file that was not looked at for them: `settle` should follow soon. */
  get isAssumed(): boolean {
    return this.#isAssumed
  }

  /** Makes sure that what was written last is in a file that is still there. Throws as `append` does. */
  settle(now: number): void {
    if (!this.#isAssumed) return
    this.#isAssumed = false
    this.#file.look(now)
    this.#file.write('', 0)
  }

  /**
   * Writes the one line that `compose` makes with the file's lock held: nobody else writes between its looking at the
   * file and its line. Returns the file's identity after it. Throws when the lock cannot be had in `patienceMs`.
   */
  appendAlone(compose: () => string, now: number, patienceMs: number): string {
    let identity = ''
    const work = (): void => {
      this.#file.look(now, true)
      const line = compose()
      this.#writeAlone(line, Buffer.byteLength(line), now)
      if (this.#options.fsync === true) this.#file.sync()
      identity = this.#file.identity()
    }
    if (!this.#alone(work, patienceMs)) throw new Error(`the lock file ${this.#options.path}.lock cannot be had`)
    return identity
  }

  /** Which file the path means now, and how much is in it: both are as before exactly if nobody else wrote. */
  identity(): string {
    return this.#file.identity()
  }

  close(): void {
    this.#file.close()
  }

  #hasRoom(length: number): boolean {
    return this.#file.size + length <= this.#limit || this.#file.size === 0
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

  /** With the lock held nobody else rotates: whoever was first has done it, and the file is a new one. */
  #writeAlone(lines: Lines, length: number, now: number): void {
    this.#file.look(now, true)
    if (!this.#hasRoom(length)) this.#rotate(now)
    this.#file.write(lines, length)
  }

  #rotate(now: number): void {
    try {
      shiftFiles(this.#options.path, this.#options.backupCount)
    } catch (error) {
      this.#putOff(now, FAILED_MS, error as Error)
    }
    this.#file.look(now, true)
  }

  #isPutOff(now: number): boolean {
    return now >= this.#putOffAt && now < this.#rotateAfter
  }

  #putOff(now: number, forMs: number, error: Error): void {
    this.#putOffAt = now
    this.#rotateAfter = now + forMs
    this.#options.onRotationFailure?.(error)
  }
}
