import type { HrTime } from '@opentelemetry/api'

import { DATA_POINT_TYPE } from '../metric-data.ts'
import type { DataPoint } from '../metric-data.ts'
import { addHistograms } from './explicit-histogram.ts'
import type { ExplicitValue } from './explicit-histogram.ts'
import type { Family } from './families.ts'
import { haveOneOrder } from './known-labels.ts'
import type { KnownLabels } from './known-labels.ts'
import { LabelTable } from './label-table.ts'
import { labelKey } from './label-text.ts'
import type { LabelledSeries, SeriesPoint } from './series.ts'

const SERIES_BETWEEN_PAUSES = 1024

/**
 * Unites the series that have the same labels: counts are added up, of gauges the latest stays. Yields now and then, so
 * that the caller may let others run.
 */
export function* unite(
  family: Family,
  known: readonly KnownLabels[],
  lists: readonly LabelledSeries[],
): Generator<undefined, LabelledSeries> {
  const uniteTwo = uniteFor(family)
  const isKey = haveOneOrder(known)
  const indexes = new Map<string, number>()
  const texts: string[] = []
  const points: SeriesPoint[] = []
  for (const { labels, pointAt } of lists) {
    for (let index = 0; index < labels.length; index++) {
      if (index % SERIES_BETWEEN_PAUSES === 0) yield
      const text = labels.textAt(index)
      const key = isKey ? text : labelKey(text)
      const at = indexes.get(key)
      if (at === undefined) {
        indexes.set(key, points.length)
        texts.push(text)
        points.push(pointAt(index))
      } else {
        points[at] = uniteTwo(points[at] as SeriesPoint, pointAt(index))
      }
    }
  }
  const labels = new LabelTable(texts.length)
  for (const text of texts) labels.add(text)
  return { labels, pointAt: (index) => points[index] as SeriesPoint }
}

type Unite = (a: SeriesPoint, b: SeriesPoint) => SeriesPoint

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
