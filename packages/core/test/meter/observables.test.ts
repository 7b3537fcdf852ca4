import type { ObservableResult } from '@opentelemetry/api'
import { expect, onTestFinished, test, vi } from 'vitest'

import { CATALOGUE, createInstruments, createMeterProvider } from '../../src/index.ts'
import type { Catalogue } from '../../src/index.ts'
import { collectWarnings } from './diagnostics.ts'
import { collectPoints, firstData, pointsOf, valueOf } from './points.ts'

const labels = { queue: 'string' } as const
const catalogue = {
  size: { kind: 'observableGauge', name: 'test.size', unit: '{item}', help: 'h', attributes: labels },
  done: { kind: 'observableCounter', name: 'test.done', unit: '{item}', help: 'h', attributes: labels },
  credit: { kind: 'observableUpDownCounter', name: 'test.credit', unit: '{item}', help: 'h', attributes: labels },
} as const satisfies Catalogue

const warnings = collectWarnings()

function byKey([a]: [string, unknown], [b]: [string, unknown]): number {
  return a < b ? -1 : 1
}

function setUp(seriesLimit = 2000) {
  const provider = createMeterProvider({ seriesLimit, telemetry: false })
  const meter = provider.getMeter('test', '1', { [CATALOGUE]: catalogue })
  return { provider, meter, ...createInstruments(catalogue, { scope: 'test', version: '1', meterProvider: provider }) }
}

test('a series that is no longer observed is gone from the next collection', async () => {
  const { provider, size, done } = setUp()
  const producer = provider.producer()
  const queues = new Map([
    ['a', 1],
    ['b', 2],
  ])
  for (const each of [size, done])
    each.observe((observe) => queues.forEach((value, queue) => observe(value, { queue })))
  expect((await collectPoints(producer)).get('test.size')?.size).toBe(2)
  queues.delete('a')
  const points = await collectPoints(producer)
  expect([...(points.get('test.size') ?? [])]).toEqual([['{"queue":"b"}', 2]])
  expect([...(points.get('test.done') ?? [])]).toEqual([['{"queue":"b"}', 2]])
})

test('a delta reader gets an observed total once, also when it was not observed in between, and a restarted one whole', async () => {
  const { provider, done } = setUp()
  const producer = provider.producer(() => 0)
  let total: number | undefined = 10
  done.observe((observe) => total !== undefined && observe(total, { queue: 'a' }))
  const next = async (value: number | undefined) => {
    total = value
    return valueOf(await collectPoints(producer), 'test.done', { queue: 'a' })
  }
  expect(await next(10)).toBe(10)
  expect(await next(15)).toBe(5)
  expect(await next(undefined)).toBeUndefined()
  expect(await next(18)).toBe(3)
  expect(await next(4)).toBe(4)
})

test('an observed total that begins anew has a new start time', async () => {
  vi.useFakeTimers({ now: 1_000_000, toFake: ['Date'] })
  try {
    const { provider, done } = setUp()
    const producer = provider.producer()
    let total = 10
    done.observe((observe) => observe(total, { queue: 'a' }))
    await producer.collect()
    vi.setSystemTime(2_000_000)
    total = 12
    expect(firstData(await producer.collect(), 'test.done').dataPoints[0]?.startTime).toEqual([1000, 0])
    total = 1
    expect(firstData(await producer.collect(), 'test.done').dataPoints[0]?.startTime).toEqual([2000, 0])
  } finally {
    vi.useRealTimers()
  }
})

test('a callback that never ends does not hang a collection, is left out, and is not started again meanwhile', async () => {
  const { provider, meter, size } = setUp()
  const producer = provider.producer()
  const hang = vi.fn<() => Promise<void>>(() => new Promise(() => {}))
  meter.createObservableGauge('test.size').addCallback(hang)
  size.observe((observe) => observe(3, { queue: 'a' }))
  for (let i = 0; i < 2; i++) {
    const result = await producer.collect({ timeoutMillis: 20 })
    expect(valueOf(pointsOf(result), 'test.size', { queue: 'a' })).toBe(3)
    expect(result.errors.map(String)).toEqual([
      'Error: the callback of test.size has not ended within 20 ms; its series are left out',
    ])
  }
  expect(hang).toHaveBeenCalledTimes(1)
  expect(warnings).toHaveLength(1)
})

test('what a slow callback observes belongs to the collections that wait for it; one that ends too late is heard the next time', async () => {
  const { provider, meter } = setUp()
  const [first, second] = [provider.producer(), provider.producer()]
  let finish!: (value: number) => void
  meter.createObservableGauge('test.size').addCallback(async (result) => {
    result.observe(await new Promise<number>((resolve) => (finish = resolve)), { queue: 'a' })
  })
  const both = [first.collect(), second.collect()]
  finish(5)
  for (const result of await Promise.all(both)) expect(valueOf(pointsOf(result), 'test.size', { queue: 'a' })).toBe(5)
  const late = await first.collect({ timeoutMillis: 1 })
  expect(late.errors).toHaveLength(1)
  const next = first.collect()
  finish(6)
  expect(valueOf(pointsOf(await next), 'test.size', { queue: 'a' })).toBe(6)
})

