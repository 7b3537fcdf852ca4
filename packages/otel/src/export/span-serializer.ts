import type { HrTime, Link } from '@opentelemetry/api'
import type { InstrumentationScope } from '@opentelemetry/core'
import type { ISerializer } from '@opentelemetry/otlp-transformer'
import type { Resource } from '@opentelemetry/resources'
import type { ReadableSpan, TimedEvent } from '@opentelemetry/sdk-trace'

import { ProtobufWriter } from './protobuf-writer.ts'
import { SimilarAttributes, writeAttributes } from './write-attributes.ts'

/** Tags of OTLP's messages: the number of a field and how it is written. */
const REQUEST = { resourceSpans: 0x0a }
const RESOURCE_SPANS = { resource: 0x0a, scopeSpans: 0x12, schemaUrl: 0x1a }
const RESOURCE = { attributes: 0x0a, droppedAttributes: 0x10 }
const SCOPE_SPANS = { scope: 0x0a, span: 0x12, schemaUrl: 0x1a }
const SCOPE = { name: 0x0a, version: 0x12 }
const SPAN = {
  traceId: 0x0a,
  spanId: 0x12,
  traceState: 0x1a,
  parentSpanId: 0x22,
  name: 0x2a,
  kind: 0x30,
  startTime: 0x39,
  endTime: 0x41,
  attributes: 0x4a,
  droppedAttributes: 0x50,
  event: 0x5a,
  droppedEvents: 0x60,
  link: 0x6a,
  droppedLinks: 0x70,
  status: 0x7a,
  flags: 0x85,
}
const STATUS = { message: 0x12, code: 0x18 }
const EVENT = { time: 0x09, name: 0x12, attributes: 0x1a, droppedAttributes: 0x20 }
const LINK = { traceId: 0x0a, spanId: 0x12, traceState: 0x1a, attributes: 0x22, droppedAttributes: 0x28, flags: 0x35 }

/** Few spans are shorter than 128 bytes, or longer than 16,383. */
const LENGTH_BYTES_OF_SPAN = 2

const FLAG_KNOWS_WHETHER_REMOTE = 0x1_00
const FLAG_IS_REMOTE = 0x2_00

/**
 * Creates a serializer that writes spans as Protobuf, byte for byte as the stock one does, in a quarter of its time: that one
 * goes through all of them twice, first for their size.
 */
export function createSpanSerializer<R>(stock: ISerializer<ReadableSpan[], R>): ISerializer<ReadableSpan[], R> {
  const writer = new ProtobufWriter()
  const similar = new SimilarAttributes(writer)
  return {
    serializeRequest(spans) {
      try {
        for (const [resource, scopes] of groupSpans(spans)) writeResourceSpans(writer, similar, resource, scopes)
        return writer.take()
      } finally {
        writer.clear()
        similar.forget()
      }
    },
    deserializeResponse: (body) => stock.deserializeResponse(body),
  }
}

type SpansByScope = Map<InstrumentationScope, ReadableSpan[]>

function groupSpans(spans: readonly ReadableSpan[]): Map<Resource, SpansByScope> {
  const resources = new Map<Resource, SpansByScope>()
  for (const span of spans) {
    let scopes = resources.get(span.resource)
    if (scopes === undefined) resources.set(span.resource, (scopes = new Map()))
    const group = scopes.get(span.instrumentationScope)
    if (group === undefined) scopes.set(span.instrumentationScope, [span])
    else group.push(span)
  }
  return resources
}

function writeResourceSpans(
  writer: ProtobufWriter,
  similar: SimilarAttributes,
  resource: Resource,
  scopes: SpansByScope,
): void {
  const start = writer.begin(REQUEST.resourceSpans)
  const resourceStart = writer.begin(RESOURCE_SPANS.resource)
  writeAttributes(writer, resource.attributes, RESOURCE.attributes)
  writeCount(writer, 0, RESOURCE.droppedAttributes)
  writer.end(resourceStart)
  for (const [scope, spans] of scopes) {
    const scopeStart = writer.begin(RESOURCE_SPANS.scopeSpans)
    writeScope(writer, scope)
    similar.forget()
    for (const span of spans) writeSpan(writer, similar, span)
    if (scope.schemaUrl) writeText(writer, scope.schemaUrl, SCOPE_SPANS.schemaUrl)
    writer.end(scopeStart)
  }
  if (resource.schemaUrl) writeText(writer, resource.schemaUrl, RESOURCE_SPANS.schemaUrl)
  writer.end(start)
}

