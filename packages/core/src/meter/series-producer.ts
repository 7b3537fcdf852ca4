import type { Attributes, HrTime } from '@opentelemetry/api'

import type { InstrumentKind } from '../catalogue.ts'
import { DATA_POINT_TYPE, TEMPORALITY } from '../metric-data.ts'
import type { DataPoint } from '../metric-data.ts'
import { COUNTS, MAX, MIN, START, VALUE } from './cells.ts'
import { DeltaBase } from './delta-base.ts'
import { extremesOf, histogramValue } from './histogram-value.ts'
import type { InstrumentStore } from './instrument-store.ts'
import type { Observations } from './observation-callbacks.ts'
import { ObservedStore } from './observed-store.ts'
import { EMPTY_RESOURCE, hrTime } from './series-data.ts'
import type { ScopeSeries, SeriesCollection, SeriesData, SeriesScope, Temporality } from './series-data.ts'

/**
 * Chooses cumulative (1) or delta (0) by the SDK's `InstrumentType`, as a reader's `selectAggregationTemporality` does.
 * Gauges have no temporality and are always reported with their last value.
 */
export type TemporalitySelector = {
  // A method, so that a function of the SDK's own `InstrumentType` fits.
  select(instrumentType: string): number
}['select']

/** Hands the series to one reader; give each reader its own. Fits `metricProducers` of the SDK's readers. */
export interface SeriesProducer {
  /** Collects every series; observable callbacks get `timeoutMillis` (default 5000) to end. Never rejects. */
  collect(options?: { timeoutMillis?: number }): Promise<SeriesCollection>
  /** Ends the reader: nothing more is kept for it. */
  close(): void
}

/** The instruments of one scope. */
export interface ScopeStores {
  readonly scope: SeriesScope
  readonly stores: Iterable<InstrumentStore>
}

/** What a producer reads from. */
export interface SeriesSource {
  readonly scopes: Iterable<ScopeStores>
  observe(timeoutMillis: number | undefined, into: Observations, errors: unknown[]): Promise<void>
  /** Numbers the collections. */
  nextRound(): number
  detach(producer: CellProducer): void
}

const INSTRUMENT_TYPES: Record<InstrumentKind, string> = {
  counter: 'COUNTER',
  upDownCounter: 'UP_DOWN_COUNTER',
  gauge: 'GAUGE',
  histogram: 'HISTOGRAM',
  observableCounter: 'OBSERVABLE_COUNTER',
  observableUpDownCounter: 'OBSERVABLE_UP_DOWN_COUNTER',
  observableGauge: 'OBSERVABLE_GAUGE',
}

export class CellProducer implements SeriesProducer {
  readonly #source: SeriesSource
  readonly #select: (instrumentType: string) => number
  readonly #bases = new Map<InstrumentStore, DeltaBase>()
  #last: HrTime | undefined

  constructor(source: SeriesSource, select: (instrumentType: string) => number) {
    this.#source = source
    this.#select = select
    for (const { stores } of source.scopes) for (const store of stores) this.attach(store)
  }

  /** Begins to keep what a delta reader has still to see of an instrument. */
  attach(store: InstrumentStore): void {
    if (this.#temporality(store.spec.kind) === TEMPORALITY.CUMULATIVE || this.#bases.has(store)) return
    const base = new DeltaBase(store)
    this.#bases.set(store, base)
    store.deltaBases.add(base)
  }

  async collect(options?: { timeoutMillis?: number }): Promise<SeriesCollection> {
    const errors: unknown[] = []
    const observations: Observations = new Map()
    await this.#source.observe(options?.timeoutMillis, observations, errors)
    const now = hrTime(Date.now())
    const round = this.#source.nextRound()
    const scopeMetrics: ScopeSeries[] = []
    for (const { scope, stores } of this.#source.scopes) {
      const metrics: SeriesData[] = []
      for (const store of stores) {
        if (store instanceof ObservedStore) store.commit(round, observations.get(store) ?? [])
        const data = this.#read(store, now)
        store.exemplars.renew()
        if (data.dataPoints.length > 0) metrics.push(data)
      }
      if (metrics.length > 0) scopeMetrics.push({ scope, metrics })
    }
    this.#last = now
    return { resourceMetrics: { resource: EMPTY_RESOURCE, scopeMetrics }, errors }
  }

  close(): void {
    for (const [store, base] of this.#bases) store.deltaBases.delete(base)
    this.#bases.clear()
    this.#source.detach(this)
  }

  #temporality(kind: InstrumentKind): Temporality {
    if (kind === 'gauge' || kind === 'observableGauge') return TEMPORALITY.CUMULATIVE
    return this.#select(INSTRUMENT_TYPES[kind]) === TEMPORALITY.DELTA ? TEMPORALITY.DELTA : TEMPORALITY.CUMULATIVE
  }

  #read(store: InstrumentStore, now: HrTime): SeriesData {
    const { descriptor, spec } = store
    const base = this.#bases.get(store)
    const aggregationTemporality = base === undefined ? TEMPORALITY.CUMULATIVE : TEMPORALITY.DELTA
    if (spec.kind === 'histogram') {
      const boundaries = [...store.bounds]
      const dataPoints = this.#points(store, base, now, (row, at, min, max) =>
        histogramValue(row, at, store.cells.stride, boundaries, min, max),
      )
      return { descriptor, aggregationTemporality, dataPointType: DATA_POINT_TYPE.HISTOGRAM, dataPoints }
    }
    const dataPoints = this.#points(store, base, now, (row, at) => row[at + VALUE] as number)
    if (spec.kind === 'gauge' || spec.kind === 'observableGauge')
      return { descriptor, aggregationTemporality, dataPointType: DATA_POINT_TYPE.GAUGE, dataPoints }
    const isMonotonic = spec.kind === 'counter' || spec.kind === 'observableCounter'
    return { descriptor, aggregationTemporality, dataPointType: DATA_POINT_TYPE.SUM, dataPoints, isMonotonic }
  }

  #points<T>(
    store: InstrumentStore,
    base: DeltaBase | undefined,
    endTime: HrTime,
    valueOf: (slab: Float64Array, at: number, min: number, max: number) => T,
  ): DataPoint<T>[] {
    const { cells, exemplars } = store
    const points: DataPoint<T>[] = []
    const push = (attributes: Attributes, startTime: HrTime, value: T, row: number): void => {
      const seen = row < 0 ? undefined : exemplars.of(row)
      points.push(
        seen === undefined
          ? { attributes, startTime, endTime, value }
          : { attributes, startTime, endTime, value, exemplars: seen },
      )
    }
    let startMillis = NaN
    let startTime: HrTime = endTime
    const started = (millis: number): HrTime => {
      if (millis === startMillis) return startTime
      startMillis = millis
      return (startTime = hrTime(millis))
    }
    if (base !== undefined) {
      base.take((attributes, row, index) => {
        const value = valueOf(row, 0, row[MIN] as number, row[MAX] as number)
        push(attributes, this.#last ?? started(row[START] as number), value, index)
      })
      return points
    }
    for (let row = 0; row < cells.rows; row++) {
      const attributes = cells.attributes[row]
      if (attributes === undefined || !store.isCurrent(row)) continue
      const slab = cells.slab(row)
      const at = cells.offset(row)
      const [min, max] = cells.stride > COUNTS ? extremesOf(store, row) : [0, 0]
      push(attributes, started(slab[at + START] as number), valueOf(slab, at, min, max), row)
    }
    return points
  }
}