test('a callback that throws or rejects is reported and said once; what it had observed is left out, the others are not', async () => {
  const { provider, meter, size, done } = setUp()
  const producer = provider.producer()
  size.observe((observe) => {
    observe(1, { queue: 'a' })
    throw new Error('no connection')
  })
  meter.createObservableCounter('test.done').addCallback(() => Promise.reject(new Error('no permission')))
  done.observe((observe) => observe(9, { queue: 'b' }))
  const first = await producer.collect()
  await producer.collect()
  expect(first.errors.map(String)).toEqual(['Error: no connection', 'Error: no permission'])
  expect([...pointsOf(first)]).toEqual([['test.done', new Map([['{"queue":"b"}', 9]])]])
  expect(warnings).toEqual([
    'the callback that observes test.size failed: Error: no connection; its series are left out until it succeeds',
    'the callback that observes test.done failed: Error: no permission; its series are left out until it succeeds',
  ])
})

test('a batch callback observes its own instruments only, and can be removed', async () => {
  const { provider, meter } = setUp()
  const producer = provider.producer()
  const [size, done] = [meter.createObservableGauge('test.size'), meter.createObservableCounter('test.done')]
  const credit = meter.createObservableUpDownCounter('test.credit')
  const callback = vi.fn<Parameters<typeof meter.addBatchObservableCallback>[0]>((result) => {
    result.observe(size, 1, { queue: 'a' })
    result.observe(done, 2, { queue: 'a' })
    result.observe(credit, -3, { queue: 'a' })
    result.observe({} as never, 4)
  })
  meter.addBatchObservableCallback(callback, [size, done])
  meter.addBatchObservableCallback(callback, [done, size])
  expect([...(await collectPoints(producer)).keys()]).toEqual(['test.size', 'test.done'])
  expect(callback).toHaveBeenCalledTimes(1)
  meter.removeBatchObservableCallback(callback, [size, done])
  expect((await collectPoints(producer)).size).toBe(0)
})

test('the same callback is added once, and none runs after it was removed', async () => {
  const { provider, meter, size } = setUp()
  const observable = meter.createObservableGauge('test.size')
  const callback = vi.fn<Parameters<typeof observable.addCallback>[0]>((result) => result.observe(1, { queue: 'a' }))
  observable.addCallback(callback)
  observable.addCallback(callback)
  const typed = vi.fn<Parameters<typeof size.observe>[0]>()
  const stop = size.observe(typed)
  await provider.producer().collect()
  observable.removeCallback(callback)
  stop()
  await provider.producer().collect()
  expect(callback).toHaveBeenCalledTimes(1)
  expect(typed).toHaveBeenCalledTimes(1)
})

test('beyond the limit the overflow series of an observed gauge has the last value: those of several add up to nothing', async () => {
  const { provider, size } = setUp(2)
  const producer = provider.producer()
  size.observe((observe) => ['a', 'b', 'c'].forEach((queue, index) => observe(10 + index, { queue })))
  const expected = [
    ['{"otel.metric.overflow":true}', 12],
    ['{"queue":"a"}', 10],
  ]
  for (let collection = 0; collection < 2; collection++) {
    const points = (await collectPoints(producer)).get('test.size') ?? []
    expect([...points].toSorted(byKey)).toEqual(expected)
  }
})

test('beyond the limit observed totals add up in the overflow series, and give way when others are no longer observed', async () => {
  const { provider, credit } = setUp(3)
  const producer = provider.producer()
  let queues = ['a', 'b', 'c', 'd']
  credit.observe((observe) => queues.forEach((queue) => observe(10, { queue })))
  expect([...((await collectPoints(producer)).get('test.credit') ?? [])]).toEqual([
    ['{"queue":"a"}', 10],
    ['{"queue":"b"}', 10],
    ['{"otel.metric.overflow":true}', 20],
  ])
  queues = ['x', 'b']
  expect([...((await collectPoints(producer)).get('test.credit') ?? [])].toSorted(byKey)).toEqual([
    ['{"queue":"b"}', 10],
    ['{"queue":"x"}', 10],
  ])
})

test('a callback that has ended observes no more, and one that ended in time leaves no timer behind', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  onTestFinished(() => void vi.useRealTimers())
  const { provider, meter } = setUp()
  const size = meter.createObservableGauge('test.size')
  let late: ObservableResult | undefined
  size.addCallback((result) => {
    late ??= result
    result.observe(1, { queue: 'a' })
  })
  size.addCallback(async () => late?.observe(2, { queue: 'late' }))
  expect([...(await collectPoints(provider.producer()))]).toEqual([['test.size', new Map([['{"queue":"a"}', 1]])]])
  expect(vi.getTimerCount()).toBe(0)
})

test('values that cannot be are not observed', async () => {
  const { provider, size, done } = setUp()
  size.observe((observe) => {
    observe(NaN, { queue: 'a' })
    observe(Infinity, { queue: 'b' })
    observe(-0, { queue: 'c' })
    observe(1, {} as never)
  })
  done.observe((observe) => {
    observe(-1, { queue: 'a' })
    observe(Infinity, { queue: 'b' })
    observe('5' as never, { queue: 'c' })
  })
  const points = await collectPoints(provider.producer())
  expect([...points]).toEqual([
    [
      'test.size',
      new Map([
        ['{"queue":"b"}', Infinity],
        ['{"queue":"c"}', 0],
      ]),
    ],
  ])
})

test('a callback learns which reader collects, and that nobody known does where it is another', async () => {
  const { provider, size } = setUp()
  const [one, other] = [provider.producer(), provider.producer()]
  const readers: (object | undefined)[] = []
  size.observe((_observe, reader) => readers.push(reader))
  await one.collect()
  await other.collect()
  one.collectNow()
  provider.readSeries('test.size')
  expect(readers).toEqual([readers[0], readers[1], readers[0], undefined])
  expect(readers[0]).toBeDefined()
  expect(readers[1]).not.toBe(readers[0])
})
