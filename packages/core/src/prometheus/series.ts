import type { HrTime } from '@opentelemetry/api'

import { DATA_POINT_TYPE } from '../metric-data.ts'
import type { DataPoint, MetricData } from '../metric-data.ts'
import { addHistograms, explicitValue } from './explicit-histogram.ts'
import type { ExplicitValue } from './explicit-histogram.ts'
import type { Family, FamilyPart } from './families.ts'
import type { Labels } from './label-text.ts'

/** The value of a series: a number, or a histogram with its bounds spelled out. */
export type SeriesPoint = DataPoint<number> | DataPoint<ExplicitValue>

/** The series of a family, each once: `labels[i]` belongs to `points[i]`. */
export interface SeriesList {
  readonly labels: readonly Labels[]
  readonly points: readonly SeriesPoint[]
}

const POINTS_BETWEEN_PAUSES = 2048

/**
 * Finds the series of a family and unites those with the same labels: counts are added up, of gauges the latest stays.
 * Yields now and then, so that the caller may let others run.
 */
export function* seriesOf(
  family: Family,
  labelsOf: (part: FamilyPart, point: SeriesPoint) => Labels,
): Generator<undefined, SeriesList> {
  const labels: Labels[] = []
  const points: SeriesPoint[] = []
  const keys = new Set<string>()
  let indexes: Map<string, number> | undefined
  const unite = uniteFor(family)
  for (const part of family.parts) {
    for (const point of pointsOf(part.metric)) {
      const label = labelsOf(part, point)
      const { size } = keys
      if (keys.add(label.key).size > size) {
        indexes?.set(label.key, points.length)
        labels.push(label)
        points.push(point)
      } else {
        indexes ??= new Map(labels.map(({ key }, index) => [key, index]))
        const index = indexes.get(label.key) as number
        points[index] = unite(points[index] as SeriesPoint, point)
      }
      if (keys.size % POINTS_BETWEEN_PAUSES === 0) yield
    }
  }
  return { labels, points }
}

function pointsOf(metric: MetricData): readonly SeriesPoint[] {
  if (metric.dataPointType !== DATA_POINT_TYPE.EXPONENTIAL_HISTOGRAM) return metric.dataPoints
  return metric.dataPoints.map((point) => ({ ...point, value: explicitValue(point.value) }))
}

function uniteFor(family: Family): (a: SeriesPoint, b: SeriesPoint) => SeriesPoint {
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
