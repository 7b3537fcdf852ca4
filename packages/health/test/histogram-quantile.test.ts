import * as fc from 'fast-check'
import { expect, test } from 'vitest'

import { histogramQuantile, histogramSince, mergeHistograms } from '../src/histogram-quantile.ts'
import type { HistogramReading } from '../src/read-series.ts'

const BOUNDARIES = [0.01, 0.1, 1, 10]

function histogramOf(values: readonly number[]): HistogramReading {
  const counts = [0, 0, 0, 0, 0]
  for (const value of values) {
    const index = BOUNDARIES.findIndex((upper) => value <= upper)
    const at = index === -1 ? BOUNDARIES.length : index
    counts[at] = (counts[at] ?? 0) + 1
  }
  return { count: values.length, buckets: { boundaries: BOUNDARIES, counts } }
}

function countedIn(boundaries: readonly number[], counts: readonly number[]): HistogramReading {
  return { count: counts.reduce((sum, count) => sum + count, 0), buckets: { boundaries, counts } }
}

const value = fc.double({ min: 0, max: 20, noNaN: true })
const values = fc.array(value, { minLength: 1, maxLength: 50 })

test('a quantile lies in the bucket of the value that has that rank', () => {
  fc.assert(
    fc.property(values, fc.double({ min: 0.01, max: 1, noNaN: true }), (recorded, quantile) => {
      const sorted = recorded.toSorted((a, b) => a - b)
      const exact = sorted[Math.max(0, Math.ceil(quantile * sorted.length) - 1)] as number
      const found = histogramQuantile(quantile, histogramOf(recorded)) as number
      const upper = BOUNDARIES.find((bound) => exact <= bound) ?? 10
      const lower = exact > 10 ? 10 : (BOUNDARIES[BOUNDARIES.indexOf(upper) - 1] ?? 0)
      expect(found).toBeGreaterThanOrEqual(lower - 1e-9)
      expect(found).toBeLessThanOrEqual(upper + 1e-9)
    }),
  )
})

test('a higher quantile is never lower', () => {
  const quantile = fc.double({ min: 0, max: 1, noNaN: true })
  fc.assert(
    fc.property(values, quantile, quantile, (recorded, a, b) => {
      const histogram = histogramOf(recorded)
      const low = histogramQuantile(Math.min(a, b), histogram) as number
      expect(histogramQuantile(Math.max(a, b), histogram)).toBeGreaterThanOrEqual(low - 1e-9)
    }),
  )
})

test('what was recorded since is what was recorded since, and merged is both', () => {
  const some = fc.array(value, { maxLength: 30 })
  fc.assert(
    fc.property(some, some, (before, after) => {
      expect(histogramSince(histogramOf([...before, ...after]), histogramOf(before))).toEqual(histogramOf(after))
      expect(mergeHistograms(histogramOf(before), histogramOf(after))).toEqual(histogramOf([...before, ...after]))
    }),
  )
})

test('a histogram that has begun anew counts from its new start, and an empty one has no quantile', () => {
  const now = histogramOf([0.05, 0.5])
  expect(histogramSince(now, histogramOf([1, 2, 3]))).toBe(now)
  expect(histogramSince(now, undefined)).toBe(now)
  expect(histogramQuantile(0.95, histogramOf([]))).toBeNull()
  expect(histogramQuantile(0.95, { count: 3, buckets: { boundaries: [], counts: [3] } })).toBeNull()
})

test('a quantile is the one that PromQL finds, beside empty buckets and below zero', () => {
  expect(histogramQuantile(0.5, countedIn([1, 2, 3], [1, 0, 1, 0]))).toBe(1)
  expect(histogramQuantile(0.5, countedIn([2, 4], [2, 0, 0]))).toBe(1)
  expect(histogramQuantile(0.5, countedIn([-5, 5], [2, 0, 0]))).toBe(-5)
})
