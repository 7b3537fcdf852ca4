import type { Attributes } from '@opentelemetry/api'

import type { Gate } from './gate.ts'
import type { InstrumentStore } from './instrument-store.ts'

/** Marks what core made, also for another copy of core: such an instrument is a typed one already. */
export const TYPED: unique symbol = Symbol.for('@mcp/otel.typed-instrument') as never

/** What counters, gauges and histograms over own cells have in common. */
export abstract class SyncInstrument {
  readonly store: InstrumentStore
  readonly gate: Gate
  protected readonly slabs: readonly Float64Array[]
  protected readonly stride: number

  constructor(store: InstrumentStore, gate: Gate) {
    this.store = store
    this.gate = gate
    this.slabs = store.cells.slabs
    this.stride = store.cells.stride
  }

  get [TYPED](): true {
    return true
  }

  /** Makes the series of these attributes exist at 0; closed attributes that are left out take each of their values. */
  zero(known: Attributes): void {
    this.store.zero(known)
  }

  /** Removes every series whose attributes match. */
  remove(match: Attributes): void {
    this.store.remove(match)
  }
}
