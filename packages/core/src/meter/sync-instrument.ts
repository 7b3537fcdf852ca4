import type { Attributes, Counter, Gauge, Histogram, UpDownCounter } from '@opentelemetry/api'

import type { BoundAdder, BoundRecorder } from '../typed-instruments.ts'
import { createBind } from './bound-series.ts'
import type { Gate } from './gate.ts'
import type { InstrumentStore } from './instrument-store.ts'
import { createRecording } from './recording.ts'
import type { Recording } from './recording.ts'
import { createWrite } from './write.ts'
import type { Write } from './write.ts'

/** Marks what core made, also for another copy of core: such an instrument is a typed one already. */
export const TYPED: unique symbol = Symbol.for('@mcp/otel.typed-instrument') as never

/** What counters, gauges and histograms over own cells have in common. */
export abstract class SyncInstrument {
  readonly store: InstrumentStore
  readonly gate: Gate
  readonly write: Write
  #bind: ReturnType<typeof createBind> | undefined
  /** `add` or `record`. */
  abstract readonly recording: Recording

  constructor(store: InstrumentStore, gate: Gate) {
    this.store = store
    this.gate = gate
    this.write = createWrite(store)
  }

  get [TYPED](): true {
    return true
  }

  protected bound(attributes: Attributes): BoundAdder & BoundRecorder {
    return (this.#bind ??= createBind(this))(attributes)
  }

  /** Makes the series of these attributes exist at 0; closed attributes that are left out take each of their values. */
  zero(known: Attributes): void {
    if (this.gate.keeps) this.store.zero(known)
  }

  /** Removes every series whose attributes match. */
  remove(match: Attributes): void {
    this.store.remove(match)
  }
}

/** Counter or up-down counter over own cells. */
export class CellAdder extends SyncInstrument implements Counter, UpDownCounter {
  readonly add: Recording = createRecording(this.store, this.gate, this.write)

  get recording(): Recording {
    return this.add
  }

  bind(attributes: Attributes): BoundAdder {
    return this.bound(attributes)
  }
}

/** Gauge or histogram over own cells. */
export class CellRecorder extends SyncInstrument implements Gauge, Histogram {
  readonly record: Recording = createRecording(this.store, this.gate, this.write)

  get recording(): Recording {
    return this.record
  }

  bind(attributes: Attributes): BoundRecorder {
    return this.bound(attributes)
  }
}
