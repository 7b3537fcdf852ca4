import type {
  BatchObservableCallback,
  Counter,
  Gauge,
  Histogram,
  Meter,
  Observable,
  UpDownCounter,
} from '@opentelemetry/api'

import type { Catalogue, InstrumentKind, InstrumentSpec } from '../catalogue.ts'
import { createCellInstrument, createNoopInstrument } from './cell-instrument.ts'
import type { CellInstrument, Placement } from './cell-instrument.ts'
import { InstrumentStore } from './instrument-store.ts'
import type { StoreOwner } from './instrument-store.ts'
import { shown } from './label-values.ts'
import type { CellObservable } from './observable.ts'
import type { ObservationCallbacks } from './observation-callbacks.ts'
import { ObservedStore } from './observed-store.ts'
import type { SeriesScope } from './series-data.ts'

/** What a provider gives its meters. */
export interface MeterOwner extends StoreOwner {
  readonly callbacks: ObservationCallbacks
  /** Tells the readers of an instrument that is new. */
  created(store: InstrumentStore): void
}

/** What is one per scope: its instruments' stores. */
export class ScopeState {
  readonly scope: SeriesScope
  readonly #owner: MeterOwner
  readonly #specs = new Map<string, InstrumentSpec>()
  readonly #stores = new Map<string, InstrumentStore>()

  constructor(scope: SeriesScope, owner: MeterOwner) {
    this.scope = scope
    this.#owner = owner
  }

  get stores(): Iterable<InstrumentStore> {
    return this.#stores.values()
  }

  /** Makes the catalogue's instruments known; a name that is known as something else keeps its first meaning. */
  declare(catalogue: Catalogue): void {
    for (const spec of Object.values(catalogue)) {
      const known = this.#specs.get(spec.name)
      if (known === undefined) this.#specs.set(spec.name, spec)
      else if (known !== spec && JSON.stringify(known) !== JSON.stringify(spec)) {
        this.#owner.notices.warn(
          `conflict ${this.scope.name} ${spec.name}`,
          `${spec.name} is declared twice in scope ${this.scope.name} and not alike; the first declaration stands`,
        )
      }
    }
  }

  /** Returns the store of a declared instrument, or `undefined` after saying what is wrong. */
  store(kind: InstrumentKind, name: string): InstrumentStore | undefined {
    const spec = this.#specs.get(name)
    if (spec?.kind !== kind) {
      this.#owner.notices.warn(
        `unknown ${this.scope.name} ${kind} ${name}`,
        `scope ${this.scope.name} has no ${kind} ${name} in its catalogue${spec === undefined ? '' : ` (it is a ${spec.kind})`}; it records nothing: declare it in the catalogue`,
      )
      return undefined
    }
    const known = this.#stores.get(name)
    if (known !== undefined) return known
    try {
      const store = createStore(spec, this.#owner)
      this.#stores.set(name, store)
      this.#owner.created(store)
      if (startsAtZero(spec)) store.zero({})
      return store
    } catch (error) {
      this.#owner.notices.warn(
        `broken ${this.scope.name} ${name}`,
        `${name} cannot be created: ${shown(error)}; it records nothing`,
      )
      return undefined
    }
  }
}

/** Meter for catalogued instruments over own cells. */
export class CellMeter implements Meter {
  readonly #state: ScopeState
  readonly #owner: MeterOwner
  readonly #placement: Placement

  constructor(state: ScopeState, owner: MeterOwner, placement: Placement) {
    this.#state = state
    this.#owner = owner
    this.#placement = placement
  }

  createCounter(name: string): Counter {
    return this.#create('counter', name)
  }

  createUpDownCounter(name: string): UpDownCounter {
    return this.#create('upDownCounter', name)
  }

  createGauge(name: string): Gauge {
    return this.#create('gauge', name)
  }

  createHistogram(name: string): Histogram {
    return this.#create('histogram', name)
  }

  createObservableCounter(name: string): Observable {
    return this.#create('observableCounter', name)
  }

  createObservableUpDownCounter(name: string): Observable {
    return this.#create('observableUpDownCounter', name)
  }

  createObservableGauge(name: string): Observable {
    return this.#create('observableGauge', name)
  }

  addBatchObservableCallback(callback: BatchObservableCallback, observables: Observable[]): void {
    const own = observables.filter(isCellObservable)
    if (own.length === 0) return
    this.#owner.callbacks.add(callback, own, (observer) =>
      callback({ observe: (metric, value, attributes) => observer.take(metric, value, attributes) }),
    )
  }

  removeBatchObservableCallback(callback: BatchObservableCallback, observables: Observable[]): void {
    this.#owner.callbacks.delete(callback, observables.filter(isCellObservable))
  }

  #create(kind: InstrumentKind, name: string): CellInstrument {
    const store = this.#state.store(kind, name)
    return store === undefined
      ? createNoopInstrument()
      : createCellInstrument(store, this.#owner.callbacks, this.#placement)
  }
}

function isCellObservable(observable: Observable): observable is CellObservable {
  return (observable as Partial<CellObservable>).store !== undefined
}

/** Creates the series of an instrument. */
export function createStore(spec: InstrumentSpec, owner: StoreOwner): InstrumentStore {
  return spec.kind.startsWith('observable') ? new ObservedStore(spec, owner) : new InstrumentStore(spec, owner)
}

/** Sums whose every series is known beforehand begin at 0, so that their first increment is seen as one. */
function startsAtZero({ kind, attributes }: InstrumentSpec): boolean {
  return (
    (kind === 'counter' || kind === 'upDownCounter') &&
    Object.values(attributes).every((accepted) => accepted !== 'string')
  )
}
