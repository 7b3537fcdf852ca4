import type { HistogramReading } from './read-series.ts'

/** Returns what was recorded since `before`; all of it when the histogram has begun anew since then. */
export function histogramSince(now: HistogramReading, before: HistogramReading | undefined): HistogramReading {
  if (before === undefined || before.count > now.count || before.counts.length !== now.counts.length) return now
  return {
    count: now.count - before.count,
    sum: now.sum - before.sum,
    bounds: now.bounds,
    counts: now.counts.map((count, index) => count - (before.counts[index] ?? 0)),
  }
}

/** Returns one histogram of both; `b` alone where their buckets differ. */
export function mergeHistograms(a: HistogramReading | undefined, b: HistogramReading): HistogramReading {
  if (a === undefined || a.counts.length !== b.counts.length) return b
  return {
    count: a.count + b.count,
    sum: a.sum + b.sum,
    bounds: a.bounds,
    counts: a.counts.map((count, index) => count + (b.counts[index] ?? 0)),
  }
}

/** Returns the quantile (0 to 1) as PromQL's `histogram_quantile` does; null when nothing was recorded. */
export function histogramQuantile(quantile: number, { count, bounds, counts }: HistogramReading): number | null {
  if (count <= 0) return null
  const rank = quantile * count
  let below = 0
  for (const [index, upper] of bounds.entries()) {
    const inBucket = counts[index] ?? 0
    if (inBucket > 0 && below + inBucket >= rank) {
      const lower = index === 0 ? Math.min(0, upper) : (bounds[index - 1] ?? 0)
      return lower + (upper - lower) * Math.max(0, (rank - below) / inBucket)
    }
    below += inBucket
  }
  return bounds.at(-1) ?? null
}
