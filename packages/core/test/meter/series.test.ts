import { expect, test, vi } from 'vitest'

import { createInstruments, createMeterProvider } from '../../src/index.ts'
import type { Catalogue } from '../../src/index.ts'
import { CellMeterProvider } from '../../src/meter/meter-provider.ts'
import { collectWarnings } from './diagnostics.ts'
import { collectPoints, firstData, valueOf } from './points.ts'

const labels = { plugin: 'string', status: ['ok', 'error'] } as const
const catalogue = {
  runs: { kind: 'counter', name: 'test.runs', unit: '{run}', help: 'h', attributes: labels },
  time: { kind: 'histogram', name: 'test.time', unit: 's', help: 'h', attributes: { plugin: 'string' }, buckets: [1] },
  ends: {
    kind: 'counter',
    name: 'test.ends',
    unit: '{end}',
    help: 'h',
    attributes: { status: ['ok', 'error'], by: ['user', 'host'] },
  },
  starts: { kind: 'counter', name: 'test.starts', unit: '{start}', help: 'h', attributes: {} },
  open: { kind: 'upDownCounter', name: 'test.open', unit: '{item}', help: 'h', attributes: {} },
  level: { kind: 'gauge', name: 'test.level', unit: '{item}', help: 'h', attributes: {} },
} as const satisfies Catalogue

const warnings = collectWarnings()

function setUp(seriesLimit = 2000) {
  const provider = createMeterProvider({ seriesLimit })
  return {
    provider,
    producer: provider.producer(),
    ...createInstruments(catalogue, { scope: 'test', meterProvider: provider }),
  }
}

test('sums whose every series is known beforehand are there from the start, at 0', async () => {
  const points = await collectPoints(setUp().producer)
  expect([...(points.get('test.ends') ?? [])]).toEqual([
    ['{"by":"user","status":"ok"}', 0],
    ['{"by":"host","status":"ok"}', 0],
    ['{"by":"user","status":"error"}', 0],
    ['{"by":"host","status":"error"}', 0],
  ])
  expect(valueOf(points, 'test.starts')).toBe(0)
  expect(valueOf(points, 'test.open')).toBe(0)
  expect(points.has('test.level') || points.has('test.runs')).toBe(false)
})

test('zero() makes the series of every closed value that is left out, and leaves what there is', async () => {
  const { producer, runs, time } = setUp()
  runs.add(3, { plugin: 'a', status: 'ok' })
  runs.zero({ plugin: 'a' })
  runs.zero({ plugin: 'b', status: 'error' })
  time.zero({ plugin: 'a' })
  const points = await collectPoints(producer)
  expect([...(points.get('test.runs') ?? [])]).toEqual([
    ['{"plugin":"a","status":"ok"}', 3],
    ['{"plugin":"a","status":"error"}', 0],
    ['{"plugin":"b","status":"error"}', 0],
  ])
  expect(valueOf(points, 'test.time', { plugin: 'a' })).toEqual({ count: 0, sum: 0, counts: [0, 0] })
})

test('zero() makes no series beyond the limit, and counts nothing as overflowed', async () => {
  const { producer, runs } = setUp(3)
  for (let i = 0; i < 10; i++) runs.zero({ plugin: `p${i}` })
  const points = await collectPoints(producer)
  expect([...(points.get('test.runs') ?? [])]).toEqual([
    ['{"plugin":"p0","status":"ok"}', 0],
    ['{"plugin":"p0","status":"error"}', 0],
  ])
  expect(valueOf(points, 'mcp.telemetry.overflowed_records', { instrument: 'test.runs' })).toBe(0)
  runs.add(2, { plugin: 'p9', status: 'ok' })
  const after = await collectPoints(producer)
  expect(valueOf(after, 'mcp.telemetry.overflowed_records', { instrument: 'test.runs' })).toBe(1)
})

test('a series made by zero() is given to a delta reader once', async () => {
  const { provider, runs } = setUp()
  const delta = provider.producer(() => 0)
  runs.zero({ plugin: 'a' })
  expect((await collectPoints(delta)).get('test.runs')?.size).toBe(2)
  expect((await collectPoints(delta)).get('test.runs')).toBeUndefined()
})

