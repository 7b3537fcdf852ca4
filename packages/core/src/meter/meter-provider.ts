import type { Attributes, Meter, MeterProvider } from '@opentelemetry/api'

import type { HistogramValue } from '../metric-data.ts'
import { VERSION } from '../version.ts'
import { CATALOGUE } from './catalogue-option.ts'
import type { CatalogueMeterOptions } from './catalogue-option.ts'
import { DIRECT } from './cell-instrument.ts'
import type { Placement } from './cell-instrument.ts'
import { CellMeter, ScopeState } from './cell-meter.ts'
import type { MeterOwner } from './cell-meter.ts'
import type { InstrumentStore } from './instrument-store.ts'
import { LabelTrees } from './label-index.ts'
import { shown } from './label-values.ts'
import { Notices } from './notices.ts'
import { ObservationCallbacks } from './observation-callbacks.ts'
import type { Observations } from './observation-callbacks.ts'
import { ObservedStore } from './observed-store.ts'
import { readStore } from './read-store.ts'
import { CellProducer } from './series-producer.ts'
import type { SeriesProducer, SeriesSource, TemporalitySelector } from './series-producer.ts'
import { observeTelemetry } from './telemetry.ts'

/** Series that an instrument may have, its overflow series counted, unless set otherwise. */
export const DEFAULT_SERIES_LIMIT = 2000

export interface MeterProviderOptions {
  /** Series per instrument, the overflow series counted; default 2000. */
  readonly seriesLimit?: number
  /** Whether the provider reports on itself (`mcp.telemetry.*`); default true. */
  readonly telemetry?: boolean
}

/** One series as it is now. */
export interface SeriesReading {
  readonly attributes: Attributes
  /** The running total, the last value, or the histogram since its start. */
  readonly value: number | HistogramValue
}

/** Meters over own cells for catalogued instruments. */
export interface CatalogueMeterProvider extends MeterProvider {
  getMeter(name: string, version?: string, options?: CatalogueMeterOptions): Meter
  /** Returns what hands all series to one reader; default: everything cumulative. */
  producer(selectTemporality?: TemporalitySelector): SeriesProducer
  /** Returns the current cumulative values of the instruments of this name; observables are asked if they can answer at once. */
  readSeries(name: string): SeriesReading[]
  /** Series per instrument; a change holds for series yet to come. */
  seriesLimit: number
}

/** Creates a provider whose instruments are those of the catalogues that `getMeter` is given. */
export function createMeterProvider(options: MeterProviderOptions = {}): CatalogueMeterProvider {
  return new CellMeterProvider(options)
}

export class CellMeterProvider implements CatalogueMeterProvider, MeterOwner, SeriesSource {
  readonly notices = new Notices()
  readonly labelTrees = new LabelTrees()
  readonly callbacks = new ObservationCallbacks(this.notices)
  readonly #scopes = new Map<string, ScopeState>()
  readonly #producers = new Set<CellProducer>()
  #round = 0
  #seriesLimit = DEFAULT_SERIES_LIMIT

  constructor({ seriesLimit = DEFAULT_SERIES_LIMIT, telemetry = true }: MeterProviderOptions) {
    this.seriesLimit = seriesLimit
    if (telemetry) observeTelemetry(this, VERSION)
  }

  get seriesLimit(): number {
    return this.#seriesLimit
  }

  set seriesLimit(limit: number) {
    if (Number.isInteger(limit) && limit >= 1) this.#seriesLimit = limit
    else
      this.notices.warn(
        'limit',
        `the series limit is ${shown(limit)}; expected an integer of at least 1; it stays ${this.#seriesLimit}`,
      )
  }

  get scopes(): Iterable<ScopeState> {
    return this.#scopes.values()
  }

  getMeter(name: string, version?: string, options?: CatalogueMeterOptions): Meter {
    return this.placedMeter(name, version, options, DIRECT)
  }

  /** Returns a meter whose instruments have something between them and their cells. */
  placedMeter(
    name: string,
    version: string | undefined,
    options: CatalogueMeterOptions | undefined,
    placement: Placement,
  ): Meter {
    const key = JSON.stringify([name, version, options?.schemaUrl])
    let state = this.#scopes.get(key)
    if (state === undefined) {
      const schemaUrl = options?.schemaUrl
      state = new ScopeState(
        { name, ...(version !== undefined && { version }), ...(schemaUrl !== undefined && { schemaUrl }) },
        this,
      )
      this.#scopes.set(key, state)
    }
    state.declare(options?.[CATALOGUE] ?? {})
    return new CellMeter(state, this, placement)
  }

  producer(selectTemporality: TemporalitySelector = () => 1): SeriesProducer {
    const producer = new CellProducer(this, selectTemporality)
    this.#producers.add(producer)
    return producer
  }

  readSeries(name: string): SeriesReading[] {
    const stores = [...this.scopes].flatMap((scope) => [...scope.stores]).filter((store) => store.spec.name === name)
    const observed = stores.filter((store) => store instanceof ObservedStore)
    const observations = observed.length > 0 ? this.callbacks.observeNow(new Set(observed)) : undefined
    return stores.flatMap((store) => readStore(store, observations?.get(store as ObservedStore)))
  }

  created(store: InstrumentStore): void {
    for (const producer of this.#producers) producer.attach(store)
  }

  observe(timeoutMillis: number | undefined, into: Observations, errors: unknown[], reader: object): Promise<void> {
    return this.callbacks.observe(timeoutMillis, into, errors, reader)
  }

  observeNow(reader: object): Observations {
    const stores = [...this.scopes].flatMap((scope) => [...scope.stores])
    return this.callbacks.observeNow(new Set(stores.filter((store) => store instanceof ObservedStore)), reader)
  }

  nextRound(): number {
    return ++this.#round
  }

  detach(producer: CellProducer): void {
    this.#producers.delete(producer)
  }
}
