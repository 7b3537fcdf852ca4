import * as fc from 'fast-check'
import { expect, test } from 'vitest'

import { labelSets } from '../record/label-sets.ts'
import { nanosPerEvent } from '../record/measure-events.ts'
import { pageTotals } from '../record/page.ts'
import { createRecorder, recorders } from '../record/recorders.ts'

test('label sets are all different', () => {
  const sets = labelSets(5000)
  expect(new Set(sets.map((labels) => Object.values(labels).join(' '))).size).toBe(5000)
  expect(new Set(sets.map(({ method, endpoint }) => `${method} ${endpoint}`)).size).toBe(5000)
})

test('every recorder tells the same of the same events', { timeout: 60_000 }, async () => {
  for (const name of Object.keys(recorders)) {
    const { prepare, record, scrape } = await createRecorder(name, 100)
    const prepared = labelSets(20).map((labels) => prepare(labels))
    const before = pageTotals(await scrape())
    for (let i = 0; i < 200; i++) record(prepared[i % 20], 0.25)
    const { count, observations, seconds, series } = pageTotals(await scrape())
    expect(
      [name, count - before.count, observations - before.observations, seconds - before.seconds, series],
      name,
    ).toEqual([name, 200, 200, 50, 40])
  }
})

test('an unknown recorder is said with those that there are', () => {
  expect(() => createRecorder('none', 1)).toThrow('the recorder is "none"; expected one of ours, two calls, ')
})

test('a measurement does exactly as many events as it is asked for', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1000, max: 50_000 }), (asked) => {
      let done = 0
      nanosPerEvent((events) => void (done += events), asked)
      expect(done).toBe(asked)
    }),
    { numRuns: 20 },
  )
})
