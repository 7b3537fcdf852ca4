import * as fc from 'fast-check'
import { expect, test } from 'vitest'

import { cleanOf } from '../harness/calibrate.ts'
import { differencesOf, isDifferent, quantile, ratioOf, summaryOf } from '../harness/statistics.ts'

const number = fc.double({ min: 0.001, max: 1e6, noNaN: true })
const numbers = fc.array(number, { minLength: 1, maxLength: 30 })

test('a quantile lies among the numbers, rises with its share, and does not depend on their order', () => {
  fc.assert(
    fc.property(
      numbers,
      fc.double({ min: 0, max: 1, noNaN: true }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (list, a, b) => {
        const [low, high] = [quantile(list, Math.min(a, b)), quantile(list, Math.max(a, b))]
        expect(low).toBeGreaterThanOrEqual(Math.min(...list) * (1 - 1e-12))
        expect(high).toBeLessThanOrEqual(Math.max(...list) * (1 + 1e-12))
        expect(low).toBeLessThanOrEqual(high * (1 + 1e-12))
        expect(quantile(list.toReversed(), a)).toBe(quantile(list, a))
      },
    ),
  )
  expect(quantile([4, 1, 3, 2], 0.5)).toBe(2.5)
  expect(quantile([], 0.5)).toBeNaN()
})

test('a summary leaves out the rounds that gave nothing', () => {
  expect(summaryOf([3, null, 1, 2])).toEqual({ median: 2, low: 1.5, high: 2.5, count: 3 })
  expect(summaryOf([null, null])).toBeUndefined()
})

test('what slows a whole round for both does not change their ratio', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(number, number), { minLength: 1 }), number, (rounds, factor) => {
      const ours = rounds.map(([load]) => load * factor)
      const theirs = rounds.map(([load]) => load)
      expect(ratioOf(ours, theirs)?.median).toBeCloseTo(factor, 6 - Math.ceil(Math.log10(factor + 1)))
    }),
  )
})

test('a ratio uses only the rounds in which both were measured', () => {
  expect(ratioOf([10, null, 30], [5, 1, null])).toEqual({ median: 2, low: 2, high: 2 })
  expect(ratioOf([1], [null])).toBeUndefined()
  expect(ratioOf([1], [0])).toBeUndefined()
  expect(differencesOf([10, null, 30], [4, 1, null])).toEqual([6, null, null])
})

test('there is a difference only where the quartiles leave 1 out', () => {
  expect(isDifferent({ median: 1.2, low: 1.1, high: 1.3 })).toBe(true)
  expect(isDifferent({ median: 1.2, low: 0.9, high: 1.3 })).toBe(false)
  expect(isDifferent({ median: 0.8, low: 0.7, high: 0.9 })).toBe(true)
})

test('batches beside a slow spin do not count, however bad they are', () => {
  fc.assert(
    fc.property(
      numbers,
      fc.array(fc.tuple(number, fc.double({ min: 1.2, max: 50, noNaN: true }))),
      (quiet, disturbed) => {
        const clean = quiet.map((value) => ({ value, spin: 100 }))
        const dirty = disturbed.map(([value, slower]) => ({ value, spin: 100 * slower }))
        const measured = cleanOf([...dirty, ...clean])
        expect(measured.value).toBe(cleanOf(clean).value)
        expect(measured.clean).toBeCloseTo(quiet.length / (quiet.length + disturbed.length), 10)
      },
    ),
  )
})
