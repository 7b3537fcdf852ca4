import type { DataPoint, ExponentialHistogramValue, HistogramValue } from '../metric-data.ts'

/** A histogram with fixed bounds, whatever it was counted in. */
export type ExplicitValue = Pick<HistogramValue, 'buckets' | 'count' | 'sum'>

/**
 * Returns an exponential histogram with the bounds of its populated range spelled out, for formats without native
 * histograms. Empty buckets at either end are left out.
 */
export function explicitValue(value: ExponentialHistogramValue): ExplicitValue {
  const boundaries: number[] = []
  const counts: number[] = []
  const push = (bound: number, count: number): void => {
    boundaries.push(bound)
    counts.push(count)
  }
  const negative = populated(value.negative)
  for (let index = negative.counts.length - 1; index >= 0; index--) {
    push(-powerOf(value.scale, negative.offset + index), negative.counts[index] ?? 0)
  }
  if (negative.counts.length > 0 || value.zeroCount > 0) push(0, value.zeroCount)
  const positive = populated(value.positive)
  if (positive.counts.length > 0) push(powerOf(value.scale, positive.offset), 0)
  for (const [index, count] of positive.counts.entries()) {
    push(powerOf(value.scale, positive.offset + index + 1), count)
  }
  counts.push(0)
  return { buckets: { boundaries, counts }, count: value.count, sum: value.sum }
}

function populated(buckets: ExponentialHistogramValue['positive']): { offset: number; counts: readonly number[] } {
  const { offset, bucketCounts } = buckets
  const first = bucketCounts.findIndex((count) => count !== 0)
  if (first < 0) return { offset, counts: [] }
  const last = bucketCounts.findLastIndex((count) => count !== 0)
  return { offset: offset + first, counts: bucketCounts.slice(first, last + 1) }
}

function powerOf(scale: number, index: number): number {
  return 2 ** (index * 2 ** -scale)
}

/**
 * Returns the sum of two histograms. Where their bounds differ, those that both have remain: there, and in count and
 * sum, the result is exact.
 */
export function addHistograms(a: DataPoint<ExplicitValue>, b: DataPoint<ExplicitValue>): DataPoint<ExplicitValue> {
  const boundaries = a.value.buckets.boundaries.filter((bound) => b.value.buckets.boundaries.includes(bound))
  const ofA = countsAt(boundaries, a.value)
  const ofB = countsAt(boundaries, b.value)
  const { sum: sumA } = a.value
  const { sum: sumB } = b.value
  return {
    ...b,
    attributes: a.attributes,
    value: {
      buckets: { boundaries, counts: ofA.map((count, index) => count + (ofB[index] ?? 0)) },
      count: a.value.count + b.value.count,
      sum: sumA === undefined || sumB === undefined ? undefined : sumA + sumB,
    },
    exemplars: [...(a.exemplars ?? []), ...(b.exemplars ?? [])],
  }
}

function countsAt(boundaries: readonly number[], { buckets }: ExplicitValue): number[] {
  const counts = Array.from({ length: boundaries.length + 1 }, () => 0)
  let target = 0
  for (const [index, count] of buckets.counts.entries()) {
    const bound = buckets.boundaries[index] ?? Infinity
    while (target < boundaries.length && (boundaries[target] ?? Infinity) < bound) target++
    counts[target] = (counts[target] ?? 0) + count
  }
  return counts
}
