import { createTraceState, SpanKind, SpanStatusCode, TraceFlags } from '@opentelemetry/api'
import type { Attributes, HrTime, Link, SpanContext } from '@opentelemetry/api'
import { ProtobufTraceSerializer } from '@opentelemetry/otlp-transformer'
import { resourceFromAttributes } from '@opentelemetry/resources'
import type { ReadableSpan, TimedEvent } from '@opentelemetry/sdk-trace'
import {
  array,
  assert,
  boolean,
  constant,
  constantFrom,
  dictionary,
  double,
  integer,
  letrec,
  nat,
  oneof,
  option,
  property,
  record,
  string,
  tuple,
  uint8Array,
} from 'fast-check'
import type { Arbitrary } from 'fast-check'
import { expect, test } from 'vitest'

import { createSpanSerializer } from '../src/export/span-serializer.ts'

const own = createSpanSerializer(ProtobufTraceSerializer)

/** Any text, lone surrogates included, around the lengths at which it is written in another way. */
const text = oneof(
  string({ unit: 'binary', maxLength: 10 }),
  string({ maxLength: 200 }),
  string({ unit: constantFrom('a', 'é', '€', '💥', '\uD83D', '\uDCA5'), maxLength: 150 }),
  constantFrom(63, 64, 127, 128, 16_383, 16_384).map((length) => 'x'.repeat(length)),
)
const whole = oneof(
  integer(),
  constantFrom(0, -0, 127, 128, 2 ** 32 - 1, 2 ** 32, 2 ** 53, -(2 ** 53), 2 ** 62, -(2 ** 63), 2 ** 63, -1),
)
const { value } = letrec<{ value: unknown; leaf: unknown }>((tie) => ({
  value: oneof(
    { depthSize: 'small' },
    tie('leaf'),
    array(tie('value'), { maxLength: 4 }),
    dictionary(text, tie('value'), { maxKeys: 4 }),
  ),
  leaf: oneof(text, whole, double(), boolean(), constant(null), constant(undefined), uint8Array({ maxLength: 200 })),
}))
const names = constantFrom('http.request.method', 'url.path', 'server.port', 'user_agent.original')
const attributes = dictionary(oneof({ weight: 4, arbitrary: names }, text), oneof(constant('GET'), value), {
  maxKeys: 12,
}) as Arbitrary<Attributes>
const hex = (length: number) =>
  string({ unit: constantFrom(...Array.from('0123456789abcdefABCDEF')), minLength: length, maxLength: length })
const time: Arbitrary<HrTime> = tuple(oneof(nat(), constantFrom(1_763_852_400, 2 ** 31, 2 ** 32 - 1)), nat(999_999_999))
const context: Arbitrary<SpanContext> = record(
  {
    traceId: hex(32),
    spanId: hex(16),
    traceFlags: constantFrom(TraceFlags.NONE, TraceFlags.SAMPLED, 0xff),
    isRemote: boolean(),
    traceState: constantFrom('', 'a=1', 'a=1,b=é2').map((state) => createTraceState(state)),
  },
  { requiredKeys: ['traceId', 'spanId', 'traceFlags'] },
)
const count = oneof(constant(0), nat())
const event = record(
  { name: text, time, attributes, droppedAttributesCount: count },
  { requiredKeys: ['name', 'time'] },
)
const link = record({ context, attributes, droppedAttributesCount: count }, { requiredKeys: ['context'] })
const resources = [{}, { 'service.name': 'shop', numbers: [1, 2.5], text: 'é'.repeat(100) }].map((it, index) =>
  resourceFromAttributes(it, index === 0 ? {} : { schemaUrl: 'https://example.com/resource' }),
)
const scopes: ReadableSpan['instrumentationScope'][] = [
  { name: 'bare' },
  { name: '@mcp/otel', version: '1.0.0', schemaUrl: 'https://example.com/schema' },
  { name: '', version: '' },
]
const span = record({
  name: text,
  kind: constantFrom(...Object.values(SpanKind).filter((it) => typeof it === 'number')),
  context,
  parentSpanContext: option(context, { nil: undefined }),
  startTime: time,
  endTime: time,
  duration: time,
  status: record(
    { code: constantFrom(SpanStatusCode.UNSET, SpanStatusCode.OK, SpanStatusCode.ERROR), message: text },
    { requiredKeys: ['code'] },
  ),
  attributes,
  links: array(link as Arbitrary<Link>, { maxLength: 3 }),
  events: array(event as Arbitrary<TimedEvent>, { maxLength: 3 }),
  ended: constant(true),
  resource: constantFrom(...resources),
  instrumentationScope: constantFrom(...scopes),
  droppedAttributesCount: count,
  droppedEventsCount: count,
  droppedLinksCount: count,
}).map(({ context: its, ...rest }) => ({ ...rest, spanContext: () => its }))

/** Spans as they come: many like the one before, with some attributes that are not. */
const likeness = tuple(span, array(dictionary(names, oneof(text, whole), { maxKeys: 3 }), { maxLength: 6 })).map(
  ([first, changes]) => [
    first,
    ...changes.map((change) => ({ ...first, attributes: { ...first.attributes, ...change } })),
  ],
)

test('spans are written as the stock serializer writes them, byte for byte', () => {
  assert(
    property(array(likeness, { maxLength: 4 }), (groups) => {
      const spans = groups.flat() as ReadableSpan[]
      expect(hexOf(own.serializeRequest(spans))).toBe(hexOf(ProtobufTraceSerializer.serializeRequest(spans)))
    }),
  )
})

test('a span that cannot be written leaves nothing behind for the next request', () => {
  const spans = [{ ...spanNamed('first') }, { ...spanNamed('second'), name: undefined as never }]
  expect(() => own.serializeRequest(spans)).toThrow(TypeError)
  const next = [spanNamed('third')]
  expect(hexOf(own.serializeRequest(next))).toBe(hexOf(ProtobufTraceSerializer.serializeRequest(next)))
})

test('requests of any size are written, one behind the other', () => {
  for (const size of [1, 3000, 40, 20_000, 2]) {
    const spans = Array.from({ length: size }, (_, index) => spanNamed(`${index} ${'x'.repeat(index % 700)}`))
    expect(hexOf(own.serializeRequest(spans))).toBe(hexOf(ProtobufTraceSerializer.serializeRequest(spans)))
  }
})

function spanNamed(name: string): ReadableSpan {
  return {
    name,
    kind: SpanKind.SERVER,
    spanContext: () => ({ traceId: 'ab'.repeat(16), spanId: 'cd'.repeat(8), traceFlags: TraceFlags.SAMPLED }),
    startTime: [1_763_852_400, 1],
    endTime: [1_763_852_400, 2],
    duration: [0, 1],
    status: { code: SpanStatusCode.UNSET },
    attributes: { 'url.path': name },
    links: [],
    events: [],
    ended: true,
    resource: resources[1]!,
    instrumentationScope: scopes[1]!,
    droppedAttributesCount: 0,
    droppedEventsCount: 0,
    droppedLinksCount: 0,
  }
}

function hexOf(bytes: Uint8Array | undefined): string {
  return Buffer.from(bytes ?? []).toString('hex')
}
