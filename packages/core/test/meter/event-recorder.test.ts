import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import { createEventRecorder, createInstruments, createMeterProvider } from '../../src/index.ts'
import type { Catalogue } from '../../src/index.ts'

const described = { unit: '{event}', help: 'Events' } as const

/** Counters and histograms of every way in which their attributes can lie to each other. */
const catalogues = {
  'the counter has more attributes': [
    ['plugin', 'command', 'status'],
    ['plugin', 'command'],
  ],
  'the histogram has more attributes': [['plugin'], ['plugin', 'command', 'status']],
  'both have the same attributes': [
    ['plugin', 'command'],
    ['plugin', 'command'],
  ],
  'the attributes stand in another order': [
    ['plugin', 'command'],
    ['command', 'plugin', 'status'],
  ],
  'the attributes differ': [
    ['plugin', 'status'],
    ['plugin', 'command'],
  ],
  'the counter has none': [[], ['plugin', 'command']],
} as const

function declared(names: readonly string[]) {
  return Object.fromEntries(names.map((name) => [name, name === 'status' ? (['success', 'error'] as const) : 'string']))
}

type OfBoth = readonly [readonly string[], readonly string[]]

function setUp([counted, measured]: OfBoth, [countOptional, valueOptional]: OfBoth = [[], []]) {
  const meterProvider = createMeterProvider({ seriesLimit: 6 })
  const catalogue = {
    runs: { kind: 'counter', name: 'runs', ...described, attributes: declared(counted), optional: countOptional },
    took: {
      kind: 'histogram',
      name: 'took',
      ...described,
      attributes: declared(measured),
      optional: valueOptional,
      buckets: [1, 10],
    },
  } as unknown as Catalogue
  const made = createInstruments(catalogue, { scope: 's', meterProvider }) as never as {
    runs: Parameters<typeof createEventRecorder<object, object>>[0]
    took: Parameters<typeof createEventRecorder<object, object>>[1]
  }
  const state = () => ['runs', 'took', 'mcp.telemetry.dropped'].map((name) => meterProvider.readSeries(name))
  return { ...made, state, pick: (attributes: object, names: readonly string[]) => picked(attributes, names) }
}

/** Records events by one recorder and, on instruments declared alike, by the two calls; returns what becomes of both. */
function recordBothWays(
  names: OfBoth,
  optionals: OfBoth | undefined,
  events: readonly (readonly [value: unknown, attributes: object])[],
): [fused: unknown, apart: unknown] {
  const [one, two] = [setUp(names, optionals), setUp(names, optionals)]
  const record = createEventRecorder(one.runs, one.took)
  for (const [value, attributes] of events) {
    record(value as number, attributes)
    two.runs.add(1, picked(attributes, names[0]))
    two.took.record(value as number, picked(attributes, names[1]))
  }
  return [one.state(), two.state()]
}

function overflowed(list: readonly { attributes: object }[]) {
  return list.find(({ attributes }) => 'otel.metric.overflow' in attributes)
}

function picked(attributes: object, names: readonly string[]): object {
  return Object.fromEntries(
    names.filter((name) => name in attributes).map((name) => [name, Reflect.get(attributes, name)]),
  )
}

const anyLabel = fc.oneof(
  { weight: 9, arbitrary: fc.constantFrom('a', 'b', 'c') },
  { weight: 1, arbitrary: fc.oneof(fc.anything({ withBigInt: true }), fc.constant('__proto__')) },
)
const anyStatus = fc.oneof({ weight: 9, arbitrary: fc.constantFrom('success', 'error') }, fc.anything())
const anyAttributes = fc.record({ plugin: anyLabel, command: anyLabel, status: anyStatus }, { requiredKeys: [] })
const anyValue = fc.oneof({ weight: 9, arbitrary: fc.double({ min: 0, max: 20, noNaN: true }) }, fc.anything())
const optional = (names: readonly string[]) => fc.subarray(names.filter((name) => name !== 'status'))

