import type { InstrumentKind } from '../catalogue.ts'
import { CellCounter } from './counter.ts'
import { Gate } from './gate.ts'
import { CellGauge } from './gauge.ts'
import { CellHistogram } from './histogram.ts'
import type { InstrumentStore } from './instrument-store.ts'
import { CellObservable } from './observable.ts'
import type { ObservationCallbacks } from './observation-callbacks.ts'
import { TYPED } from './sync-instrument.ts'

/** What stands between an instrument and its cells. */
export interface Placement {
  gate(store: InstrumentStore): Gate
  observable(store: InstrumentStore, callbacks: ObservationCallbacks): CellObservable
}

/** Nothing in between: every record is for the cells. */
export const DIRECT: Placement = {
  gate: () => new Gate(),
  observable: (store, callbacks) => new CellObservable(store, callbacks),
}

/** Any instrument over own cells; only the methods of its kind are there. */
export type CellInstrument = CellCounter & CellGauge & CellHistogram & CellObservable

/** Creates the instrument over a store. */
export function createCellInstrument(
  store: InstrumentStore,
  callbacks: ObservationCallbacks,
  placement: Placement,
): CellInstrument {
  return create(store, callbacks, placement) as CellInstrument
}

function create(store: InstrumentStore, callbacks: ObservationCallbacks, placement: Placement): unknown {
  const kind: InstrumentKind = store.spec.kind
  if (kind === 'counter' || kind === 'upDownCounter') return new CellCounter(store, placement.gate(store))
  if (kind === 'gauge') return new CellGauge(store, placement.gate(store))
  if (kind === 'histogram') return new CellHistogram(store, placement.gate(store))
  return placement.observable(store, callbacks)
}

const nothing = (): void => {}

/** Creates an instrument of every kind that does nothing. */
export function createNoopInstrument(): CellInstrument {
  const noop = {
    [TYPED]: true,
    add: nothing,
    record: nothing,
    bind: () => ({ add: nothing, record: nothing }),
    zero: nothing,
    remove: nothing,
    observe: () => nothing,
    addCallback: nothing,
    removeCallback: nothing,
  }
  return noop as unknown as CellInstrument
}
