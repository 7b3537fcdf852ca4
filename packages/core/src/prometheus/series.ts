import type { HrTime } from '@opentelemetry/api'

import { DATA_POINT_TYPE } from '../metric-data.ts'
import type { DataPoint, MetricData } from '../metric-data.ts'
import { addHistograms, explicitValue } from './explicit-histogram.ts'
import type { ExplicitValue } from './explicit-histogram.ts'
import type { Family } from './families.ts'
import { labelsOfPoints, NO_LABELS } from './known-labels.ts'
import type { KnownLabels } from './known-labels.ts'
import { joinLabels, labelKey } from './label-text.ts'
import type { LabelWriter } from './label-text.ts'
import { scopeLabels } from './scope-labels.ts'

/** The value of a series: a number, or a histogram with its bounds spelled out. */
export type SeriesPoint = DataPoint<number> | DataPoint<ExplicitValue>

/** The series of a family, each once: `labels[i]` belongs to `points[i]`. */
interface SeriesList {
  readonly labels: readonly string[]
  readonly points: readonly SeriesPoint[]
}

/** What of the last page makes the next one cheaper. */
export interface SeriesMemory {
  readonly known: KnownLabels
  /** `true` when no two of the series were one. */
  readonly areDistinct: boolean
}

interface Found {
  readonly series: SeriesList
  readonly memory: SeriesMemory
}

const POINTS_BETWEEN_PAUSES = 1024
const NOTHING: SeriesMemory = { known: NO_LABELS, areDistinct: true }

/**
 * Finds the series of a family and unites those with the same labels: counts are added up, of gauges the latest stays.
 * Yields now and then, so that the caller may let others run.
 */
export function* seriesOf(
  family: Family,
  options: { readonly write: LabelWriter; readonly scopeLabels: boolean },
  before: SeriesMemory = NOTHING,
): Generator<undefined, Found> {
  const points = pointsOf(family)
  const known = yield* labelsOfPoints(points, before.known, options.write)
  if (!options.scopeLabels && known === before.known && before.areDistinct) {
    return { series: { labels: known.labels, points }, memory: before }
  }
  const labels = options.scopeLabels ? withScopes(family, known.labels) : known.labels
  const keyOf = known.areOrdered ? (text: string) => text : labelKey
  const series = yield* united({ labels, points }, keyOf, uniteFor(family))
  return { series, memory: { known, areDistinct: series.points.length === points.length } }
}

function pointsOf({ parts }: Family): readonly SeriesPoint[] {
  const [first, ...others] = parts.map(({ metric }) => explicitPoints(metric))
  return others.reduce((all, more) => all.concat(more), first ?? [])
}

function explicitPoints(metric: MetricData): readonly SeriesPoint[] {
  if (metric.dataPointType !== DATA_POINT_TYPE.EXPONENTIAL_HISTOGRAM) return metric.dataPoints
  return metric.dataPoints.map((point) => ({ ...point, value: explicitValue(point.value) }))
}

function withScopes({ parts }: Family, labels: readonly string[]): string[] {
  let next = 0
  return parts.flatMap(({ metric, scope }) => {
    const ofScope = scopeLabels(scope)
    return metric.dataPoints.map(() => joinLabels(labels[next++] as string, ofScope))
  })
}

type Unite = (a: SeriesPoint, b: SeriesPoint) => SeriesPoint

function* united(
  { labels, points }: SeriesList,
  keyOf: (text: string) => string,
  unite: Unite,
): Generator<undefined, SeriesList> {
  const indexes = new Map<string, number>()
  const onlyLabels: string[] = []
  const onlyPoints: SeriesPoint[] = []
  for (const [index, point] of points.entries()) {
    if (index % POINTS_BETWEEN_PAUSES === 0) yield
    const text = labels[index] as string
    const key = keyOf(text)
    const at = indexes.get(key)
    if (at === undefined) {
      indexes.set(key, onlyPoints.length)
      onlyLabels.push(text)
      onlyPoints.push(point)
    } else {
      onlyPoints[at] = unite(onlyPoints[at] as SeriesPoint, point)
    }
  }
  return { labels: onlyLabels, points: onlyPoints }
}

function uniteFor(family: Family): Unite {
  if (family.type === 'histogram') {
    return (a, b) => addHistograms(a as DataPoint<ExplicitValue>, b as DataPoint<ExplicitValue>)
  }
  const isSum = family.parts.every(({ metric }) => metric.dataPointType === DATA_POINT_TYPE.SUM)
  return isSum ? addSums : latest
}

function addSums(a: SeriesPoint, b: SeriesPoint): SeriesPoint {
  const value = Number(a.value) + Number(b.value)
  return { ...(a as DataPoint<number>), value, exemplars: [...(a.exemplars ?? []), ...(b.exemplars ?? [])] }
}

function latest(a: SeriesPoint, b: SeriesPoint): SeriesPoint {
  return isBefore(b.endTime, a.endTime) ? a : b
}

function isBefore([secondsA, nanosA]: HrTime, [secondsB, nanosB]: HrTime): boolean {
  return secondsA < secondsB || (secondsA === secondsB && nanosA < nanosB)
}