test('zero() without an open attribute, with an unknown one or with too many values changes nothing and says why', async () => {
  const { producer, runs } = setUp(2)
  runs.zero({ status: 'ok' })
  runs.zero({ plugin: 'a', user: 'eve' } as never)
  runs.zero({ plugin: 'a' })
  expect((await collectPoints(producer)).get('test.runs')).toBeUndefined()
  expect(warnings.filter((warning) => warning.startsWith('test.runs'))).toEqual([
    'test.runs stays as it is: zero() needs plugin, as every attribute that is not a closed set',
    'test.runs has no series with attribute "user" of "eve"; expected strings for plugin, status',
  ])
})

test('remove() takes every series that matches, and a series made again begins at 0 with its own start', async () => {
  vi.useFakeTimers({ now: 1_000_000, toFake: ['Date'] })
  try {
    const { producer, runs } = setUp()
    runs.add(1, { plugin: 'a', status: 'ok' })
    runs.add(2, { plugin: 'a', status: 'error' })
    runs.add(4, { plugin: 'b', status: 'ok' })
    runs.remove({ plugin: 'a' })
    expect([...((await collectPoints(producer)).get('test.runs') ?? [])]).toEqual([['{"plugin":"b","status":"ok"}', 4]])
    vi.setSystemTime(2_000_000)
    runs.add(8, { plugin: 'a', status: 'ok' })
    const points = firstData(await producer.collect(), 'test.runs').dataPoints
    expect(points.map(({ attributes, value, startTime }) => [attributes['plugin'], value, startTime])).toEqual([
      ['a', 8, [2000, 0]],
      ['b', 4, [1000, 0]],
    ])
  } finally {
    vi.useRealTimers()
  }
})

test('remove() with a name or a value that no series can have removes nothing', async () => {
  const { producer, runs } = setUp()
  runs.add(1, { plugin: 'a', status: 'ok' })
  runs.remove({ plugn: 'a' } as never)
  runs.remove({ plugin: undefined } as never)
  runs.remove({ plugin: 'z' })
  expect(valueOf(await collectPoints(producer), 'test.runs', { plugin: 'a', status: 'ok' })).toBe(1)
})

test('a series that is bound again has the same handle, until it is removed; old and new ones then count together', () => {
  const { provider, runs } = setUp()
  const attributes = { plugin: 'a', status: 'ok' } as const
  const first = runs.bind(attributes)
  first.add(1)
  const second = runs.bind({ ...attributes })
  expect(second).toBe(first)
  runs.remove({})
  const third = runs.bind(attributes)
  for (const handle of [first, second, third]) for (let i = 0; i < 2; i++) handle.add(1)
  expect(provider.readSeries('test.runs')).toEqual([{ attributes, value: 6 }])
  runs.remove({})
  for (const handle of [third, first]) handle.add(1)
  expect(provider.readSeries('test.runs')).toEqual([{ attributes, value: 2 }])
})

test('a handle whose series was removed makes it anew at the next record, and never writes into another', async () => {
  const { producer, runs } = setUp()
  const handle = runs.bind({ plugin: 'a', status: 'ok' })
  handle.add(5)
  runs.remove({})
  expect((await collectPoints(producer)).get('test.runs')).toBeUndefined()
  runs.add(1, { plugin: 'other', status: 'ok' })
  handle.add(2)
  handle.add(2)
  const points = await collectPoints(producer)
  expect(valueOf(points, 'test.runs', { plugin: 'other', status: 'ok' })).toBe(1)
  expect(valueOf(points, 'test.runs', { plugin: 'a', status: 'ok' })).toBe(4)
})

test('binding makes no series; the first record does', async () => {
  const { producer, runs } = setUp()
  const handle = runs.bind({ plugin: 'a', status: 'ok' })
  expect((await collectPoints(producer)).get('test.runs')).toBeUndefined()
  handle.add(1)
  expect(valueOf(await collectPoints(producer), 'test.runs', { plugin: 'a', status: 'ok' })).toBe(1)
})

