import type { DataPoint } from '../metric-data.ts'
import { bucketPlan } from './bucket-plan.ts'
import type { BucketPlan } from './bucket-plan.ts'
import { bucketExemplars } from './exemplar-text.ts'
import type { ExplicitValue } from './explicit-histogram.ts'
import type { LaidOutFamily, PageFormat } from './layout.ts'
import type { PageBytes } from './page-bytes.ts'
import { createSampleName, NEW_LINE } from './sample-name.ts'
import type { SampleName } from './sample-name.ts'

/** Writes the lines of one histogram series; returns `false`, and writes nothing, when its counts are no counts. */
export type HistogramWriter = (page: PageBytes, labels: Uint8Array, point: DataPoint<ExplicitValue>) => boolean

/** Creates what writes the series of a histogram family. */
export function createHistogramWriter({ heading }: LaidOutFamily, format: PageFormat): HistogramWriter {
  const isStrict = format === 'openmetrics'
  const [sumName, countName] = [createSampleName(`${heading}_sum`), createSampleName(`${heading}_count`)]
  let boundaries: readonly number[] | undefined
  let plan: BucketPlan
  let bucketNames: readonly SampleName[]
  return (page, labels, { value, exemplars }) => {
    if (value.buckets.boundaries !== boundaries) {
      boundaries = value.buckets.boundaries
      plan = bucketPlan(boundaries)
      bucketNames = plan.le.map((le) => createSampleName(`${heading}_bucket`, le))
    }
    const cumulative = cumulativeCounts(value, plan)
    if (cumulative === undefined) return false
    const traced = isStrict && exemplars !== undefined ? bucketExemplars(exemplars, plan.bounds) : undefined
    for (const [bucket, writeName] of bucketNames.entries()) {
      writeName(page, labels)
      page.number(cumulative[bucket] as number)
      if (traced !== undefined) page.text(traced.get(bucket) ?? '')
      page.bytes(NEW_LINE)
    }
    const { sum } = value
    // OpenMetrics takes sum and count together or not at all, and no sum that may fall.
    if (isStrict && !(sum !== undefined && sum >= 0 && (plan.bounds[0] ?? 0) >= 0)) return true
    if (sum !== undefined) {
      sumName(page, labels)
      page.number(sum)
      page.bytes(NEW_LINE)
    }
    countName(page, labels)
    page.number(cumulative.at(-1) as number)
    page.bytes(NEW_LINE)
    return true
  }
}

function cumulativeCounts({ buckets: { counts }, count }: ExplicitValue, { upTo }: BucketPlan): number[] | undefined {
  const cumulative: number[] = []
  let total = 0
  let next = 0
  for (const last of upTo) {
    for (; next <= last; next++) total += counts[next] ?? 0
    cumulative.push(total)
  }
  for (; next < counts.length; next++) total += counts[next] ?? 0
  if (counts.length === 0) total = count
  cumulative.push(total)
  return counts.every(isCount) && isCount(total) ? cumulative : undefined
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0
}
