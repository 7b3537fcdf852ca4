import type { HrTime, Link } from '@opentelemetry/api'
import type { InstrumentationScope } from '@opentelemetry/core'
import type { ISerializer } from '@opentelemetry/otlp-transformer'
import type { Resource } from '@opentelemetry/resources'
import type { ReadableSpan, TimedEvent } from '@opentelemetry/sdk-trace'

import { ProtobufWriter } from './protobuf-writer.ts'
import { SimilarText } from './similar-text.ts'
import { SimilarAttributes, writeAttributes } from './write-attributes.ts'
import { writeId, writeIdsOf, writeSpanContext } from './write-ids.ts'

/** Tags of OTLP's messages: the number of a field and how it is written. */
const REQUEST = { resourceSpans: 0x0a }
const RESOURCE_SPANS = { resource: 0x0a, scopeSpans: 0x12, schemaUrl: 0x1a }
const RESOURCE = { attributes: 0x0a, droppedAttributes: 0x10 }
const SCOPE_SPANS = { scope: 0x0a, span: 0x12, schemaUrl: 0x1a }
const SCOPE = { name: 0x0a, version: 0x12 }
const SPAN = {
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
const LINK = { attributes: 0x22, droppedAttributes: 0x28, flags: 0x35 }

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
  const similar: SimilarParts = { name: new SimilarText(writer), attributes: new SimilarAttributes(writer) }
  return {
    serializeRequest(spans) {
      try {
        for (const [resource, scopes] of groupSpans(spans)) writeResourceSpans(writer, similar, resource, scopes)
        return writer.take()
      } finally {
        writer.clear()
        forget(similar)
      }
    },
    deserializeResponse: (body) => stock.deserializeResponse(body),
  }
}

/** What a span may have in common with the one before. */
interface SimilarParts {
  readonly name: SimilarText
  readonly attributes: SimilarAttributes
}

function forget({ name, attributes }: SimilarParts): void {
  name.forget()
  attributes.forget()
}

type SpansByScope = Map<InstrumentationScope, ReadableSpan[]>

function groupSpans(spans: readonly ReadableSpan[]): Map<Resource, SpansByScope> {
  const resources = new Map<Resource, SpansByScope>()
  let last: ReadableSpan | undefined
  let group: ReadableSpan[] = []
  for (const span of spans) {
    const { resource, instrumentationScope: scope } = span
    if (last?.instrumentationScope !== scope || last.resource !== resource) group = groupOf(resources, resource, scope)
    group.push(span)
    last = span
  }
  return resources
}

function groupOf(
  resources: Map<Resource, SpansByScope>,
  resource: Resource,
  scope: InstrumentationScope,
): ReadableSpan[] {
  let scopes = resources.get(resource)
  if (scopes === undefined) resources.set(resource, (scopes = new Map()))
  let group = scopes.get(scope)
  if (group === undefined) scopes.set(scope, (group = []))
  return group
}

function writeResourceSpans(
  writer: ProtobufWriter,
  similar: SimilarParts,
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
    forget(similar)
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

function writeSpan(writer: ProtobufWriter, similar: SimilarParts, span: ReadableSpan): void {
  const { parentSpanContext: parent } = span
  const start = writer.begin(SCOPE_SPANS.span, LENGTH_BYTES_OF_SPAN)
  const traceFlags = writeIdsOf(writer, span)
  if (parent?.spanId) writeId(writer, parent.spanId, SPAN.parentSpanId)
  similar.name.write(span.name, SPAN.name)
  writeCount(writer, span.kind + 1, SPAN.kind)
  writeTime(writer, span.startTime, SPAN.startTime)
  writeTime(writer, span.endTime, SPAN.endTime)
  similar.attributes.write(span.attributes, SPAN.attributes)
  const flags = flagsOf(traceFlags, parent?.isRemote)
  if (endsPlainly(span)) writePlainEnd(writer, span.status.code, flags)
  else writeEnd(writer, span, flags)
  if (writer.end(start, LENGTH_BYTES_OF_SPAN)) forget(similar)
}

/** Whether a span has nothing behind its attributes but how it ended: neither events nor links, and nothing dropped. */
function endsPlainly(span: ReadableSpan): boolean {
  const { status, events, links, droppedAttributesCount, droppedEventsCount, droppedLinksCount } = span
  const dropped = droppedAttributesCount + droppedEventsCount + droppedLinksCount
  const code: number = status.code
  const isShort = (code & ONE_BYTE) === code
  return dropped === 0 && events.length === 0 && links.length === 0 && !status.message && isShort
}

/** Each of them is there, zeros, too. */
const PLAIN_END = Uint8Array.of(
  SPAN.droppedAttributes,
  0,
  SPAN.droppedEvents,
  0,
  SPAN.droppedLinks,
  0,
  SPAN.status,
  2,
  STATUS.code,
  0,
  SPAN.flags,
  1,
  0,
  0,
  0,
  0,
)
/** Numbers that are written as they are. */
const ONE_BYTE = 0x7f
const AT_CODE = 9
const AT_FLAGS = 12

function writePlainEnd(writer: ProtobufWriter, code: number, flags: number): void {
  const bytes = writer.room(PLAIN_END.length)
  const start = writer.length
  for (let index = 0; index < PLAIN_END.length; index++) bytes[start + index] = PLAIN_END[index]!
  bytes[start + AT_CODE] = code
  bytes[start + AT_FLAGS] = flags
  bytes[start + AT_FLAGS + 1] = flags >>> 8
  writer.wrote(PLAIN_END.length)
}

function writeEnd(writer: ProtobufWriter, span: ReadableSpan, flags: number): void {
  const { status } = span
  writeCount(writer, span.droppedAttributesCount, SPAN.droppedAttributes)
  for (const event of span.events) writeEvent(writer, event)
  writeCount(writer, span.droppedEventsCount, SPAN.droppedEvents)
  for (const link of span.links) writeLink(writer, link)
  writeCount(writer, span.droppedLinksCount, SPAN.droppedLinks)
  const statusStart = writer.begin(SPAN.status)
  if (status.message) writeText(writer, status.message, STATUS.message)
  writeCount(writer, status.code, STATUS.code)
  writer.end(statusStart)
  writeFlags(writer, flags, SPAN.flags)
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
  writeSpanContext(writer, context)
  if (attributes) writeAttributes(writer, attributes, LINK.attributes)
  writeCount(writer, droppedAttributesCount ?? 0, LINK.droppedAttributes)
  writeFlags(writer, flagsOf(context.traceFlags, context.isRemote), LINK.flags)
  writer.end(start)
}

function writeText(writer: ProtobufWriter, text: string, tag: number): void {
  writer.varint(tag)
  writer.string(text)
}

function writeCount(writer: ProtobufWriter, count: number, tag: number): void {
  writer.varint(tag)
  writer.varint(count)
}

function writeFlags(writer: ProtobufWriter, flags: number, tag: number): void {
  writer.varint(tag)
  writer.fixed32(flags)
}

function flagsOf(traceFlags: number, isRemote: boolean | undefined): number {
  return (traceFlags & 0xff) | FLAG_KNOWS_WHETHER_REMOTE | (isRemote ? FLAG_IS_REMOTE : 0)
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
