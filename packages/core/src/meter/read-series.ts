import type { Attributes, HrTime } from '@opentelemetry/api'

import { DATA_POINT_TYPE, TEMPORALITY } from '../metric-data.ts'
import type { DataPoint } from '../metric-data.ts'
import { MAX, MIN, START, VALUE } from './cells.ts'
import type { DeltaBase } from './delta-base.ts'
import { extremesOf, histogramValue } from './histogram-value.ts'
import type { InstrumentStore } from './instrument-store.ts'
import { NO_ROW } from './label-tree.ts'
import { hrTime } from './series-data.ts'
import type { HistogramCounts, SeriesData } from './series-data.ts'

/** The span of time that points are about. */
export interface Interval {
  /** Delta readers: the collection before; `undefined` at the first, when each series has its own start. */
  readonly since: HrTime | undefined
  readonly until: HrTime
}

/** Reads the series of one instrument: what is new to a delta reader, or all of it where there is no base. */
export function readSeries(store: InstrumentStore, base: DeltaBase | undefined, interval: Interval): SeriesData {
  const { descriptor, spec } = store
  const aggregationTemporality = base === undefined ? TEMPORALITY.CUMULATIVE : TEMPORALITY.DELTA
  if (spec.kind === 'histogram') {
    const dataPoints = base ? newHistograms(store, base, interval) : histograms(store, interval)
    return { descriptor, aggregationTemporality, dataPointType: DATA_POINT_TYPE.HISTOGRAM, dataPoints }
  }
  const dataPoints = base ? newTotals(store, base, interval) : totals(store, interval)
  if (spec.kind === 'gauge' || spec.kind === 'observableGauge')
    return { descriptor, aggregationTemporality, dataPointType: DATA_POINT_TYPE.GAUGE, dataPoints }
  const isMonotonic = spec.kind === 'counter' || spec.kind === 'observableCounter'
  return { descriptor, aggregationTemporality, dataPointType: DATA_POINT_TYPE.SUM, dataPoints, isMonotonic }
}

function totals(store: InstrumentStore, { until }: Interval): DataPoint<number>[] {
  const { cells } = store
  const points: DataPoint<number>[] = []
  const startOf = createStartTimes()
  for (let row = 0; row < cells.rows; row++) {
    const attributes = cells.attributes[row]
    if (attributes === undefined || !store.isCurrent(row)) continue
    const slab = cells.slab(row)
    const at = cells.offset(row)
    points.push(pointOf(store, row, attributes, startOf(slab[at + START] as number), until, slab[at + VALUE] as number))
  }
  return points
}

function newTotals(store: InstrumentStore, base: DeltaBase, { since, until }: Interval): DataPoint<number>[] {
  const points: DataPoint<number>[] = []
  const startOf = createStartTimes()
  base.take((attributes, difference, row) => {
    const start = since ?? startOf(difference[START] as number)
    points.push(pointOf(store, row, attributes, start, until, difference[VALUE] as number))
  })
  return points
}

function histograms(store: InstrumentStore, { until }: Interval): DataPoint<HistogramCounts>[] {
  const { cells } = store
  const boundaries = [...store.bounds]
  const points: DataPoint<HistogramCounts>[] = []
  const startOf = createStartTimes()
  for (let row = 0; row < cells.rows; row++) {
    const attributes = cells.attributes[row]
    if (attributes === undefined) continue
    const slab = cells.slab(row)
    const at = cells.offset(row)
    const value = histogramValue(slab, at, cells.stride, boundaries, ...extremesOf(store, row))
    points.push(pointOf(store, row, attributes, startOf(slab[at + START] as number), until, value))
  }
  return points
}

function newHistograms(
  store: InstrumentStore,
  base: DeltaBase,
  { since, until }: Interval,
): DataPoint<HistogramCounts>[] {
  const boundaries = [...store.bounds]
  const points: DataPoint<HistogramCounts>[] = []
  const startOf = createStartTimes()
  base.take((attributes, difference, row) => {
    const { [MIN]: min, [MAX]: max, length } = difference
    const value = histogramValue(difference, 0, length, boundaries, min as number, max as number)
    points.push(pointOf(store, row, attributes, since ?? startOf(difference[START] as number), until, value))
  })
  return points
}

function pointOf<T>(
  store: InstrumentStore,
  row: number,
  attributes: Attributes,
  startTime: HrTime,
  endTime: HrTime,
  value: T,
): DataPoint<T> {
  const exemplars = row === NO_ROW ? undefined : store.exemplars.of(row)
  return exemplars === undefined
    ? { attributes, startTime, endTime, value }
    : { attributes, startTime, endTime, value, exemplars }
}

/** Returns what makes one pair of numbers for all neighbours that began in the same millisecond. */
function createStartTimes(): (millis: number) => HrTime {
  let last = NaN
  let time: HrTime = [0, 0]
  return (millis) => {
    if (millis !== last) {
      last = millis
      time = hrTime(millis)
    }
    return time
  }
}
