import { inspect } from 'node:util'

import { endSpanAt, MADE_FOR_IT, READ_TICK } from '@mcp/otel-core'
import type { TickedOptions } from '@mcp/otel-core'
import { createTraceState, diag, DiagLogLevel, ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api'
import type { Attributes, Link, Span, SpanOptions, SpanStatus, TimeInput, TracerProvider } from '@opentelemetry/api'
import { JsonTraceSerializer, ProtobufTraceSerializer } from '@opentelemetry/otlp-transformer'
import { resourceFromAttributes } from '@opentelemetry/resources'
import { AlwaysOnSampler, SamplingDecision, TracerProvider as StockProvider } from '@opentelemetry/sdk-trace'
import type { ReadableSpan, Sampler, SpanLimits, SpanProcessor, TracerProviderOptions } from '@opentelemetry/sdk-trace'
import {
  array,
  assert,
  boolean,
  constant,
  constantFrom,
  dictionary,
  double,
  integer,
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
import { afterEach, beforeEach, expect, test, vi } from 'vitest'

import { createSpanSerializer } from '../src/export/span-serializer.ts'
import { withOwnSpans } from '../src/sdk/with-own-spans.ts'

const START = 1_763_852_400_123
const resource = resourceFromAttributes({ 'service.name': 'shop' })

/** Both clocks stand still but for when a step of the test lets them go on, so that both spans are told the same times. */
let now = START
let tick = 1000.25
beforeEach(() => {
  vi.spyOn(Date, 'now').mockImplementation(() => now)
  vi.spyOn(performance, 'now').mockImplementation(() => tick)
})
afterEach(() => {
  vi.restoreAllMocks()
  diag.disable()
})

/** What a processor was told, in order. */
interface Told {
  readonly events: unknown[]
  readonly processor: SpanProcessor
}

function tellingProcessor(): Told {
  const events: unknown[] = []
  const processor: SpanProcessor = {
    onStart(span, context) {
      events.push(['start', viewOf(span), trace.getSpanContext(context)])
      span.setAttribute('at.start', true)
    },
    onEnding(span) {
      events.push(['ending', viewOf(span)])
      span.setAttribute('at.end', 1.5).addEvent('ending')
    },
    onEnd(span) {
      events.push([
        'end',
        viewOf(span),
        ...[ProtobufTraceSerializer, JsonTraceSerializer].map((it) => textOf(it.serializeRequest([span]))),
      ])
    },
    forceFlush: async () => {},
    shutdown: async () => {},
  }
  return { events, processor }
}

function viewOf(span: ReadableSpan): object {
  expect(span.resource).toBe(resource)
  const { name, kind, parentSpanContext, startTime, endTime, status, attributes, links, events, duration, ended } = span
  const { droppedAttributesCount, droppedEventsCount, droppedLinksCount, instrumentationScope } = span
  return structuredClone({
    parentSpanContext: parentSpanContext && plainContext(parentSpanContext),
    name,
    kind,
    startTime,
    endTime,
    duration,
    status,
    attributes,
    keys: Object.keys(attributes),
    links: links.map(plainLink),
    events,
    ended,
    instrumentationScope,
    droppedAttributesCount,
    droppedEventsCount,
    droppedLinksCount,
    spanContext: plainContext(span.spanContext()),
    isRecording: (span as unknown as Span).isRecording(),
  })
}

function plainLink(link: Link): object {
  return { ...link, context: plainContext(link.context) }
}

function plainContext({ traceState, ...rest }: Link['context']): object {
  return { ...rest, traceState: traceState?.serialize() }
}

function textOf(bytes: Uint8Array | undefined): string {
  return Buffer.from(bytes ?? []).toString('latin1')
}

function countingIds() {
  let traces = 0
  let spans = 0
  return {
    generateTraceId: () => (++traces).toString(16).padStart(32, '0'),
    generateSpanId: () => (++spans).toString(16).padStart(16, '0'),
  }
}

/** Looks at all that it is shown, keeps it, and adds to it. */
function lookingSampler(seen: unknown[]): Sampler {
  return {
    shouldSample(_context, traceId, name, kind, attributes, links) {
      seen.push(structuredClone([traceId.length, name, kind, attributes, links.map(plainLink)]))
      const decision =
        name === 'dropped'
          ? SamplingDecision.NOT_RECORD
          : name === 'unsampled'
            ? SamplingDecision.RECORD
            : SamplingDecision.RECORD_AND_SAMPLED
      return { decision, attributes: { 'url.path': 'sampled', more: [1] }, traceState: createTraceState('s=1') }
    },
    toString: () => 'looking',
  }
}

type Parts = Parameters<typeof withOwnSpans>[1] &
  Pick<Required<TracerProviderOptions>, 'idGenerator' | 'spanProcessors'>

interface Pair {
  readonly stock: Side
  readonly own: Side
}

interface Side {
  readonly provider: TracerProvider
  readonly told: Told
  readonly seen: unknown[]
}

function pairOf(spanLimits: SpanLimits, samplesByTrace: boolean): Pair {
  const side = (provide: (parts: Parts) => TracerProvider): Side => {
    const seen: unknown[] = []
    const told = tellingProcessor()
    const sampler = samplesByTrace ? new AlwaysOnSampler() : lookingSampler(seen)
    const sampledShare = samplesByTrace ? 1 : undefined
    const parts = { resource, sampler, samplesByTrace, sampledShare, idGenerator: countingIds(), spanLimits }
    return { told, seen, provider: provide({ ...parts, spanProcessors: [told.processor] }) }
  }
  return {
    stock: side(({ samplesByTrace: _, sampledShare: __, ...parts }) => new StockProvider(parts)),
    own: side((parts) => withOwnSpans(new StockProvider(), parts)),
  }
}

class Money {
  readonly amount = 5
}
const circle: { self?: unknown } = {}
circle.self = circle

const value = oneof(
  { weight: 4, arbitrary: oneof(string(), string({ minLength: 20 }), double(), boolean(), integer()) },
  array(oneof(string(), integer(), constant(undefined), constant(null)), { maxLength: 3 }),
  dictionary(constantFrom('a', 'b'), oneof(string({ minLength: 12 }), constant(undefined), array(integer()))),
  uint8Array({ maxLength: 12 }),
  constantFrom<unknown>(null, undefined, 5n, Symbol('s'), () => {}, new Date(0), new Money(), circle),
)
const key = oneof(
  constantFrom('url.path', 'user_agent.original', 'at.start', 'a', 'b', 'c', ''),
  string({ maxLength: 3 }),
)
  // To set this one changes a prototype in the SDK, and is an attribute like others in ours.
  .filter((it) => it !== '__proto__')
const attributes = dictionary(key, value, { maxKeys: 7 }) as Arbitrary<Attributes>
const time: Arbitrary<TimeInput> = oneof(
  nat(16_000).map((quarters) => quarters / 4),
  integer({ min: START - 5000, max: START + 5000 }),
  integer({ min: START - 5000, max: START + 5000 }).map((it) => new Date(it)),
  tuple(integer({ min: 1_763_852_390, max: 1_763_852_410 }), nat(999_999_999)),
)
const maybeTime = option(time, { nil: undefined })
const link = record(
  {
    context: record({
      traceId: constant('ab'.repeat(16)),
      spanId: constant('cd'.repeat(8)),
      traceFlags: constantFrom(0, 1),
    }),
    attributes,
  },
  { requiredKeys: ['context'] },
) as Arbitrary<Link>
const status = record(
  {
    code: constantFrom(SpanStatusCode.UNSET, SpanStatusCode.OK, SpanStatusCode.ERROR),
    message: oneof(string(), constant(5 as never)),
  },
  { requiredKeys: ['code'] },
) as Arbitrary<SpanStatus>
const exception = oneof(
  constantFrom(new RangeError('too far'), Object.assign(new Error('gone'), { code: 'ENOENT' }), '', 'just text'),
  record(
    { code: oneof(integer(), string()), name: string(), message: string(), stack: string() },
    { requiredKeys: [], noNullPrototype: true },
  ),
)

type Step = (span: Span) => unknown
const step: Arbitrary<Step> = oneof(
  tuple(key, value).map(
    ([name, it]): Step =>
      (span) =>
        span.setAttribute(name, it),
  ),
  attributes.map(
    (it): Step =>
      (span) =>
        span.setAttributes(it),
  ),
  tuple(string(), option(oneof(attributes, time), { nil: undefined }), maybeTime).map(
    ([name, it, at]): Step =>
      (span) =>
        span.addEvent(name, it, at),
  ),
  link.map(
    (it): Step =>
      (span) =>
        span.addLink(it),
  ),
  array(link, { maxLength: 3 }).map(
    (it): Step =>
      (span) =>
        span.addLinks(it),
  ),
  status.map(
    (it): Step =>
      (span) =>
        span.setStatus(it),
  ),
  string().map(
    (it): Step =>
      (span) =>
        span.updateName(it),
  ),
  tuple(exception, maybeTime).map(
    ([it, at]): Step =>
      (span) =>
        span.recordException(it as Error, at),
  ),
  {
    weight: 1,
    arbitrary: maybeTime.map(
      (it): Step =>
        (span) =>
          span.end(it),
    ),
  },
)
const pause = record({
  by: double({ min: -2000, max: 2000, noNaN: true }),
  run: double({ min: 0, max: 3000, noNaN: true }),
})
const limit = oneof(constant(128), integer({ min: 0, max: 3 }), integer({ min: 2, max: 6 }))
const limits = record(
  {
    attributeCountLimit: limit,
    attributeValueLengthLimit: oneof(constant(Infinity), integer({ min: 0, max: 15 })),
    eventCountLimit: limit,
    linkCountLimit: limit,
    attributePerEventCountLimit: limit,
    attributePerLinkCountLimit: limit,
  },
  { requiredKeys: [] },
)
const options = record(
  {
    kind: constantFrom(SpanKind.SERVER, SpanKind.CLIENT),
    attributes,
    links: array(link, { maxLength: 4 }),
    startTime: time,
    root: boolean(),
  },
  { requiredKeys: [] },
) as Arbitrary<SpanOptions>
const PARENTS = [
  ROOT_CONTEXT,
  ...[{ traceFlags: 1, isRemote: true, traceState: createTraceState('p=2') }, { traceFlags: 0 }].map((it) =>
    trace.setSpanContext(ROOT_CONTEXT, { traceId: '12'.repeat(16), spanId: '34'.repeat(8), ...it }),
  ),
  trace.setSpanContext(ROOT_CONTEXT, { traceId: 'no id', spanId: 'neither', traceFlags: 1 }),
]

test('a span is told to processors and exporters as the SDK tells its own, whatever is done with it', () => {
  const run = record({
    limits,
    samplesByTrace: boolean(),
    name: constantFrom('GET', 'dropped', 'unsampled'),
    options,
    parent: constantFrom(...PARENTS),
    steps: array(tuple(step, pause), { maxLength: 15 }),
  })
  assert(
    property(run, ({ limits: spanLimits, samplesByTrace, name, options: given, parent, steps }) => {
      const { stock, own } = pairOf(spanLimits, samplesByTrace)
      now = START
      tick = 1000.25
      const both = [stock, own].map(({ provider }) => provider.getTracer('t', '1').startSpan(name, given, parent))
      for (const [act, { by, run: ran }] of [...steps, [(span: Span) => span.end(), { by: 1, run: 1 }] as const]) {
        now = Math.round(now + by)
        tick += ran
        for (const span of both) {
          expect([undefined, span]).toContain(act(span))
        }
      }
      expect(own.seen).toEqual(stock.seen)
      expect(own.told.events).toEqual(stock.told.events)
      const [theirs, ours] = both.map((span) => plainContext(span.spanContext()))
      expect(ours).toMatchObject({ ...theirs, spanId: expect.any(String) })
    }),
    { numRuns: 500 },
  )
})

test('a span whose maker has read the clock starts and ends then, and with the SDK when that reads it', () => {
  const { stock, own } = pairOf({}, true)
  const spans = [stock, own].map(({ provider }) => {
    tick = 1000.25
    const ticked: TickedOptions = { [READ_TICK]: 1000 }
    const span = provider.getTracer('t').startSpan('it', ticked)
    tick = 1700.25
    endSpanAt(span, 1600.5)
    return span as unknown as ReadableSpan
  })
  expect(spans.map(({ duration, ended }) => ({ duration, ended }))).toEqual([
    { duration: [0, 700_000_000], ended: true },
    { duration: [0, 600_500_000], ended: true },
  ])
})

test('a span that a processor has given another end ends by that', () => {
  const { provider } = pairOf({}, true).own
  const span = provider.getTracer('t').startSpan('it')
  const end = vi.spyOn(span, 'end')
  endSpanAt(span, 1001)
  expect(end).toHaveBeenCalledOnce()
  expect(span.isRecording()).toBe(false)
})

test('a span that is used after its end says so, as often as the SDK does, and stays what it was', () => {
  const said: string[][] = []
  const { stock, own } = pairOf({}, true)
  for (const { provider } of [stock, own]) {
    const lines: string[] = []
    said.push(lines)
    const note = (text: string): void => void lines.push(text)
    diag.setLogger(
      { error: note, warn: note, info: note, debug: note, verbose: note },
      { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true },
    )
    const span = provider.getTracer('t').startSpan('it')
    span.end()
    span
      .setAttribute('a', 1)
      .setAttributes({ b: 1, c: 2 })
      .addEvent('e')
      .setStatus({ code: SpanStatusCode.OK })
      .updateName('other')
    span.addLink({ context: span.spanContext() })
    span.end()
    diag.disable()
  }
  expect(said[1]).toHaveLength(9)
  expect(said[1]).toEqual(said[0])
})

test('a tracer is the same one for the same scope', () => {
  const { own } = pairOf({}, true)
  const tracer = own.provider.getTracer('a', '1')
  expect(own.provider.getTracer('a', '1')).toBe(tracer)
  expect(own.provider.getTracer('a', '2')).not.toBe(tracer)
  expect(own.provider.getTracer('a', '1', { schemaUrl: 'https://example.com' })).not.toBe(tracer)
})

test('a span is shown with what it has, and without all that it is made of', () => {
  const span = pairOf({}, true)
    .own.provider.getTracer('t')
    .startSpan('shown', { attributes: { 'url.path': '/a' } })
  expect(inspect(span)).toMatch(/shown[^]*'url.path': '\/a'[^]*spanId[^]*ended: false/)
  expect(inspect(span)).not.toContain('service.name')
  expect(inspect([[[span]]])).toContain('[RecordedSpan]')
})

test('attributes that are given to a span are its own from then on', () => {
  const { told, provider } = pairOf({}, true).own
  const given = { list: [1, 2], text: 'a' }
  const span = provider.getTracer('t').startSpan('it', { attributes: given })
  given.list.push(3)
  given.text = 'b'
  span.end()
  expect(told.events.at(-1)).toMatchObject(['end', { attributes: { list: [1, 2], text: 'a' } }, {}, {}])
})

test('a span behind a proxy, and one that an object inherits from, are still spans', () => {
  const { told, provider } = pairOf({}, true).own
  const span = provider.getTracer('t').startSpan('it') as unknown as ReadableSpan & Span
  const heir = Object.create(span, { attributes: { value: { only: 'this' } } }) as ReadableSpan & Span
  for (const other of [heir, new Proxy(span, {})]) {
    expect(other.spanContext()).toBe(span.spanContext())
    expect(other.setAttribute('a', 1)).toBe(other)
    expect([other.ended, other.isRecording(), other.droppedEventsCount]).toEqual([false, true, 0])
  }
  expect(viewOf(heir)).toMatchObject({ name: 'it', attributes: { only: 'this', a: 1 } })
  new Proxy(span, {}).end()
  expect(told.events.at(-1)).toMatchObject(['end', { attributes: { a: 1 } }, {}, {}])
})

test('attributes that were made for a span alone are not copied', () => {
  const { provider } = pairOf({ attributeCountLimit: 2, attributeValueLengthLimit: 3 }, true).own
  const startWith = (given: Attributes, more: TickedOptions = {}) =>
    (provider.getTracer('t').startSpan('it', { attributes: given, ...more }) as unknown as ReadableSpan).attributes
  const its = { 'url.path': '/a' }
  expect(startWith(its)).not.toBe(its)
  expect(startWith(its, { [MADE_FOR_IT]: true })).toBe(its)
  const long = { 'url.path': '/abc' }
  expect(startWith(long, { [MADE_FOR_IT]: true })).toEqual({ 'url.path': '/ab', 'at.start': true })
  expect(long).toEqual({ 'url.path': '/abc' })
})

test('ids that were drawn are exported as those that are told, and those of a processor in their place', () => {
  const spans: ReadableSpan[] = []
  const processor: SpanProcessor = {
    onStart() {},
    onEnd: (span) => void spans.push(span),
    forceFlush: async () => {},
    shutdown: async () => {},
  }
  const parts = { resource, sampler: new AlwaysOnSampler(), samplesByTrace: true, sampledShare: 1 }
  const rest = { idGenerator: undefined, spanLimits: {}, spanProcessors: [processor] }
  const tracer = withOwnSpans(new StockProvider(), { ...parts, ...rest }).getTracer('t')
  const own = createSpanSerializer(ProtobufTraceSerializer)
  for (let drawn = 0; drawn < 200; drawn++) {
    const root = tracer.startSpan('root')
    tracer.startSpan('child', {}, trace.setSpan(ROOT_CONTEXT, root)).end()
    root.end()
    tracer.startSpan('alone').end()
  }
  const changed = tracer.startSpan('changed')
  const other = { traceId: 'ab'.repeat(16), spanId: 'cd'.repeat(8), traceFlags: 1 }
  changed.spanContext = () => other
  changed.end()
  const written = own.serializeRequest(spans)
  expect(textOf(written)).toBe(textOf(ProtobufTraceSerializer.serializeRequest(spans)))
  expect(Buffer.from(written ?? []).includes(Buffer.from(other.traceId, 'hex'))).toBe(true)
})
