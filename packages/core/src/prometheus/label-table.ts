/** The labels of series as bytes of the page, one text after the other: no string for each. */
export class LabelTable {
  length = 0
  #bytes: Buffer
  /** Where each text ends. */
  readonly #ends: Uint32Array

  /** Makes room for so many texts, and for their bytes as long as they are not many more than expected. */
  constructor(texts: number, bytes = 0) {
    this.#ends = new Uint32Array(texts)
    this.#bytes = Buffer.allocUnsafeSlow(bytes)
  }

  get byteLength(): number {
    return this.#start(this.length)
  }

  add(text: string): void {
    this.#makeRoom(text.length * 3)
    const end = this.byteLength
    this.#ends[this.length++] = end + this.#bytes.write(text, end)
  }

  addFrom(other: LabelTable, index: number): void {
    const text = other.at(index)
    this.#makeRoom(text.length)
    const end = this.byteLength
    this.#bytes.set(text, end)
    this.#ends[this.length++] = end + text.length
  }

  /** Gives back the room that is left over. */
  trim(): this {
    if (this.#bytes.length > this.byteLength) this.#resize(this.byteLength)
    return this
  }

  /** Returns the bytes of a text; they are not to be changed. */
  at(index: number): Uint8Array {
    return this.#bytes.subarray(this.#start(index), this.#ends[index])
  }

  textAt(index: number): string {
    return this.#bytes.toString('utf8', this.#start(index), this.#ends[index])
  }

  #start(index: number): number {
    return index === 0 ? 0 : (this.#ends[index - 1] as number)
  }

  #makeRoom(length: number): void {
    const needed = this.byteLength + length
    if (needed > this.#bytes.length) this.#resize(Math.max(needed, this.#bytes.length * 2))
  }

  #resize(length: number): void {
    // Not from the pool of small buffers: a table that stays would keep all of its neighbours there.
    const resized = Buffer.allocUnsafeSlow(length)
    this.#bytes.copy(resized, 0, 0, this.byteLength)
    this.#bytes = resized
  }
}
