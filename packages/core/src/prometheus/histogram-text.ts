import type { DataPoint } from '../metric-data.ts'
import { bucketPlan } from './bucket-plan.ts'
import type { BucketPlan } from './bucket-plan.ts'
import { bucketExemplars } from './exemplar-text.ts'
import type { ExplicitValue } from './explicit-histogram.ts'
import type { LaidOutFamily, PageFormat } from './layout.ts'
import { numberText } from './number-text.ts'

/** Writes the lines of one histogram series; `undefined` when its counts are no counts. */
export type HistogramWriter = (labels: string, point: DataPoint<ExplicitValue>) => string | undefined

/** Creates what writes the series of a histogram family. */
export function createHistogramWriter({ heading }: LaidOutFamily, format: PageFormat): HistogramWriter {
  let boundaries: readonly number[] | undefined
  let plan: BucketPlan
  return (labels, { value, exemplars }) => {
    if (value.buckets.boundaries !== boundaries) {
      boundaries = value.buckets.boundaries
      plan = bucketPlan(boundaries)
    }
    const cumulative = cumulativeCounts(value, plan)
    if (cumulative === undefined) return undefined
    const isStrict = format === 'openmetrics'
    const traced = isStrict && exemplars !== undefined ? bucketExemplars(exemplars, plan.bounds) : undefined
    const start = `${heading}_bucket{${labels}${labels === '' ? '' : ','}`
    let text = ''
    for (const [index, count] of cumulative.entries()) {
      text += `${start}${plan.le[index]}} ${count}${traced?.get(index) ?? ''}\n`
    }
    const total = cumulative[cumulative.length - 1]
    const set = labels === '' ? '' : `{${labels}}`
    const { sum } = value
    // OpenMetrics takes sum and count together or not at all, and no sum that may fall.
    if (isStrict && !(sum !== undefined && sum >= 0 && (plan.bounds[0] ?? 0) >= 0)) return text
    if (sum !== undefined) text += `${heading}_sum${set} ${numberText(sum)}\n`
    return `${text}${heading}_count${set} ${total}\n`
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
