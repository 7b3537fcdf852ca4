import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

import { context, createTraceState, propagation, ROOT_CONTEXT, SpanKind, trace, TraceFlags } from '@opentelemetry/api'
import type { Context, Span } from '@opentelemetry/api'
import { defaultResource } from '@opentelemetry/resources'
import {
  AlwaysOnSampler,
  InMemorySpanExporter,
  ParentBasedSampler,
  SamplingDecision,
  SimpleSpanProcessor,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from '@opentelemetry/sdk-trace'
import type { Sampler } from '@opentelemetry/sdk-trace'
import { assert, boolean, constantFrom, double, integer, oneof, property, record } from 'fast-check'
import { afterEach, describe, expect, onTestFinished, test } from 'vitest'

import { createIdGenerator } from '../src/ids/create-id-generator.ts'
import { createDrawTrace } from '../src/ids/drawn-trace.ts'
import { start } from '../src/index.ts'
import { createIdTracerProvider } from '../src/sdk/id-tracer-provider.ts'
import { withOwnSpans } from '../src/sdk/with-own-spans.ts'

const REMOTE = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331', isRemote: true }
const remote = (traceFlags: number) => trace.setSpanContext(ROOT_CONTEXT, { ...REMOTE, traceFlags })
const half = () => new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(0.5) })

const samplers = {
  parentbased_ratio: half,
  ratio: () => new TraceIdRatioBasedSampler(0.5),
  always_on: () => new AlwaysOnSampler(),
}

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

/** Counts how often a sampler is asked, and keeps what it was told. */
function counting(sampler: Sampler) {
  const asked: string[] = []
  const counted: Sampler = {
    shouldSample: (at, traceId, name, kind, attributes, links) => {
      asked.push(`${name} ${String(attributes['user'])}`)
      return sampler.shouldSample(at, traceId, name, kind, attributes, links)
    },
    toString: () => String(sampler),
  }
  return { asked, sampler: counted }
}

/** The share of each, as the configuration gives it. */
const shares = { parentbased_ratio: 0.5, ratio: 0.5, always_on: 1 }

function recordingProvider(sampler: Sampler, sampledShare: number | undefined, followsParent = false) {
  const exporter = new InMemorySpanExporter()
  const provider = withOwnSpans(new TracerProvider(), {
    resource: defaultResource(),
    sampler,
    samplesByTrace: true,
    sampledShare,
    followsParent,
    idGenerator: undefined,
    spanLimits: {},
    spanProcessors: [new SimpleSpanProcessor({ exporter })],
  })
  return { exporter, provider }
}

test('ids are as the specification has them, and none comes twice', () => {
  const ids = createIdGenerator()
  const traces = Array.from({ length: 2000 }, () => ids.generateTraceId())
  const spans = Array.from({ length: 2000 }, () => ids.generateSpanId())
  expect(traces.filter((id) => !/^(?!0+$)[0-9a-f]{32}$/.test(id))).toEqual([])
  expect(spans.filter((id) => !/^(?!0+$)[0-9a-f]{16}$/.test(id))).toEqual([])
  expect(new Set([...traces, ...spans]).size).toBe(4000)
})

test('a trace that is drawn is sampled as a sampler with the same ratio would decide by its id', () => {
  assert(
    property(oneof(constantFrom(0, 1, 0.5, 0.01, 1 / 3), double({ min: 0, max: 1, noNaN: true })), (share) => {
      const draw = createDrawTrace(share)
      const sampler = new TraceIdRatioBasedSampler(share)
      for (let count = 0; count < 50; count++) {
        const { traceId, traceFlags } = draw()
        expect(traceId).toMatch(/^(?!0+$)[0-9a-f]{32}$/)
        const { decision } = sampler.shouldSample(ROOT_CONTEXT, traceId)
        expect(decision === SamplingDecision.RECORD_AND_SAMPLED).toBe(traceFlags === TraceFlags.SAMPLED)
      }
    }),
  )
  const drawn = Array.from({ length: 4000 }, createDrawTrace(0.5))
  expect(new Set(drawn.map(({ traceId }) => traceId)).size).toBe(4000)
  const sampled = drawn.filter(({ traceFlags }) => traceFlags === TraceFlags.SAMPLED).length
  expect(sampled).toBeGreaterThan(1700)
  expect(sampled).toBeLessThan(2300)
})

