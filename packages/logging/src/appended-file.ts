import { closeSync, fstatSync, fsyncSync, ftruncateSync, mkdirSync, openSync, statSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'

import { fileTail } from './file-tail.ts'
import { PartlyWritten } from './partly-written.ts'

/** How far one look at the file is trusted while nobody else writes to it. */
const TRUST_MS = 1
const TRUST_BYTES = 16_384
/** How long a file counts as shared after another process has written to it, ms. */
const SHARED_MS = 10_000
/** How long a file that was renamed from outside may go unnoticed, ms. */
const RECHECK_MS = 1000
const NEWLINE = 10

/** Whole lines, each ending in `\n`. */
export type Lines = string | Buffer

export interface AppendedFileOptions {
  readonly path: string
  /** Permission bits of a file that is created. */
  readonly mode: number
  /** Runs work that no other process may do at the same time; returns false when that cannot be had. */
  readonly alone: (work: () => void) => boolean
}

/** The file that a path means, wherever it goes: open for appending, and opened anew when it was moved or removed. */
export class AppendedFile {
  readonly #options: AppendedFileOptions
  #fd: number | undefined
  #inode = 0
  #size = 0
  #isTorn = false
  #lookedAt = 0
  #lookedSize = 0
  #sharedUntil = 0
  #followedAt = 0
  /** Written since the last look: if the file was removed before that they are nowhere. */
  #unseen: Lines[] = []
  /** Written to a file that was no longer there; they go before whatever is written next. */
  #lost: Lines[] = []

  constructor(options: AppendedFileOptions) {
    this.#options = options
  }

  /** Bytes in the file, as of the last look, with what was written since. */
  get size(): number {
    return this.#size
  }

  /** Tells whether the last look still holds: at most what a process writes in a millisecond may have gone unnoticed. */
  isFresh(clock: number, now: number): boolean {
    return (
      this.#fd !== undefined &&
      clock - this.#lookedAt < TRUST_MS &&
      this.#size - this.#lookedSize < TRUST_BYTES &&
      clock > this.#sharedUntil &&
      !this.#mustFollow(now)
    )
  }

  /**
   * Finds out what has become of the file, opens the one that the path means if it is another, and learns its size.
   * `follows`: looks where the path leads even if that was done within the last second.
   */
  look(now: number, follows = false): void {
    const clock = performance.now()
    if (this.#fd !== undefined) this.#examine(this.#fd, clock)
    if (this.#fd !== undefined && (follows || this.#mustFollow(now))) this.#follow(now)
    if (this.#fd === undefined) this.#open(now)
    this.#lookedAt = clock
    this.#lookedSize = this.#size
  }

  /** Writes at the end. Throws what the system says, `PartlyWritten` where not just these lines are to be written again. */
  write(lines: Lines, length: number): void {
    if (this.#lost.length === 0) {
      this.#put(lines, length)
      return
    }
    const all = Buffer.concat([...this.#lost, lines].map((part) => Buffer.from(part)))
    this.#lost = []
    try {
      this.#put(all, all.length)
    } catch (error) {
      throw error instanceof PartlyWritten ? error : new PartlyWritten(error as Error, all)
    }
  }

  /** Which file it is, and how much is in it: both are as before exactly if nobody else wrote. */
  identity(): string {
    const { ino, size } = fstatSync(this.#fd as number)
    return `${ino}:${size}`
  }

  /** Waits until all is on the disk itself. */
  sync(): void {
    fsyncSync(this.#fd as number)
  }

  close(): void {
    if (this.#fd === undefined) return
    const fd = this.#fd
    this.#fd = undefined
    this.#unseen = []
    try {
      closeSync(fd)
    } catch {
      // Nothing was buffered, so nothing is lost with it.
    }
  }

  #mustFollow(now: number): boolean {
    return now - this.#followedAt >= RECHECK_MS || now < this.#followedAt
  }

  #examine(fd: number, clock: number): void {
    const { nlink, size, ctimeMs, mtimeMs } = fstatSync(fd)
    if (nlink === 0) {
      // A change of the file that is later than its last line is its removal: who removed it meant the lines too.
      if (ctimeMs <= mtimeMs) this.#lost.push(...this.#unseen)
      this.close()
      return
    }
    if (size !== this.#size) this.#sharedUntil = clock + SHARED_MS
    this.#size = size
    this.#unseen = []
  }

  /** Lets go of the file when the path has come to mean another. */
  #follow(now: number): void {
    this.#followedAt = now
    try {
      if (statSync(this.#options.path, { throwIfNoEntry: false })?.ino !== this.#inode) this.close()
    } catch {
      // The directory is closed to us; the open file is not.
    }
  }

  #open(now: number): void {
    const { path, mode } = this.#options
    try {
      this.#fd = openSync(path, 'a', mode)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
      makeFolder(dirname(path))
      this.#fd = openSync(path, 'a', mode)
    }
    this.#followedAt = now
    const { ino, size } = fstatSync(this.#fd)
    this.#inode = ino
    this.#size = size
    // A crash of the machine, or of another writer, may have left half a line.
    this.#isTorn = size > 0 && (fileTail(path, size, 1)?.[0] ?? NEWLINE) !== NEWLINE
  }

  #put(lines: Lines, length: number): void {
    const fd = this.#fd as number
    if (this.#isTorn) {
      this.#size += writeSync(fd, '\n')
      this.#isTorn = false
    }
    const written = typeof lines === 'string' ? writeSync(fd, lines) : writeSync(fd, lines)
    if (written < length) this.#finish(fd, Buffer.from(lines as string), written)
    this.#size += length
    this.#unseen.push(lines)
  }

  /** The disk took a part only: tries the rest, and failing that takes the torn line back. */
  #finish(fd: number, bytes: Buffer, start: number): void {
    let written = start
    try {
      while (written < bytes.length) written += writeSync(fd, bytes, written)
    } catch (error) {
      const whole = bytes.lastIndexOf(NEWLINE, written - 1) + 1
      this.#takeBack(fd, bytes.subarray(whole, written))
      throw new PartlyWritten(error as Error, bytes.subarray(whole))
    }
  }

  #takeBack(fd: number, torn: Buffer): void {
    if (torn.length === 0) return
    this.#isTorn = true
    this.#options.alone(() => {
      const { size } = fstatSync(fd)
      if (!fileTail(this.#options.path, size, torn.length)?.equals(torn)) return
      ftruncateSync(fd, size - torn.length)
      this.#isTorn = false
    })
  }
}

/** Makes a folder and those above it. Not by Node's own recursion: under /proc that never returns. */
function makeFolder(folder: string): void {
  const parent = dirname(folder)
  if (tryToMake(folder, parent !== folder)) return
  makeFolder(parent)
  tryToMake(folder, false)
}

/** Returns false when the folder above is missing and `mayMiss` says that this is no error. */
function tryToMake(folder: string, mayMiss: boolean): boolean {
  try {
    mkdirSync(folder)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' && mayMiss) return false
    if (code !== 'EEXIST') throw error
  }
  return true
}
