import type { ProtobufWriter } from './protobuf-writer.ts'

/** Writes a text of messages that follow one another in one buffer: one that the message before had, too, is copied from there. */
export class SimilarText {
  readonly #writer: ProtobufWriter
  #text = ''
  #start = 0
  /** 0 as long as there is nothing to copy. */
  #end = 0

  constructor(writer: ProtobufWriter) {
    this.#writer = writer
  }

  write(text: string, tag: number): void {
    const writer = this.#writer
    if (text === this.#text && this.#end > 0) return writer.repeat(this.#start, this.#end)
    this.#start = writer.length
    writer.varint(tag)
    writer.string(text)
    this.#end = writer.length
    this.#text = text
  }

  /** What was written is gone, or lies elsewhere. */
  forget(): void {
    this.#end = 0
  }
}