test('over 50 collections by two readers, with removals, an instrument never has more series than its limit', async () => {
  const { provider, producer, runs } = setUp(100)
  const delta = provider.producer(() => 0)
  let recorded = 0
  let given = 0
  let next = 0
  for (let round = 0; round < 50; round++) {
    for (let i = 0; i < 150; i++, recorded++) runs.add(1, { plugin: `plugin ${next++}`, status: 'ok' })
    const points = (await collectPoints(producer)).get('test.runs')
    expect(points?.size).toBe(100)
    for (const value of (await collectPoints(delta)).get('test.runs')?.values() ?? []) given += Number(value)
    if (round % 10 === 9) for (let i = 0; i < next; i += 2) runs.remove({ plugin: `plugin ${i}` })
  }
  expect(given).toBe(recorded)
  const telemetry = await collectPoints(producer)
  const instrument = 'test.runs'
  expect(valueOf(telemetry, 'mcp.telemetry.series', { instrument })).toBeLessThanOrEqual(100)
  expect(Number(valueOf(telemetry, 'mcp.telemetry.overflowed_records', { instrument }))).toBeGreaterThan(7000)
  expect(warnings).toEqual([
    'test.runs has 100 series, its limit; what is new goes to its overflow series: bound the values of its attributes, or raise the limit',
  ])
})

test('what overflowed before keeps its place; a raised limit makes room for what is new', async () => {
  const { provider, producer, runs } = setUp(2)
  for (const plugin of ['a', 'b', 'c']) runs.add(1, { plugin, status: 'ok' })
  provider.seriesLimit = 10
  runs.add(1, { plugin: 'b', status: 'ok' })
  expect(
    [...((await collectPoints(producer)).get('test.runs') ?? [])].toSorted(([a], [b]) => (a < b ? -1 : 1)),
  ).toEqual([
    ['{"otel.metric.overflow":true}', 2],
    ['{"plugin":"a","status":"ok"}', 1],
    ['{"plugin":"b","status":"ok"}', 1],
  ])
})

test('remove() of everything takes the overflow series too', async () => {
  const { producer, runs } = setUp(2)
  for (const plugin of ['a', 'b', 'c']) runs.add(1, { plugin, status: 'ok' })
  runs.remove({ plugin: 'a' })
  expect((await collectPoints(producer)).get('test.runs')?.size).toBe(1)
  runs.remove({})
  expect((await collectPoints(producer)).get('test.runs')).toBeUndefined()
})

test('a closed reader costs nothing more and holds nothing back', async () => {
  const { provider, runs } = setUp()
  const closed = provider.producer(() => 0)
  closed.close()
  runs.add(1, { plugin: 'a', status: 'ok' })
  runs.remove({})
  const other = provider.producer(() => 0)
  runs.add(2, { plugin: 'a', status: 'ok' })
  expect(valueOf(await collectPoints(other), 'test.runs', { plugin: 'a', status: 'ok' })).toBe(2)
})

test('an instrument keeps nothing for a reader that has closed, and the others are given what they were', async () => {
  const provider = new CellMeterProvider({ telemetry: false })
  const { runs } = createInstruments(catalogue, { scope: 'test', meterProvider: provider })
  const [closed, other, cumulative] = [provider.producer(() => 0), provider.producer(() => 0), provider.producer()]
  const kept = () => [...provider.scopes].flatMap(({ stores }) => [...stores].map(({ deltaBases }) => deltaBases.size))
  // All but the gauge, which has no differences.
  expect(kept()).toEqual([2, 2, 2, 2, 2, 0])
  const labelled = { plugin: 'a', status: 'ok' } as const
  runs.add(1, labelled)
  for (const producer of [closed, other]) await producer.collect()
  runs.add(2, labelled)
  for (const producer of [closed, closed, cumulative]) producer.close()
  expect(kept()).toEqual([1, 1, 1, 1, 1, 0])
  runs.remove({})
  createInstruments(catalogue, { scope: 'later', meterProvider: provider })
  expect(kept()).toEqual([1, 1, 1, 1, 1, 0, 1, 1, 1, 1, 1, 0])
  expect(valueOf(await collectPoints(other), 'test.runs', labelled)).toBe(2)
  other.close()
  expect(new Set(kept())).toEqual(new Set([0]))
})

