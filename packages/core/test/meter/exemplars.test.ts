import { context, ROOT_CONTEXT, trace, TraceFlags } from '@opentelemetry/api'
import type { Context } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'

import { createInstruments, createMeterProvider } from '../../src/index.ts'
import type { Catalogue, DataPoint, SeriesProducer } from '../../src/index.ts'
import { firstData } from './points.ts'

const catalogue = {
  counter: { kind: 'counter', name: 'test.counter', unit: '{item}', help: 'h', attributes: { plugin: 'string' } },
  upDown: { kind: 'upDownCounter', name: 'test.up_down', unit: '{item}', help: 'h', attributes: {} },
  histogram: {
    kind: 'histogram',
    name: 'test.histogram',
    unit: 's',
    help: 'h',
    attributes: { plugin: 'string' },
    buckets: [1, 2],
  },
} as const satisfies Catalogue

const plugin = 'a'

beforeEach(() => void context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable()))
afterEach(() => context.disable())

function setUp() {
  const provider = createMeterProvider({ telemetry: false })
  return { producer: provider.producer(), ...createInstruments(catalogue, { scope: 'test', meterProvider: provider }) }
}

function spanContext(n: number, traceFlags = TraceFlags.SAMPLED): Context {
  const traceId = String(n).padStart(32, '0')
  return trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId: String(n).padStart(16, '0'), traceFlags })
}

async function exemplarsOf(producer: SeriesProducer, name: string) {
  const points: readonly DataPoint<unknown>[] = firstData(await producer.collect(), name).dataPoints
  return points[0]?.exemplars?.map(({ value, traceId, bucket }) => [value, Number(traceId), bucket])
}

test('a record in a sampled span leaves its trace with the bucket that counted it', async () => {
  vi.useFakeTimers({ now: 1_500, toFake: ['Date'] })
  try {
    const { producer, histogram } = setUp()
    histogram.record(0.5, { plugin }, spanContext(1))
    histogram.record(7, { plugin }, spanContext(2))
    expect(firstData(await producer.collect(), 'test.histogram').dataPoints[0]?.exemplars).toEqual([
      { value: 0.5, timestamp: 1.5, traceId: '0'.repeat(31) + '1', spanId: '0'.repeat(15) + '1', bucket: 0 },
      { value: 7, timestamp: 1.5, traceId: '0'.repeat(31) + '2', spanId: '0'.repeat(15) + '2', bucket: 2 },
    ])
  } finally {
    vi.useRealTimers()
  }
})

test('the active span counts where no context is passed, the passed one where there is one', async () => {
  const { producer, counter } = setUp()
  context.with(spanContext(1), () => counter.add(1, { plugin }))
  expect(await exemplarsOf(producer, 'test.counter')).toEqual([[1, 1, undefined]])
  context.with(spanContext(2), () => counter.bind({ plugin }).add(4, spanContext(3)))
  expect(await exemplarsOf(producer, 'test.counter')).toEqual([[4, 3, undefined]])
})

test('a span that is not sampled, an invalid one and no span at all leave nothing', async () => {
  const { producer, counter, upDown } = setUp()
  counter.add(1, { plugin }, spanContext(1, TraceFlags.NONE))
  counter.add(1, { plugin }, spanContext(0))
  counter.add(1, { plugin })
  counter.add(1, { plugin }, {} as Context)
  upDown.add(1, {}, spanContext(1))
  const collected = await producer.collect()
  for (const name of ['test.counter', 'test.up_down']) {
    expect(firstData(collected, name).dataPoints[0]).not.toHaveProperty('exemplars')
  }
  expect(firstData(collected, 'test.counter').dataPoints[0]?.value).toBe(4)
})

test('a bucket keeps the first trace of an interval, and that until another comes', async () => {
  const { producer, counter } = setUp()
  for (const n of [1, 2, 3]) counter.add(1, { plugin }, spanContext(n))
  expect(await exemplarsOf(producer, 'test.counter')).toEqual([[1, 1, undefined]])
  counter.add(1, { plugin })
  expect(await exemplarsOf(producer, 'test.counter')).toEqual([[1, 1, undefined]])
  counter.add(1, { plugin }, spanContext(4))
  expect(await exemplarsOf(producer, 'test.counter')).toEqual([[1, 4, undefined]])
})

test('a series made again after its removal begins without the exemplars of its predecessor', async () => {
  const { producer, counter, histogram } = setUp()
  counter.add(1, { plugin }, spanContext(1))
  histogram.record(1, { plugin }, spanContext(1))
  counter.remove({ plugin })
  histogram.remove({ plugin })
  counter.add(1, { plugin })
  histogram.record(1, { plugin })
  expect(await exemplarsOf(producer, 'test.counter')).toBeUndefined()
  expect(await exemplarsOf(producer, 'test.histogram')).toBeUndefined()
})

test('a series made again after its removal gets exemplars of its own at once', async () => {
  const { producer, counter } = setUp()
  counter.add(1, { plugin }, spanContext(1))
  counter.remove({ plugin })
  counter.add(1, { plugin }, spanContext(2))
  expect(await exemplarsOf(producer, 'test.counter')).toEqual([[1, 2, undefined]])
})

test('between two collections no more than 1000 contexts are looked at, however many records there are', async () => {
  const { producer, counter } = setUp()
  const look = vi.spyOn(trace, 'getSpanContext')
  try {
    for (let i = 0; i < 5000; i++) counter.add(1, { plugin })
    expect(look).toHaveBeenCalledTimes(1000)
    await producer.collect()
    for (let i = 0; i < 5000; i++) counter.add(1, { plugin }, spanContext(1))
    expect(look).toHaveBeenCalledTimes(1001)
  } finally {
    look.mockRestore()
  }
})
