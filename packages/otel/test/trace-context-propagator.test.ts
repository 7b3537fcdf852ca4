import { createTraceState, defaultTextMapGetter, defaultTextMapSetter, ROOT_CONTEXT, trace } from '@opentelemetry/api'
import type { Context } from '@opentelemetry/api'
import { suppressTracing, W3CTraceContextPropagator } from '@opentelemetry/core'
import { resourceFromAttributes } from '@opentelemetry/resources'
import { AlwaysOnSampler, TracerProvider as StockProvider } from '@opentelemetry/sdk-trace'
import {
  array,
  assert,
  boolean,
  constant,
  constantFrom,
  integer,
  oneof,
  property,
  record,
  string,
  tuple,
} from 'fast-check'
import { expect, test } from 'vitest'

import { createTraceContextPropagator } from '../src/sdk/trace-context-propagator.ts'
import { withOwnSpans } from '../src/sdk/with-own-spans.ts'

const stock = new W3CTraceContextPropagator()
const own = createTraceContextPropagator()

const digits = (length: number) =>
  oneof(
    {
      weight: 5,
      arbitrary: string({
        unit: constantFrom(...Array.from('0123456789abcdef')),
        minLength: length,
        maxLength: length,
      }),
    },
    constant('0'.repeat(length)),
    string({
      unit: constantFrom(...Array.from('0123456789abcdefABCDEFgG -é')),
      minLength: length - 1,
      maxLength: length + 1,
    }),
  )
const header = oneof(
  {
    weight: 9,
    arbitrary: tuple(oneof(constant('00'), digits(2)), digits(32), digits(16), digits(2)).map((all) => all.join('-')),
  },
  string(),
)
/** As it is, or with one character changed, taken out or put in. */
const parent = oneof(
  header,
  tuple(header, integer({ min: 0, max: 60 }), integer({ min: 0, max: 1 }), constantFrom('', '-', ' ', 'f', '\n')).map(
    ([text, at, gone, put]) => text.slice(0, at) + put + text.slice(at + gone),
  ),
)
const carriers = record(
  {
    traceparent: oneof({ weight: 5, arbitrary: parent }, array(parent, { maxLength: 2 })),
    tracestate: oneof(
      constantFrom('', 'a=1', 'a=1,b=2', 'no state'),
      array(constantFrom('a=1', 'b=2'), { maxLength: 2 }),
    ),
  },
  { requiredKeys: [] },
)

function read(context: Context): unknown {
  const { traceState, ...ids } = trace.getSpanContext(context) ?? {}
  return { ...ids, traceState: traceState?.serialize(), isRecording: trace.getSpan(context)?.isRecording() }
}

test('a trace is read as the SDK reads it, or is none where that sees none', () => {
  assert(
    property(carriers, (carrier) => {
      const [ours, theirs] = [own, stock].map((propagator) =>
        propagator.extract(ROOT_CONTEXT, carrier, defaultTextMapGetter),
      )
      expect(read(ours!)).toEqual(read(theirs!))
      expect(ours === ROOT_CONTEXT).toBe(theirs === ROOT_CONTEXT)
    }),
    { numRuns: 2000 },
  )
})

test('a trace that was written here is read as the SDK reads it', () => {
  const states = [undefined, createTraceState('vendor=1')]
  assert(
    property(
      digits(32),
      digits(16),
      integer({ min: 0, max: 20 }),
      constantFrom(...states),
      (traceId, spanId, traceFlags, state) => {
        const written = { traceId, spanId, traceFlags, ...(state && { traceState: state }) }
        const [carrier, other] = [{}, { traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' }]
        own.inject(trace.setSpanContext(ROOT_CONTEXT, written), carrier, defaultTextMapSetter)
        for (const given of [carrier, other, { ...carrier }, { ...carrier, tracestate: 'a=1' }]) {
          const ours = own.extract(ROOT_CONTEXT, given, defaultTextMapGetter)
          expect(read(ours)).toEqual(read(stock.extract(ROOT_CONTEXT, given, defaultTextMapGetter)))
        }
      },
    ),
  )
})

test('a trace is written as the SDK writes it, unless tracing is suppressed', () => {
  assert(
    property(
      digits(32),
      digits(16),
      integer({ min: 0, max: 20 }),
      boolean(),
      (traceId, spanId, traceFlags, isSuppressed) => {
        const around = isSuppressed ? suppressTracing(ROOT_CONTEXT) : ROOT_CONTEXT
        const context = trace.setSpanContext(around, { traceId, spanId, traceFlags })
        const [ours, theirs] = [{}, {}]
        own.inject(context, ours, defaultTextMapSetter)
        stock.inject(context, theirs, defaultTextMapSetter)
        expect(ours).toEqual(theirs)
      },
    ),
  )
})

test('the trace of a span that is recorded here is written and read as the SDK does it, whoever made its ids', () => {
  assert(
    property(
      oneof(digits(32), constant('AB'.repeat(16))),
      oneof(digits(16), constant('CD'.repeat(8))),
      boolean(),
      boolean(),
      boolean(),
      (traceId, spanId, isChild, isGiven, followsParent) => {
        const provider = withOwnSpans(new StockProvider(), {
          resource: resourceFromAttributes({}),
          sampler: new AlwaysOnSampler(),
          samplesByTrace: true,
          sampledShare: 1,
          followsParent,
          idGenerator: isGiven ? { generateTraceId: () => traceId, generateSpanId: () => spanId } : undefined,
          spanLimits: {},
          spanProcessors: [],
        })
        let around = isChild
          ? trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId, traceFlags: 1, isRemote: true })
          : ROOT_CONTEXT
        // The second span is the child of what was read of the first.
        for (let generation = 0; generation < 2; generation++) {
          const context = trace.setSpan(around, provider.getTracer('t').startSpan('it', {}, around))
          const [ours, theirs] = [{}, {}]
          own.inject(context, ours, defaultTextMapSetter)
          stock.inject(context, theirs, defaultTextMapSetter)
          expect(ours).toEqual(theirs)
          around = own.extract(ROOT_CONTEXT, ours, defaultTextMapGetter)
          expect(read(around)).toEqual(read(stock.extract(ROOT_CONTEXT, ours, defaultTextMapGetter)))
        }
      },
    ),
  )
})
