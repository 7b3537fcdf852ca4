import * as fc from 'fast-check'
import { expect, test } from 'vitest'

import { createInstruments, createMeterProvider } from '../../src/index.ts'
import type { Catalogue, SeriesProducer } from '../../src/index.ts'
import { collectPoints } from './points.ts'
import type { PointValue } from './points.ts'
import { BOUNDS, Truth } from './truth.ts'

const labels = { plugin: 'string', command: 'string' } as const
const catalogue = {
  counter: { kind: 'counter', name: 'c', unit: '{item}', help: 'h', attributes: labels },
  upDown: { kind: 'upDownCounter', name: 'u', unit: '{item}', help: 'h', attributes: labels },
  histogram: { kind: 'histogram', name: 'h', unit: 's', help: 'h', attributes: labels, buckets: BOUNDS },
} as const satisfies Catalogue

// Few series, so that what happens to one of them is much.
const plugin = fc.constantFrom('a', 'b', 'c')
const command = fc.constantFrom('x', 'y')
const attributes = fc.record({ plugin, command })
const match = fc.record({ plugin, command }, { requiredKeys: [] })
// Eighths add up exactly in any order.
const amount = fc.integer({ min: 0, max: 400 }).map((eighths) => eighths / 8)

type Step =
  | { do: 'counter' | 'histogram' | 'upDown' | 'bound'; attributes: { plugin: string; command: string }; value: number }
  | { do: 'zero'; attributes: { plugin: string; command: string } }
  | { do: 'remove'; match: { plugin?: string; command?: string } }
  | { do: 'cumulative' }
  | { do: 'delta'; reader: number }
  | { do: 'addReader' }

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ do: fc.constantFrom('counter', 'histogram', 'bound'), attributes, value: amount }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('upDown' as const), attributes, value: amount.map((v) => v - 25) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('zero' as const), attributes }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('remove' as const), match }) },
  { weight: 5, arbitrary: fc.record({ do: fc.constant('delta' as const), reader: fc.nat({ max: 2 }) }) },
  { weight: 1, arbitrary: fc.constant({ do: 'cumulative' as const }) },
  { weight: 1, arbitrary: fc.constant({ do: 'addReader' as const }) },
)

function setUp(seriesLimit: number) {
  const provider = createMeterProvider({ seriesLimit, telemetry: false })
  const instruments = createInstruments(catalogue, { scope: 'test', meterProvider: provider })
  const bound = new Map<string, ReturnType<typeof instruments.counter.bind>>()
  const addBound = (set: { plugin: string; command: string }, value: number): void => {
    const key = `${set.plugin} ${set.command}`
    const handle = bound.get(key) ?? instruments.counter.bind(set)
    bound.set(key, handle)
    handle.add(value)
  }
  return { provider, instruments, addBound }
}

test('every reader, cumulative or delta, early or late, is given every increment exactly once, whatever is removed between', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 100, size: 'max' }), async (steps) => {
      const { provider, instruments, addBound } = setUp(2000)
      const truth = new Truth()
      const cumulative = provider.producer()
      const readers: SeriesProducer[] = []
      const addReader = (): void => {
        readers[truth.addReader()] = provider.producer(() => 0)
      }
      const expectDelta = async (reader: number): Promise<void> => {
        const points = await collectPoints(readers[reader] as SeriesProducer)
        for (const [short, kind] of [
          ['c', 'sum'],
          ['u', 'sum'],
          ['h', 'histogram'],
        ] as const) {
          expect(increments(points.get(short))).toEqual(increments(truth.take(reader, short, kind)))
        }
      }
      const expectCumulative = async (): Promise<void> => {
        const points = await collectPoints(cumulative)
        for (const [short, kind] of [
          ['c', 'sum'],
          ['u', 'sum'],
          ['h', 'histogram'],
        ] as const) {
          expect(sorted(points.get(short))).toEqual(sorted(truth.cumulative(short, kind)))
        }
      }
      addReader()
      for (const next of steps) {
        if (next.do === 'cumulative') await expectCumulative()
        else if (next.do === 'delta') await expectDelta(next.reader % readers.length)
        else if (next.do === 'addReader') addReader()
        else if (next.do === 'zero') {
          for (const [short, instrument] of [
            ['c', instruments.counter],
            ['u', instruments.upDown],
            ['h', instruments.histogram],
          ] as const) {
            instrument.zero(next.attributes)
            truth.zero(short, next.attributes)
          }
        } else if (next.do === 'remove') {
          for (const [short, instrument] of [
            ['c', instruments.counter],
            ['u', instruments.upDown],
            ['h', instruments.histogram],
          ] as const) {
            instrument.remove(next.match)
            truth.remove(short, next.match)
          }
        } else {
          if (next.do === 'counter') instruments.counter.add(next.value, next.attributes)
          else if (next.do === 'bound') addBound(next.attributes, next.value)
          else if (next.do === 'upDown') instruments.upDown.add(next.value, next.attributes)
          else instruments.histogram.record(next.value, next.attributes)
          truth.record([next.do === 'upDown' ? 'u' : next.do === 'histogram' ? 'h' : 'c', next.attributes, next.value])
        }
      }
      await expectCumulative()
      for (const reader of readers.keys()) await expectDelta(reader)
    }),
    { numRuns: 400 },
  )
})

test('at the series limit nothing is lost or counted twice: the totals are right, and series never exceed the limit', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { maxLength: 100, size: 'max' }),
      fc.integer({ min: 2, max: 6 }),
      async (steps, limit) => {
        const { provider, instruments, addBound } = setUp(limit)
        const cumulative = provider.producer()
        const delta = provider.producer(() => 0)
        let recorded = 0
        let given = 0
        let most = 0
        const takeDelta = async (): Promise<void> => {
          for (const value of (await collectPoints(delta)).get('c')?.values() ?? []) given += value as number
        }
        for (const next of steps) {
          if (next.do === 'counter' || next.do === 'bound') {
            if (next.do === 'counter') instruments.counter.add(next.value, next.attributes)
            else addBound(next.attributes, next.value)
            recorded += next.value
          } else if (next.do === 'remove') instruments.counter.remove(next.match)
          else if (next.do === 'zero') instruments.counter.zero(next.attributes)
          else if (next.do === 'delta') await takeDelta()
          else if (next.do === 'cumulative') {
            most = Math.max(most, (await collectPoints(cumulative)).get('c')?.size ?? 0)
          }
        }
        await takeDelta()
        expect(given).toBe(recorded)
        expect(most).toBeLessThanOrEqual(limit)
      },
    ),
    { numRuns: 400 },
  )
})

/** A point without any increment may be given or not. */
function increments(points: Map<string, PointValue> | undefined): [string, PointValue][] {
  return sorted(points).filter(([, value]) => (typeof value === 'number' ? value : value.count) !== 0)
}

function sorted(points: Map<string, PointValue> | undefined): [string, PointValue][] {
  return [...(points ?? [])].toSorted(([a], [b]) => (a < b ? -1 : 1))
}
