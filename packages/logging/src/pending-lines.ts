/** One piece of memory that lines are gathered in, bytes. */
const BLOCK_BYTES = 16_384

interface Block {
  readonly bytes: Buffer
  used: number
}

/** Whole lines that wait for their file to be writable again, in order, in bounded memory. */
export class PendingLines {
  readonly #limit: number
  #blocks: Block[] = []
  #held = 0
  #dropped = 0

  /** `limit`: bytes of memory that may be held. */
  constructor(limit: number) {
    this.#limit = limit
  }

  get isEmpty(): boolean {
    return this.#blocks.length === 0
  }

  /** Lines that wait. */
  get count(): number {
    return this.#blocks.reduce((sum, { bytes, used }) => sum + countLines(bytes.subarray(0, used)), 0)
  }

  /**
   * Keeps the lines and returns 0, or returns how many were dropped. Once one is dropped all are, until `takeDropped`:
   * what is lost is then one gap, at a known place.
   */
  push(lines: Buffer): number {
    const last = this.#blocks.at(-1)
    if (this.#dropped === 0 && last !== undefined && last.used + lines.length <= last.bytes.length) {
      last.used += lines.copy(last.bytes, last.used)
      return 0
    }
    const size = Math.max(BLOCK_BYTES, lines.length)
    if (this.#dropped > 0 || this.#held + size > this.#limit) {
      const dropped = countLines(lines)
      this.#dropped += dropped
      return dropped
    }
    const bytes = Buffer.allocUnsafeSlow(size)
    this.#blocks.push({ bytes, used: lines.copy(bytes) })
    this.#held += size
    return 0
  }

  /** Hands the lines to `write`, oldest first, until it gives some back: those stay, before the rest. */
  drain(write: (lines: Buffer) => Buffer | undefined): void {
    let done = 0
    for (const block of this.#blocks) {
      const rest = write(block.bytes.subarray(0, block.used))
      if (rest !== undefined) {
        block.used = rest.copy(block.bytes)
        break
      }
      this.#held -= block.bytes.length
      done++
    }
    this.#blocks.splice(0, done)
  }

  /** Returns how many lines were dropped since the last time, and lets new ones in again. */
  takeDropped(): number {
    const dropped = this.#dropped
    this.#dropped = 0
    return dropped
  }
}

function countLines(lines: Buffer): number {
  let count = 0
  for (let at = lines.indexOf(10); at !== -1; at = lines.indexOf(10, at + 1)) count++
  return count
}
