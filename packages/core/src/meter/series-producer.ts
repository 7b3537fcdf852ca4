import { setImmediate } from 'node:timers/promises'

import type { HrTime } from '@opentelemetry/api'

import type { InstrumentKind } from '../catalogue.ts'
import { TEMPORALITY } from '../metric-data.ts'
import { DeltaBase } from './delta-base.ts'
import type { InstrumentStore } from './instrument-store.ts'
import type { Observations } from './observation-callbacks.ts'
import { ObservedStore } from './observed-store.ts'
import { readSeries } from './read-series.ts'
import { EMPTY_RESOURCE, hrTime } from './series-data.ts'
import type { ScopeSeries, SeriesCollection, SeriesData, SeriesScope } from './series-data.ts'

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
  /**
   * Collects at once, for when nothing asynchronous runs any more; observables that cannot answer at once are left out.
   */
  collectNow(): SeriesCollection
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
  observe(timeoutMillis: number | undefined, into: Observations, errors: unknown[], reader: object): Promise<void>
  /** Asks the observables that can answer at once. */
  observeNow(reader: object): Observations
  /** Numbers the collections. */
  nextRound(): number
  detach(producer: CellProducer): void
}

/** How long a collection may keep the event loop, in milliseconds, before others get a turn between two instruments. */
const TURN_MILLIS = 4

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
  readonly #select: TemporalitySelector
  readonly #bases = new Map<InstrumentStore, DeltaBase>()
  #since: HrTime | undefined

  constructor(source: SeriesSource, select: TemporalitySelector) {
    this.#source = source
    this.#select = select
    for (const { stores } of source.scopes) for (const store of stores) this.attach(store)
  }

  /** Begins to keep what a delta reader has still to see of an instrument. */
  attach(store: InstrumentStore): void {
    if (this.#bases.has(store) || !this.#isDelta(store.spec.kind)) return
    const base = new DeltaBase(store)
    this.#bases.set(store, base)
    store.deltaBases.add(base)
  }

  async collect(options?: { timeoutMillis?: number }): Promise<SeriesCollection> {
    const errors: unknown[] = []
    const observations: Observations = new Map()
    await this.#source.observe(options?.timeoutMillis, observations, errors, this)
    const reading = this.#read(observations)
    for (let turn = performance.now(); ;) {
      const { done, value } = reading.next()
      if (done === true) return { resourceMetrics: { resource: EMPTY_RESOURCE, scopeMetrics: value }, errors }
      if (performance.now() - turn < TURN_MILLIS) continue
      await setImmediate()
      turn = performance.now()
    }
  }

  collectNow(): SeriesCollection {
    const reading = this.#read(this.#source.observeNow(this))
    for (;;) {
      const { done, value } = reading.next()
      if (done === true) return { resourceMetrics: { resource: EMPTY_RESOURCE, scopeMetrics: value }, errors: [] }
    }
  }

  /** Reads instrument by instrument, with a place to pause after each. */
  *#read(observations: Observations): Generator<void, ScopeSeries[]> {
    const interval = { since: this.#since, until: hrTime(Date.now()) }
    this.#since = interval.until
    const round = this.#source.nextRound()
    const scopeMetrics: ScopeSeries[] = []
    for (const { scope, stores } of this.#source.scopes) {
      const metrics: SeriesData[] = []
      for (const store of stores) {
        if (store instanceof ObservedStore) store.commit(round, observations.get(store) ?? [])
        const data = readSeries(store, this.#bases.get(store), interval)
        store.exemplars.renew()
        store.cells.index.renew()
        if (data !== undefined) metrics.push(data)
        yield
      }
      if (metrics.length > 0) scopeMetrics.push({ scope, metrics })
    }
    return scopeMetrics
  }

  close(): void {
    for (const [store, base] of this.#bases) store.deltaBases.delete(base)
    this.#bases.clear()
    this.#source.detach(this)
  }

  #isDelta(kind: InstrumentKind): boolean {
    if (kind === 'gauge' || kind === 'observableGauge') return false
    try {
      return this.#select(INSTRUMENT_TYPES[kind]) === TEMPORALITY.DELTA
    } catch {
      return false
    }
  }
}
