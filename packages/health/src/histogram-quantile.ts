import type { HistogramReading } from './read-series.ts'

/** Returns what was recorded since `before`; all of it when the histogram has begun anew since then. */
export function histogramSince(now: HistogramReading, before: HistogramReading | undefined): HistogramReading {
  if (before === undefined || before.count > now.count || !haveSameBuckets(now, before)) return now
  const counts = now.buckets.counts.map((count, index) => count - (before.buckets.counts[index] ?? 0))
  return { count: now.count - before.count, buckets: { boundaries: now.buckets.boundaries, counts } }
}

/** Returns one histogram of both; `b` alone where their buckets differ. */
export function mergeHistograms(a: HistogramReading | undefined, b: HistogramReading): HistogramReading {
  if (a === undefined || !haveSameBuckets(a, b)) return b
  const counts = a.buckets.counts.map((count, index) => count + (b.buckets.counts[index] ?? 0))
  return { count: a.count + b.count, buckets: { boundaries: a.buckets.boundaries, counts } }
}

/** Returns the quantile (0 to 1) as PromQL's `histogram_quantile` does; null when nothing was recorded. */
export function histogramQuantile(quantile: number, { count, buckets }: HistogramReading): number | null {
  if (count <= 0) return null
  const { boundaries, counts } = buckets
  const rank = quantile * count
  let below = 0
  for (const [index, upper] of boundaries.entries()) {
    const inBucket = counts[index] ?? 0
    if (inBucket > 0 && below + inBucket >= rank) {
      const lower = index === 0 ? Math.min(0, upper) : (boundaries[index - 1] ?? 0)
      return lower + (upper - lower) * Math.max(0, (rank - below) / inBucket)
    }
    below += inBucket
  }
  return boundaries.at(-1) ?? null
}

function haveSameBuckets(a: HistogramReading, b: HistogramReading): boolean {
  return a.buckets.counts.length === b.buckets.counts.length
}
