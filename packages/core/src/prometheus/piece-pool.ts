export const PIECE_LENGTH = 65_536

/**
 * Buffers for pages, used again from page to page. They are held weakly, until V8 next looks through the whole heap: new ones
 * for each page, outside of the heap as they are, would make it do so after every few large pages.
 */
export class PiecePool {
  #free = new WeakRef<Buffer[]>([])

  /** Returns a buffer of that length, or of the usual one if that is enough. */
  take(length: number): Buffer {
    if (length > PIECE_LENGTH) return Buffer.allocUnsafe(length)
    return this.#free.deref()?.pop() ?? Buffer.allocUnsafe(PIECE_LENGTH)
  }

  /** Takes buffers back that nobody reads any more. */
  giveBack(buffers: readonly Buffer[]): void {
    const usual = buffers.filter(({ length }) => length === PIECE_LENGTH)
    const free = this.#free.deref()
    if (free === undefined) this.#free = new WeakRef(usual)
    else free.push(...usual)
  }
}