describe('a span that nobody exports', () => {
  test('has no ids until they are asked for, and the same ones from then on', () => {
    const { asked, sampler } = counting(half())
    const tracer = createIdTracerProvider({ sampler, samplesByTrace: true, idGenerator: undefined }).getTracer('t')
    const outer = tracer.startSpan('outer')
    const inner = tracer.startSpan('inner', {}, trace.setSpan(ROOT_CONTEXT, outer))
    expect(asked).toHaveLength(0)
    const { traceId, spanId, traceFlags } = inner.spanContext()
    expect(outer.spanContext()).toMatchObject({ traceId, traceFlags })
    expect(outer.spanContext().spanId).not.toBe(spanId)
    expect(inner.spanContext()).toEqual({ traceId, spanId, traceFlags })
    expect(asked).toHaveLength(1)
  })

  test('does not keep the spans that it follows from', async () => {
    const provider = createIdTracerProvider({ sampler: half(), samplesByTrace: true, idGenerator: undefined })
    const tracer = provider.getTracer('t')
    const spans: WeakRef<Span>[] = []
    let active: Context = ROOT_CONTEXT
    for (let index = 0; index < 100; index++) {
      const span = tracer.startSpan('next', {}, active)
      active = trace.setSpan(active, span)
      spans.push(new WeakRef(span))
    }
    // What a weak reference has given stays alive until the turn has ended.
    await new Promise((resolve) => setImmediate(resolve))
    collectGarbage()
    expect(spans.filter((span) => span.deref() !== undefined).length).toBeLessThan(10)
    expect(trace.getSpanContext(active)?.traceId).toMatch(/^[0-9a-f]{32}$/)
  })

  test('is decided at once by a sampler that looks at more than the trace', () => {
    const { asked, sampler } = counting(new AlwaysOnSampler())
    const tracer = createIdTracerProvider({ sampler, samplesByTrace: false, idGenerator: undefined }).getTracer('t')
    const outer = tracer.startSpan('outer', { attributes: { user: 'a' } })
    tracer.startSpan('inner', { attributes: { user: 'b' } }, trace.setSpan(ROOT_CONTEXT, outer))
    expect(asked).toEqual(['outer a', 'inner b'])
  })

  test('continues the trace, the flags and the state of a remote parent', () => {
    const tracer = createIdTracerProvider({ sampler: half(), samplesByTrace: true, idGenerator: undefined }).getTracer(
      't',
    )
    for (const traceFlags of [TraceFlags.NONE, TraceFlags.SAMPLED]) {
      const parent = propagation.extract(remote(traceFlags), {})
      const span = tracer.startSpan('here', {}, parent).spanContext()
      expect(span).toMatchObject({ traceId: REMOTE.traceId, traceFlags })
      expect(span.spanId).not.toBe(REMOTE.spanId)
      expect(span).not.toHaveProperty('isRemote')
    }
    const own = tracer.startSpan('own', { root: true }, remote(TraceFlags.SAMPLED)).spanContext()
    expect(own.traceId).not.toBe(REMOTE.traceId)
  })
})

test('sampling before spans are made gives those that the SDK alone would give', () => {
  const parents = { none: ROOT_CONTEXT, dropped: remote(TraceFlags.NONE), sampled: remote(TraceFlags.SAMPLED) }
  assert(
    property(
      record({
        sampler: constantFrom(...(Object.keys(samplers) as (keyof typeof samplers)[])),
        parent: constantFrom(...(Object.keys(parents) as (keyof typeof parents)[])),
        root: boolean(),
        knowsShare: boolean(),
        depth: integer({ min: 1, max: 4 }),
        kind: oneof(constantFrom(SpanKind.INTERNAL, SpanKind.SERVER)),
      }),
      ({ sampler: name, parent, root, knowsShare, depth, kind }) => {
        const sampler = samplers[name]()
        const { exporter, provider } = recordingProvider(sampler, knowsShare ? shares[name] : undefined)
        const tracer = provider.getTracer('t', '1')
        let active = parents[parent]
        const spans: Span[] = []
        for (let index = 0; index < depth; index++) {
          const span = tracer.startSpan(
            `span ${index}`,
            { kind, root: root && index === 0, attributes: { index } },
            active,
          )
          active = trace.setSpan(active, span)
          spans.push(span)
        }
        for (const span of spans) span.end()
        const [first] = spans as [Span]
        const { traceId } = first.spanContext()
        const begins = root || parent === 'none'
        expect(traceId === REMOTE.traceId).toBe(!begins)
        const at = begins ? ROOT_CONTEXT : parents[parent]
        const { decision } = sampler.shouldSample(at, traceId, '', kind, {}, [])
        const isSampled = decision === SamplingDecision.RECORD_AND_SAMPLED
        expect(new Set(spans.map((span) => span.spanContext().traceId))).toEqual(new Set([traceId]))
        expect(spans.map((span) => span.spanContext().traceFlags)).toEqual(spans.map(() => (isSampled ? 1 : 0)))
        expect(spans.map((span) => span.isRecording())).toEqual(spans.map(() => false))
        const finished = exporter.getFinishedSpans()
        expect(finished.map((span) => span.spanContext())).toEqual(
          isSampled ? spans.map((span) => span.spanContext()) : [],
        )
        expect(finished.map(({ attributes }) => attributes['index'])).toEqual(finished.map((_, index) => index))
        const known = finished.map(({ parentSpanContext }) => parentSpanContext?.spanId)
        const expected = [begins ? undefined : REMOTE.spanId, ...spans.map((span) => span.spanContext().spanId)]
        expect(known).toEqual(expected.slice(0, finished.length))
      },
    ),
  )
})

