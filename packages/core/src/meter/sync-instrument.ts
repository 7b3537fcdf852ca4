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

  constructor(store: InstrumentStore, gate: Gate) {
    this.store = store
    this.gate = gate
    this.write = createWrite(store)
  }

  get [TYPED](): true {
    return true
  }

  /** `add` or `record`. */
  abstract readonly recording: Recording

  /**
   * Compiles `add` or `record` when it is first asked for, since a process uses but a part of what it declares; from then on
   * it is a property of the instrument's own, which costs a call nothing.
   */
  protected compiled(method: 'add' | 'record'): Recording {
    return this.assigned(method, createRecording(this.store, this.gate, this.write))
  }

  protected assigned(method: 'add' | 'record', value: Recording): Recording {
    Object.defineProperty(this, method, { value, writable: true, enumerable: true, configurable: true })
    return value
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
  get add(): Recording {
    return this.compiled('add')
  }

  // By whoever wraps a method of the API's.
  set add(wrapped: Recording) {
    this.assigned('add', wrapped)
  }

  get recording(): Recording {
    return this.add
  }

  bind(attributes: Attributes): BoundAdder {
    return this.bound(attributes)
  }
}

/** Gauge or histogram over own cells. */
export class CellRecorder extends SyncInstrument implements Gauge, Histogram {
  get record(): Recording {
    return this.compiled('record')
  }

  // By whoever wraps a method of the API's.
  set record(wrapped: Recording) {
    this.assigned('record', wrapped)
  }

  get recording(): Recording {
    return this.record
  }

  bind(attributes: Attributes): BoundRecorder {
    return this.bound(attributes)
  }
}
