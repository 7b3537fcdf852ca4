import { defaultTextMapGetter, defaultTextMapSetter, ROOT_CONTEXT, trace } from '@opentelemetry/api'
import type { Context } from '@opentelemetry/api'
import { W3CTraceContextPropagator } from '@opentelemetry/core'
import { array, assert, constant, constantFrom, integer, oneof, property, record, string, tuple } from 'fast-check'
import { expect, test } from 'vitest'

import { createTraceContextPropagator } from '../src/sdk/trace-context-propagator.ts'

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

test('a trace is written as the SDK writes it', () => {
  assert(
    property(digits(32), digits(16), integer({ min: 0, max: 3 }), (traceId, spanId, traceFlags) => {
      const context = trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId, traceFlags })
      const [ours, theirs] = [{}, {}]
      own.inject(context, ours, defaultTextMapSetter)
      stock.inject(context, theirs, defaultTextMapSetter)
      expect(ours).toEqual(theirs)
    }),
  )
})
