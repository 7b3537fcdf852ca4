import type { Gate } from './gate.ts'
import type { InstrumentStore } from './instrument-store.ts'
import { CellObservable } from './observable.ts'
import type { ObservationCallbacks } from './observation-callbacks.ts'
import { ObservedStore } from './observed-store.ts'
import { CellAdder, CellRecorder, TYPED } from './sync-instrument.ts'

/** What stands between an instrument and its cells. */
export interface Placement {
  gate(store: InstrumentStore): Gate
  observable(store: ObservedStore, callbacks: ObservationCallbacks): CellObservable
}

/** Nothing in between: every record is for the cells. */
export const DIRECT: Placement = {
  gate: (store) => store.gate,
  observable: (store, callbacks) => new CellObservable(store, callbacks),
}

/** Any instrument over own cells; only the methods of its kind are there. */
export type CellInstrument = CellAdder & CellRecorder & CellObservable

/** Creates the instrument over a store. */
export function createCellInstrument(
  store: InstrumentStore,
  callbacks: ObservationCallbacks,
  placement: Placement,
): CellInstrument {
  return create(store, callbacks, placement) as CellInstrument
}

function create(store: InstrumentStore, callbacks: ObservationCallbacks, placement: Placement): unknown {
  if (store instanceof ObservedStore) return placement.observable(store, callbacks)
  const { kind } = store.spec
  const gate = placement.gate(store)
  return kind === 'counter' || kind === 'upDownCounter' ? new CellAdder(store, gate) : new CellRecorder(store, gate)
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