test('health reads the same numbers as the page, without a reader', async () => {
  const { provider, producer, runs, time } = setUp()
  runs.add(2, { plugin: 'a', status: 'ok' })
  time.record(0.5, { plugin: 'a' })
  expect(provider.readSeries('test.runs')).toEqual([{ attributes: { plugin: 'a', status: 'ok' }, value: 2 }])
  expect(provider.readSeries('test.time')).toEqual([
    {
      attributes: { plugin: 'a' },
      value: { buckets: { boundaries: [1], counts: [1, 0] }, count: 1, sum: 0.5, min: 0.5, max: 0.5 },
    },
  ])
  expect(provider.readSeries('test.nothing')).toEqual([])
  expect(valueOf(await collectPoints(producer), 'test.runs', { plugin: 'a', status: 'ok' })).toBe(2)
})

test('attributes of a point are frozen, and the same object at each collection, until the series is removed', async () => {
  const { producer, runs } = setUp()
  const attributes = async () => firstData(await producer.collect(), 'test.runs').dataPoints[0]?.attributes
  runs.add(1, { plugin: 'a', status: 'ok' })
  const first = await attributes()
  expect(Object.isFrozen(first)).toBe(true)
  expect(await attributes()).toBe(first)
  runs.remove({})
  runs.add(1, { plugin: 'a', status: 'ok' })
  expect(await attributes()).not.toBe(first)
})

test('a series limit that cannot be is said, and the one in force stays', () => {
  const provider = createMeterProvider({ seriesLimit: 50, telemetry: false })
  for (const limit of [0, -1, 1.5, NaN, '100' as never]) provider.seriesLimit = limit
  expect(provider.seriesLimit).toBe(50)
  expect(warnings).toEqual(['the series limit is 0; expected an integer of at least 1; it stays 50'])
})

test('a collection that takes long gives other work its turn between instruments', async () => {
  const meterProvider = createMeterProvider({ seriesLimit: 1_000_000, telemetry: false })
  for (let n = 0; n < 5; n++) {
    const wide = { runs: { ...catalogue.runs, name: `test.wide_${n}` } }
    const { runs } = createInstruments(wide, { scope: 'test', meterProvider })
    runs.add(1, { plugin: 'a', status: 'ok' })
  }
  // Each instrument takes what many series would.
  let now = performance.now()
  const clock = vi.spyOn(performance, 'now').mockImplementation(() => (now += 10))
  let turns = 0
  let isOver = false
  const work = (): void => {
    turns++
    if (!isOver) setImmediate(work)
  }
  setImmediate(work)
  try {
    const points = await collectPoints(meterProvider.producer())
    expect(points.size).toBe(5)
    expect(turns).toBeGreaterThanOrEqual(4)
  } finally {
    isOver = true
    clock.mockRestore()
  }
})

test('a series does not have the optional attributes that it is without, and is found and removed all the same', async () => {
  const optional = {
    calls: {
      ...catalogue.time,
      name: 'test.calls',
      attributes: { method: 'string', error: 'string' },
      optional: ['error'],
    },
  } as const
  const provider = createMeterProvider({ seriesLimit: 4, telemetry: false })
  const { calls } = createInstruments(optional, { scope: 'test', meterProvider: provider })
  const producer = provider.producer()
  calls.record(1, { method: 'a', error: '' })
  calls.record(1, { method: 'a' } as never)
  calls.bind({ method: 'a', error: '' }).record(1)
  calls.record(1, { method: 'a', error: 'timeout' })
  calls.record(1, { method: 'b', error: '' })
  calls.record(1, { method: 'c', error: '' })
  const keys = async () => [...((await collectPoints(producer)).get('test.calls')?.keys() ?? [])]
  expect(await keys()).toEqual([
    '{"method":"a"}',
    '{"error":"timeout","method":"a"}',
    '{"method":"b"}',
    '{"otel.metric.overflow":true}',
  ])
  expect(valueOf(await collectPoints(producer), 'test.calls', { method: 'a' })).toMatchObject({ count: 3 })
  calls.remove({ method: 'a', error: '' })
  expect(await keys()).toEqual(['{"error":"timeout","method":"a"}', '{"method":"b"}', '{"otel.metric.overflow":true}'])
  calls.remove({ error: '' })
  expect(await keys()).toEqual(['{"error":"timeout","method":"a"}', '{"otel.metric.overflow":true}'])
  calls.record(1, { method: 'a', error: '' })
  expect(valueOf(await collectPoints(producer), 'test.calls', { method: 'a' })).toMatchObject({ count: 1 })
})