function writeScope(writer: ProtobufWriter, { name, version }: InstrumentationScope): void {
  const start = writer.begin(SCOPE_SPANS.scope)
  writeText(writer, name, SCOPE.name)
  if (version) writeText(writer, version, SCOPE.version)
  writer.end(start)
}

function writeSpan(writer: ProtobufWriter, similar: SimilarAttributes, span: ReadableSpan): void {
  const { traceId, spanId, traceState, traceFlags } = span.spanContext()
  const { parentSpanContext: parent, status } = span
  const start = writer.begin(SCOPE_SPANS.span, LENGTH_BYTES_OF_SPAN)
  writeId(writer, traceId, SPAN.traceId)
  writeId(writer, spanId, SPAN.spanId)
  const state = traceState?.serialize()
  if (state) writeText(writer, state, SPAN.traceState)
  if (parent?.spanId) writeId(writer, parent.spanId, SPAN.parentSpanId)
  writeText(writer, span.name, SPAN.name)
  writeCount(writer, span.kind + 1, SPAN.kind)
  writeTime(writer, span.startTime, SPAN.startTime)
  writeTime(writer, span.endTime, SPAN.endTime)
  similar.write(span.attributes, SPAN.attributes)
  writeCount(writer, span.droppedAttributesCount, SPAN.droppedAttributes)
  for (const event of span.events) writeEvent(writer, event)
  writeCount(writer, span.droppedEventsCount, SPAN.droppedEvents)
  for (const link of span.links) writeLink(writer, link)
  writeCount(writer, span.droppedLinksCount, SPAN.droppedLinks)
  const statusStart = writer.begin(SPAN.status)
  if (status.message) writeText(writer, status.message, STATUS.message)
  writeCount(writer, status.code, STATUS.code)
  writer.end(statusStart)
  writeFlags(writer, traceFlags, parent?.isRemote, SPAN.flags)
  if (writer.end(start, LENGTH_BYTES_OF_SPAN)) similar.forget()
}

function writeEvent(writer: ProtobufWriter, { time, name, attributes, droppedAttributesCount }: TimedEvent): void {
  const start = writer.begin(SPAN.event)
  writeTime(writer, time, EVENT.time)
  writeText(writer, name, EVENT.name)
  if (attributes) writeAttributes(writer, attributes, EVENT.attributes)
  writeCount(writer, droppedAttributesCount ?? 0, EVENT.droppedAttributes)
  writer.end(start)
}

function writeLink(writer: ProtobufWriter, { context, attributes, droppedAttributesCount }: Link): void {
  const start = writer.begin(SPAN.link)
  writeId(writer, context.traceId, LINK.traceId)
  writeId(writer, context.spanId, LINK.spanId)
  const state = context.traceState?.serialize()
  if (state) writeText(writer, state, LINK.traceState)
  if (attributes) writeAttributes(writer, attributes, LINK.attributes)
  writeCount(writer, droppedAttributesCount ?? 0, LINK.droppedAttributes)
  writeFlags(writer, context.traceFlags, context.isRemote, LINK.flags)
  writer.end(start)
}

function writeId(writer: ProtobufWriter, id: string, tag: number): void {
  writer.varint(tag)
  writer.hex(id)
}

function writeText(writer: ProtobufWriter, text: string, tag: number): void {
  writer.varint(tag)
  writer.string(text)
}

function writeCount(writer: ProtobufWriter, count: number, tag: number): void {
  writer.varint(tag)
  writer.varint(count)
}

function writeFlags(writer: ProtobufWriter, traceFlags: number, isRemote: boolean | undefined, tag: number): void {
  writer.varint(tag)
  writer.fixed32((traceFlags & 0xff) | FLAG_KNOWS_WHETHER_REMOTE | (isRemote ? FLAG_IS_REMOTE : 0))
}

const NANOS = 1e9
const TWO_TO_16 = 2 ** 16
const TWO_TO_32 = 2 ** 32

/** Nanoseconds since 1970 have more bits than numbers of JavaScript: what the upper and lower bits of the seconds come to is added. */
function writeTime(writer: ProtobufWriter, [seconds, nanos]: HrTime, tag: number): void {
  const upper = ((seconds / TWO_TO_16) >>> 0) * NANOS
  const lower = (seconds & 0xff_ff) * NANOS + nanos
  const low = (((upper & 0xff_ff) * TWO_TO_16) >>> 0) + (lower >>> 0)
  const carry = low >= TWO_TO_32 ? 1 : 0
  writer.varint(tag)
  writer.fixed64(low, ((upper / TWO_TO_16) >>> 0) + ((lower / TWO_TO_32) >>> 0) + carry)
}
