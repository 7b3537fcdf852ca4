const FIRST_BYTES = 64 * 1024
/** A buffer that one message has made larger than this is not kept for the next. */
const MOST_KEPT_BYTES = 4 * 1024 * 1024
/** From here on it is quicker to have Node write a text than to write its characters one by one. */
const LONG_TEXT = 64
/** Up to here it is quicker to copy bytes one by one than to have it done. */
const FEW_BYTES = 12
/** Of UTF-8, for one unit of a JavaScript string. */
const MOST_BYTES_OF_UNIT = 3
const MOST_BYTES_OF_VARINT = 10
const TWO_TO_32 = 2 ** 32

/** The values of hexadecimal digits by their character codes. */
const DIGITS = Uint8Array.from({ length: 128 }, (_, code) => Number.parseInt(String.fromCharCode(code), 16) || 0)

/**
 * Writes messages of Protobuf one behind another into a buffer that it uses again. A message within another is begun, written
 * and ended: its length is put before it then.
 */
export class ProtobufWriter {
  #buffer = Buffer.allocUnsafeSlow(FIRST_BYTES)
  #length = 0

  /** Returns a copy of what was written since the last call. */
  take(): Uint8Array {
    const written = Buffer.allocUnsafeSlow(this.#length)
    written.set(this.#buffer.subarray(0, this.#length))
    this.clear()
    return written
  }

  /** Forgets what was written. */
  clear(): void {
    this.#length = 0
    if (this.#buffer.length > MOST_KEPT_BYTES) this.#buffer = Buffer.allocUnsafeSlow(FIRST_BYTES)
  }

  /** How much is written. */
  get length(): number {
    return this.#length
  }

  /** Returns the bytes, with room for so many more from `length` on, for who puts them there himself and then calls `wrote`. */
  room(bytes: number): Uint8Array {
    this.#reserve(bytes)
    return this.#buffer
  }

  /** So many more bytes are written. */
  wrote(bytes: number): void {
    this.#length += bytes
  }

  /** Writes once more what was written from here to there. */
  repeat(start: number, end: number): void {
    const count = end - start
    this.#reserve(count)
    const buffer = this.#buffer
    const to = this.#length
    if (count > FEW_BYTES) buffer.copyWithin(to, start, end)
    else for (let index = 0; index < count; index++) buffer[to + index] = buffer[start + index]!
    this.#length = to + count
  }

  /** Begins a message as the field of this tag, whose length is likely to take so many bytes; returns what `end` needs. */
  begin(tag: number, lengthBytes = 1): number {
    this.varint(tag)
    this.#reserve(lengthBytes)
    return (this.#length += lengthBytes)
  }

  /** Puts the length before a message; returns whether that lies elsewhere now, as its length took more bytes or fewer. */
  end(start: number, lengthBytes = 1): boolean {
    const size = this.#length - start
    const more = varintBytes(size) - lengthBytes
    if (more !== 0) {
      if (more > 0) this.#reserve(more)
      this.#buffer.copyWithin(start + more, start, this.#length)
      this.#length += more
    }
    this.#putVarint(start - lengthBytes, size)
    return more !== 0
  }

  /** A tag, a length, a whole number of up to 32 bits. */
  varint(value: number): void {
    this.#reserve(MOST_BYTES_OF_VARINT)
    this.#length = this.#putVarint(this.#length, value)
  }

  /** A whole number of 64 bits, signed as `int64` is. */
  int64(value: number): void {
    if (value >= 0 && value < TWO_TO_32) return this.varint(value)
    this.#reserve(MOST_BYTES_OF_VARINT)
    const buffer = this.#buffer
    let at = this.#length
    // Both halves of its two's complement.
    let low = value >>> 0
    let high = Math.floor(value / TWO_TO_32) >>> 0
    while (high > 0 || low > 0x7f) {
      buffer[at++] = (low & 0x7f) | 0x80
      low = ((low >>> 7) | (high << 25)) >>> 0
      high >>>= 7
    }
    buffer[at++] = low
    this.#length = at
  }

  fixed32(value: number): void {
    this.#reserve(4)
    this.#length = this.#putFixed32(this.#length, value)
  }

  fixed64(low: number, high: number): void {
    this.#reserve(8)
    this.#length = this.#putFixed32(this.#putFixed32(this.#length, low), high)
  }

  double(value: number): void {
    this.#reserve(8)
    this.#length = this.#buffer.writeDoubleLE(value, this.#length)
  }

  bytes(value: Uint8Array): void {
    this.varint(value.length)
    this.raw(value)
  }

  /** What is a message, or a part of one, already. */
  raw(written: Uint8Array): void {
    this.#reserve(written.length)
    this.#buffer.set(written, this.#length)
    this.#length += written.length
  }

  /** The bytes that an even number of hexadecimal digits stand for. */
  hex(digits: string): void {
    const { length } = digits
    this.varint(length / 2)
    this.#reserve(length / 2)
    const buffer = this.#buffer
    let at = this.#length
    for (let index = 0; index < length; index += 2) {
      buffer[at++] = (DIGITS[digits.charCodeAt(index)]! << 4) | DIGITS[digits.charCodeAt(index + 1)]!
    }
    this.#length = at
  }

  string(text: string): void {
    const { length } = text
    this.#reserve(length * MOST_BYTES_OF_UNIT + MOST_BYTES_OF_VARINT)
    if (length >= LONG_TEXT) return this.#longString(text)
    const buffer = this.#buffer
    let at = this.#length
    buffer[at++] = length
    for (let index = 0; index < length; index++) {
      const unit = text.charCodeAt(index)
      if (unit > 0x7f) return this.#longString(text)
      buffer[at++] = unit
    }
    this.#length = at
  }

  /** Most texts are ASCII, so that their length is known before they are written. */
  #longString(text: string): void {
    const start = this.#length + varintBytes(text.length)
    const size = this.#buffer.write(text, start)
    const more = varintBytes(size) - varintBytes(text.length)
    if (more > 0) this.#buffer.copyWithin(start + more, start, start + size)
    this.#length = this.#putVarint(this.#length, size) + size
  }

  #putVarint(at: number, value: number): number {
    const buffer = this.#buffer
    while (value > 0x7f) {
      buffer[at++] = (value & 0x7f) | 0x80
      value >>>= 7
    }
    buffer[at++] = value
    return at
  }

  #putFixed32(at: number, value: number): number {
    const buffer = this.#buffer
    buffer[at] = value
    buffer[at + 1] = value >>> 8
    buffer[at + 2] = value >>> 16
    buffer[at + 3] = value >>> 24
    return at + 4
  }

  #reserve(more: number): void {
    const needed = this.#length + more
    if (needed <= this.#buffer.length) return
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, this.#buffer.length * 2))
    larger.set(this.#buffer.subarray(0, this.#length))
    this.#buffer = larger
  }
}

function varintBytes(value: number): number {
  let bytes = 1
  for (let rest = value >>> 7; rest > 0; rest >>>= 7) bytes++
  return bytes
}
