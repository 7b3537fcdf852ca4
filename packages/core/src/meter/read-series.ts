import type { HrTime } from '@opentelemetry/api'

import { DATA_POINT_TYPE, TEMPORALITY } from '../metric-data.ts'
import type { DataPoint } from '../metric-data.ts'
import { withPoints } from '../series-view.ts'
import { START } from './cells.ts'
import type { DeltaBase } from './delta-base.ts'
import type { InstrumentStore } from './instrument-store.ts'
import { histogramReader, totalOf } from './row-values.ts'
import type { ReadValue } from './row-values.ts'
import type { SeriesData } from './series-data.ts'
import { createStartTimes, takeSnapshot } from './series-snapshot.ts'

/** The span of time that points are about. */
export interface Interval {
  /** Delta readers: the collection before; `undefined` at the first, when each series has its own start. */
  readonly since: HrTime | undefined
  readonly until: HrTime
}

/**
 * Reads the series of one instrument: what is new to a delta reader, or all of it where there is no base. Returns
 * `undefined` when that is nothing.
 */
export function readSeries(
  store: InstrumentStore,
  base: DeltaBase | undefined,
  interval: Interval,
): SeriesData | undefined {
  const { descriptor, spec } = store
  const aggregationTemporality = base === undefined ? TEMPORALITY.CUMULATIVE : TEMPORALITY.DELTA
  const common = { descriptor, aggregationTemporality }
  if (spec.kind === 'histogram') {
    return pointed(
      { ...common, dataPointType: DATA_POINT_TYPE.HISTOGRAM },
      store,
      base,
      interval,
      histogramReader(store),
    )
  }
  if (spec.kind === 'gauge' || spec.kind === 'observableGauge')
    return pointed({ ...common, dataPointType: DATA_POINT_TYPE.GAUGE }, store, base, interval, totalOf)
  const isMonotonic = spec.kind === 'counter' || spec.kind === 'observableCounter'
  return pointed({ ...common, dataPointType: DATA_POINT_TYPE.SUM, isMonotonic }, store, base, interval, totalOf)
}

/** Adds the data points; those of totals are made only if somebody asks for them. */
function pointed<Metric extends object, Value>(
  metric: Metric,
  store: InstrumentStore,
  base: DeltaBase | undefined,
  interval: Interval,
  read: ReadValue<Value>,
): (Metric & { dataPoints: DataPoint<Value>[] }) | undefined {
  if (base === undefined) {
    const view = takeSnapshot(store, interval.until, read)
    return view.attributes.length === 0 ? undefined : withPoints(metric, view)
  }
  const dataPoints = newPoints(store, base, interval, read)
  return dataPoints.length === 0 ? undefined : { ...metric, dataPoints }
}

function newPoints<Value>(
  { exemplars }: InstrumentStore,
  base: DeltaBase,
  { since, until }: Interval,
  read: ReadValue<Value>,
): DataPoint<Value>[] {
  const points: DataPoint<Value>[] = []
  const startOf = createStartTimes()
  base.take((attributes, difference, row) => {
    const startTime = since ?? startOf(difference[START] as number)
    const point = { attributes, startTime, endTime: until, value: read(difference, 0) }
    const ofRow = exemplars.of(row)
    points.push(ofRow === undefined ? point : { ...point, exemplars: ofRow })
  })
  return points
}