describe.each(Object.entries(catalogues))('where %s', (_case, names) => {
  test('an event is recorded as the two calls would record it, whatever it is', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(anyValue, anyAttributes), { maxLength: 40, size: 'max' }), (events) => {
        const [fused, apart] = recordBothWays(names, undefined, events)
        expect(fused).toEqual(apart)
      }),
    )
  })

  test('an event without some attributes is, too, whichever of the two may be without them', () => {
    const attributes = fc.record(
      { plugin: fc.constantFrom('a', ''), command: fc.constantFrom('a', '', undefined), status: anyStatus },
      { requiredKeys: ['status'] },
    )
    const events = fc.array(fc.tuple(anyValue, attributes), { maxLength: 40, size: 'max' })
    fc.assert(
      fc.property(optional(names[0]), optional(names[1]), events, (counted, measured, all) => {
        const [fused, apart] = recordBothWays(names, [counted, measured], all)
        expect(fused).toEqual(apart)
      }),
    )
  })
})

test('what are no attributes at all, or throw when read, does not throw and leaves the series as they were', () => {
  const { runs, took, state } = setUp(catalogues['the counter has more attributes'])
  const record = createEventRecorder(runs, took)
  record(1, { plugin: 'a', command: 'b', status: 'success' })
  const before = state().slice(0, 2)
  const hostile = new Proxy(
    {},
    {
      get: () => {
        throw new Error('no')
      },
    },
  )
  for (const each of [undefined, null, 7, 'x', hostile]) record(1, each as never)
  expect(state().slice(0, 2)).toEqual(before)
})

test('a series that was removed, and one that is beyond the limit, are treated as ever', () => {
  const { runs, took, state } = setUp(catalogues['the counter has more attributes'])
  const record = createEventRecorder(runs, took)
  for (let i = 0; i < 20; i++) record(2, { plugin: `p${i}`, command: 'c', status: 'success' })
  runs.remove({ plugin: 'p1' })
  record(2, { plugin: 'p1', command: 'c', status: 'error' })
  const [counts, values] = state() as [
    { attributes: object; value: number }[],
    { attributes: object; value: { count: number } }[],
  ]
  expect(counts.find(({ attributes }) => 'plugin' in attributes && attributes.plugin === 'p1')).toMatchObject({
    attributes: { status: 'error' },
    value: 1,
  })
  // Of the 6 places one is the overflow series'.
  expect(overflowed(counts)).toMatchObject({ value: 15 })
  expect(overflowed(values)).toMatchObject({ value: { count: 15 } })
})

test('instruments that another provider made are recorded on by its own two calls', () => {
  const calls: unknown[][] = []
  const record = createEventRecorder(
    { add: (...args: unknown[]) => calls.push(['add', ...args]) } as never,
    { record: (...args: unknown[]) => calls.push(['record', ...args]) } as never,
  )
  record(3, {})
  expect(calls).toEqual([
    ['add', 1, {}, undefined],
    ['record', 3, {}, undefined],
  ])
})

test('every event counts among very many plugins, whether few or all have events, and a reader looks in between', async () => {
  const meterProvider = createMeterProvider()
  const producer = meterProvider.producer()
  const attributes = { plugin: 'string' } as const
  const { runs, took } = createInstruments(
    {
      runs: { kind: 'counter', name: 'runs', ...described, attributes },
      took: { kind: 'histogram', name: 'took', ...described, attributes, buckets: [1] },
    } as const,
    { scope: 's', meterProvider },
  )
  const record = createEventRecorder(runs, took)
  const plugins = Array.from({ length: 600 }, (_, i) => `plugin ${i}`)
  const expected = new Map(plugins.map((plugin) => [plugin, 0]))
  for (const active of [plugins, plugins.slice(100, 200), plugins, plugins.slice(500)]) {
    for (let round = 0; round < 30; round++) {
      for (const plugin of active) {
        record(2, { plugin })
        runs.add(1, { plugin })
        expected.set(plugin, (expected.get(plugin) as number) + 2)
      }
    }
    await producer.collect()
  }
  const counted = meterProvider.readSeries('runs').map((series) => [series.attributes['plugin'], series.value])
  expect(new Map(counted as [string, number][])).toEqual(expected)
  const sums = meterProvider.readSeries('took').map(({ value }) => (value as { sum: number }).sum)
  expect(sums).toEqual([...expected.values()])
})