test('a sampler that decides as was decided about the parent is not asked, and what it would say comes out', () => {
  const states = [undefined, createTraceState('vendor=1')]
  assert(
    property(integer({ min: 0, max: 255 }), constantFrom(...states), (traceFlags, traceState) => {
      const { asked, sampler } = counting(half())
      const parent = { ...REMOTE, traceFlags, ...(traceState && { traceState }) }
      const [ours, theirs] = [
        recordingProvider(sampler, 0.5, true).provider,
        new TracerProvider({ sampler: half() }),
      ].map((provider) =>
        provider.getTracer('t').startSpan('here', {}, trace.setSpanContext(ROOT_CONTEXT, parent)),
      ) as [Span, Span]
      expect(asked).toEqual([])
      expect(ours.isRecording()).toBe(theirs.isRecording())
      expect({ ...ours.spanContext(), spanId: '' }).toEqual({ ...theirs.spanContext(), spanId: '' })
    }),
  )
})

test.each(['always_on', 'parentbased_always_on', 'traceidratio', 'parentbased_traceidratio'] as const)(
  'a trace that was not sampled where it comes from is sampled here by %s only if that has its own mind',
  async (sampler) => {
    const exporter = new InMemorySpanExporter()
    const telemetry = start({
      banner: false,
      endpoint: { enabled: false },
      traces: { sampler, samplerRatio: 1 },
      sdk: { spanProcessors: [new SimpleSpanProcessor({ exporter })], metricReaders: [] },
    })
    onTestFinished(async () => {
      await telemetry.shutdown()
      for (const api of [trace, propagation, context]) api.disable()
    })
    trace.getTracer('t').startSpan('here', {}, remote(TraceFlags.NONE)).end()
    trace.getTracer('t').startSpan('there', {}, remote(TraceFlags.SAMPLED)).end()
    const names = exporter.getFinishedSpans().map(({ name }) => name)
    expect(names).toEqual(sampler.startsWith('parentbased_') ? ['there'] : ['here', 'there'])
  },
)

describe('start() with a ratio', () => {
  afterEach(() => {
    for (const api of [trace, propagation, context]) api.disable()
  })

  test('samples before spans are made, also for tracers that were got before', async () => {
    const before = trace.getTracer('before')
    const exporter = new InMemorySpanExporter()
    const telemetry = start({
      banner: false,
      endpoint: { enabled: false },
      http: { clientSpans: false },
      traces: { sampler: 'parentbased_traceidratio', samplerRatio: 0.5 },
      sdk: { spanProcessors: [new SimpleSpanProcessor({ exporter })] },
    })
    onTestFinished(() => telemetry.shutdown())
    const spans = [before, trace.getTracer('after')].flatMap((tracer) =>
      Array.from({ length: 100 }, () => {
        const span = tracer.startSpan('one')
        const recording = span.isRecording()
        span.end()
        return { recording, id: span.spanContext().spanId }
      }),
    )
    const recorded = spans.filter(({ recording }) => recording).map(({ id }) => id)
    expect(exporter.getFinishedSpans().map((span) => span.spanContext().spanId)).toEqual(recorded)
    expect(recorded.length).toBeGreaterThan(20)
    expect(recorded.length).toBeLessThan(180)
    await (trace.getTracerProvider() as unknown as { getDelegate(): TracerProvider }).getDelegate().forceFlush()
  })
})
