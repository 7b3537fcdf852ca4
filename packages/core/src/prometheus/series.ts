import { DATA_POINT_TYPE } from '../metric-data.ts'
import type { DataPoint, MetricData } from '../metric-data.ts'
import { viewOf } from '../series-view.ts'
import type { SeriesView } from '../series-view.ts'
import { explicitValue } from './explicit-histogram.ts'
import type { ExplicitValue } from './explicit-histogram.ts'
import type { Family } from './families.ts'
import { isEqual, labelsOf, NO_LABELS } from './known-labels.ts'
import type { KnownLabels } from './known-labels.ts'
import { labelName } from './label-name.ts'
import type { LabelTable } from './label-table.ts'
import type { LabelWriter } from './label-text.ts'
import { scopeLabels } from './scope-labels.ts'
import { unite } from './unite-series.ts'

/** The value of a series: a number, or a histogram with its bounds spelled out. */
export type SeriesPoint = DataPoint<number | ExplicitValue>

/** Series with their labels, by one index. */
export interface LabelledSeries {
  readonly labels: LabelTable
  readonly pointAt: (index: number) => SeriesPoint
}

/** What of the last page makes the next one cheaper. */
export interface SeriesMemory {
  /** By part of the family. */
  readonly known: readonly KnownLabels[]
  /** `true` when no two of the series were one. */
  readonly areDistinct: boolean
}

interface Found {
  /** Each series once. */
  readonly lists: readonly LabelledSeries[]
  readonly memory: SeriesMemory
}

const NOTHING: SeriesMemory = { known: [], areDistinct: true }

/**
 * Finds the series of a family and unites those with the same labels. Yields now and then, so that the caller may let
 * others run.
 */
export function* seriesOf(
  family: Family,
  options: { readonly write: LabelWriter; readonly scopeLabels: boolean },
  before: SeriesMemory = NOTHING,
): Generator<undefined, Found> {
  const known: KnownLabels[] = []
  const lists: LabelledSeries[] = []
  let areDistinct = family.parts.length === 1
  for (const [index, { metric, scope }] of family.parts.entries()) {
    const { attributes, distinctBy, pointAt } = explicitView(metric)
    const ofScope = options.scopeLabels ? scopeLabels(scope) : ''
    const found = yield* labelsOf(attributes, ofScope, before.known[index] ?? NO_LABELS, options.write)
    known.push(found)
    lists.push({ labels: found.labels, pointAt })
    areDistinct &&= distinctBy !== undefined && haveDistinctNames(distinctBy)
  }
  if (isEqual(known, before.known)) ({ areDistinct } = before)
  if (areDistinct) return { lists, memory: { known, areDistinct } }
  const united = yield* unite(family, known, lists)
  const isNothingUnited = united.labels.length === lists.reduce((all, { labels }) => all + labels.length, 0)
  return { lists: isNothingUnited ? lists : [united], memory: { known, areDistinct: isNothingUnited } }
}

/** Tells whether attributes that differ make labels that differ. */
function haveDistinctNames(attributes: readonly string[]): boolean {
  return new Set(attributes.map(labelName)).size === attributes.length
}

function explicitView(metric: MetricData): SeriesView<SeriesPoint['value']> {
  if (metric.dataPointType !== DATA_POINT_TYPE.EXPONENTIAL_HISTOGRAM) return viewOf(metric)
  const { attributes, pointAt } = viewOf(metric)
  return {
    attributes,
    pointAt: (index) => {
      const point = pointAt(index)
      return { ...point, value: explicitValue(point.value) }
    },
  }
}
