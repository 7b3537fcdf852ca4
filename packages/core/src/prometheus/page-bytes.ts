import { numberText } from './number-text.ts'
import { PiecePool } from './piece-pool.ts'

/** Digits of the greatest number that fits 32 bits. */
const DIGITS = 10
const ZERO = 48

/** A page as it grows, in the bytes that are sent. */
export class PageBytes {
  readonly #pool: PiecePool
  /** All that the pool has given. */
  readonly #buffers: Buffer[] = []
  readonly #full: Uint8Array[] = []
  #piece: Buffer = Buffer.alloc(0)
  #end = 0

  constructor(pool: PiecePool = new PiecePool()) {
    this.#pool = pool
  }

  /** Adds any text. */
  text(text: string): void {
    this.#makeRoom(text.length * 3)
    this.#end += this.#piece.write(text, this.#end)
  }

  /** Adds what is bytes already. */
  bytes(bytes: Uint8Array): void {
    this.#makeRoom(bytes.length)
    this.#piece.set(bytes, this.#end)
    this.#end += bytes.length
  }

  /** Adds a sample's value. */
  number(value: number): void {
    if (!(value >= 0 && (value | 0) === value)) {
      this.text(numberText(value))
      return
    }
    this.#makeRoom(DIGITS)
    const piece = this.#piece
    let at = this.#end + 1
    for (let power = 10; value >= power; power *= 10) at++
    this.#end = at
    let left = value
    do {
      const tens = (left / 10) | 0
      piece[--at] = ZERO + left - tens * 10
      left = tens
    } while (left > 0)
  }

  /** Returns what has been added since the last call. */
  take(): Uint8Array[] {
    this.#finishPiece()
    return this.#full.splice(0)
  }

  /** Gives its memory to other pages: of this one nobody reads anything any more. */
  release(): void {
    this.#pool.giveBack(this.#buffers.splice(0))
    this.#piece = Buffer.alloc(0)
  }

  #makeRoom(length: number): void {
    if (this.#end + length <= this.#piece.length) return
    this.#finishPiece()
    this.#piece = this.#pool.take(length)
    this.#buffers.push(this.#piece)
  }

  #finishPiece(): void {
    if (this.#end === 0) return
    this.#full.push(this.#piece.subarray(0, this.#end))
    this.#piece = this.#piece.subarray(this.#end)
    this.#end = 0
  }
}
