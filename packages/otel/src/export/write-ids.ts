import type { SpanContext } from '@opentelemetry/api'
import type { ReadableSpan } from '@opentelemetry/sdk-trace'

import { DrawnTrace } from '../ids/drawn-trace.ts'
import { idsOf } from '../ids/span-ids.ts'
import type { SpanIds } from '../ids/span-ids.ts'
import type { ProtobufWriter } from './protobuf-writer.ts'

/** Tags of what spans and links begin with alike. */
const CONTEXT = { traceId: 0x0a, spanId: 0x12, traceState: 0x1a }
/** Bytes of a word of 32 bits. */
const WORD = 4
/** Both ids, each with its tag and its length. */
const DRAWN_IDS_BYTES = 6 * WORD + 4

/** Writes the ids of a span, and the state of its trace; returns the flags. */
export function writeIdsOf(writer: ProtobufWriter, span: ReadableSpan): number {
  const ids = idsOf(span)
  if (ids?.isDrawn === true && ids.trace instanceof DrawnTrace) {
    writeDrawnIds(writer, ids.trace, ids)
    return ids.trace.traceFlags
  }
  const context = span.spanContext()
  writeSpanContext(writer, context)
  return context.traceFlags
}

/** Writes all of a span context but its flags. */
export function writeSpanContext(writer: ProtobufWriter, { traceId, spanId, traceState }: SpanContext): void {
  writeId(writer, traceId, CONTEXT.traceId)
  writeId(writer, spanId, CONTEXT.spanId)
  const state = traceState?.serialize()
  if (!state) return
  writer.varint(CONTEXT.traceState)
  writer.string(state)
}

export function writeId(writer: ProtobufWriter, id: string, tag: number): void {
  writer.varint(tag)
  writer.hex(id)
}

/** As they were drawn, without digits in between. */
function writeDrawnIds(writer: ProtobufWriter, trace: DrawnTrace, { first, second }: SpanIds): void {
  const bytes = writer.room(DRAWN_IDS_BYTES)
  const start = writer.length
  bytes[start] = CONTEXT.traceId
  bytes[start + 1] = 4 * WORD
  putWord(bytes, start + 2, trace.first)
  putWord(bytes, start + 2 + WORD, trace.second)
  putWord(bytes, start + 2 + 2 * WORD, trace.third)
  putWord(bytes, start + 2 + 3 * WORD, trace.fourth)
  const spanStart = start + 2 + 4 * WORD
  bytes[spanStart] = CONTEXT.spanId
  bytes[spanStart + 1] = 2 * WORD
  putWord(bytes, spanStart + 2, first)
  putWord(bytes, spanStart + 2 + WORD, second)
  writer.wrote(DRAWN_IDS_BYTES)
}

/** The highest byte first, as digits are written. */
function putWord(bytes: Uint8Array, at: number, word: number): void {
  bytes[at] = word >>> 24
  bytes[at + 1] = word >>> 16
  bytes[at + 2] = word >>> 8
  bytes[at + 3] = word
}
