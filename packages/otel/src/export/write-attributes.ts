import type { Attributes } from '@opentelemetry/api'

import { isOwn } from '../is-own.ts'
import type { ProtobufWriter } from './protobuf-writer.ts'

/** Tags of OTLP's messages: the number of a field and how it is written. */
const KEY_VALUE = { key: 0x0a, value: 0x12 }
const ANY_VALUE = { string: 0x0a, bool: 0x10, int: 0x18, double: 0x21, array: 0x2a, kvlist: 0x32, bytes: 0x3a }
const ITEM = 0x0a

const LEAST_INT64 = -(2 ** 63)
const PAST_INT64 = 2 ** 63

/** Writes attributes, or the values of a nested object, as `KeyValue` messages of a field with this tag. */
export function writeAttributes(writer: ProtobufWriter, attributes: Attributes, tag: number): void {
  for (const key in attributes) {
    if (isOwn(attributes, key)) writeAttribute(writer, key, attributes[key], tag)
  }
}

/**
 * Writes the attributes of messages that follow one another in one buffer. Most have what the one before had, as method,
 * server and protocol: what is the same is copied from there, as many attributes at once as lie side by side.
 */
export class SimilarAttributes {
  readonly #writer: ProtobufWriter
  readonly #keys: string[] = []
  readonly #values: unknown[] = []
  /** Where each of them was written last, where its key and its value start, and where it ends. */
  readonly #starts: number[] = []
  readonly #keyStarts: number[] = []
  readonly #valueStarts: number[] = []
  readonly #ends: number[] = []

  constructor(writer: ProtobufWriter) {
    this.#writer = writer
  }

  write(attributes: Attributes, tag: number): void {
    const writer = this.#writer
    const keys = this.#keys
    const values = this.#values
    const starts = this.#starts
    const ends = this.#ends
    let index = 0
    /** What is the same and not copied yet. */
    let from = 0
    let to = 0
    for (const key in attributes) {
      if (!isOwn(attributes, key)) continue
      const value = attributes[key]
      const hasKey = keys[index] === key
      const isSame = hasKey && values[index] === value
      if (!isSame || starts[index] !== to) {
        if (to > from) writer.repeat(from, to)
        from = to = isSame ? starts[index]! : 0
      }
      if (isSame) to = ends[index]!
      else this.#write(index, hasKey, key, value, tag)
      index++
    }
    if (to > from) writer.repeat(from, to)
  }

  /** Writes one that is not the same; its key may be. */
  #write(index: number, hasKey: boolean, key: string, value: unknown, tag: number): void {
    const writer = this.#writer
    this.#starts[index] = writer.length
    const keyStart = writer.begin(tag)
    if (hasKey) writer.repeat(this.#keyStarts[index]!, this.#valueStarts[index]!)
    else writeKey(writer, key)
    const valueStart = writer.length
    writeAnyValue(writer, value, KEY_VALUE.value)
    const end = writer.length
    writer.end(keyStart)
    const moved = writer.length - end
    this.#keys[index] = key
    this.#values[index] = value
    this.#keyStarts[index] = keyStart + moved
    this.#valueStarts[index] = valueStart + moved
    this.#ends[index] = writer.length
  }

  /** What was written is gone, or lies elsewhere. */
  forget(): void {
    this.#keys.length = this.#values.length = 0
    this.#starts.length = this.#keyStarts.length = this.#valueStarts.length = this.#ends.length = 0
  }
}

function writeAttribute(writer: ProtobufWriter, key: string, value: unknown, tag: number): void {
  const start = writer.begin(tag)
  writeKey(writer, key)
  writeAnyValue(writer, value, KEY_VALUE.value)
  writer.end(start)
}

function writeKey(writer: ProtobufWriter, key: string): void {
  writer.varint(KEY_VALUE.key)
  writer.string(key)
}

function writeAnyValue(writer: ProtobufWriter, value: unknown, tag: number): void {
  const start = writer.begin(tag)
  if (typeof value === 'string') {
    writer.varint(ANY_VALUE.string)
    writer.string(value)
  } else if (typeof value === 'number') {
    writeNumber(writer, value)
  } else if (typeof value === 'boolean') {
    writer.varint(ANY_VALUE.bool)
    writer.varint(value ? 1 : 0)
  } else if (typeof value === 'object' && value !== null) {
    writeObject(writer, value)
  }
  writer.end(start)
}

function writeNumber(writer: ProtobufWriter, value: number): void {
  if (Number.isInteger(value) && value >= LEAST_INT64 && value < PAST_INT64) {
    writer.varint(ANY_VALUE.int)
    writer.int64(value)
  } else {
    writer.varint(ANY_VALUE.double)
    writer.double(value)
  }
}

function writeObject(writer: ProtobufWriter, value: object): void {
  if (value instanceof Uint8Array) {
    writer.varint(ANY_VALUE.bytes)
    writer.bytes(value)
  } else if (Array.isArray(value)) {
    const start = writer.begin(ANY_VALUE.array)
    for (const item of value) writeAnyValue(writer, item, ITEM)
    writer.end(start)
  } else {
    const start = writer.begin(ANY_VALUE.kvlist)
    writeAttributes(writer, value as Attributes, ITEM)
    writer.end(start)
  }
}
