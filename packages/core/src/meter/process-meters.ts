import { createNoopMeter, metrics } from '@opentelemetry/api'

import type { Catalogue, InstrumentSpec } from '../catalogue.ts'
import { processWide } from '../process-wide.ts'
import { CATALOGUE } from './catalogue-option.ts'
import type { CatalogueMeterOptions } from './catalogue-option.ts'
import { createForeignInstrument, divertTo } from './foreign-instrument.ts'
import type { ForeignInstrument } from './foreign-instrument.ts'
import { Gate } from './gate.ts'
import type { Diversion } from './gate.ts'
import type { InstrumentStore } from './instrument-store.ts'
import { CellMeterProvider } from './meter-provider.ts'
import type { CatalogueMeterProvider } from './meter-provider.ts'
import type { NoticeBoard } from './notices.ts'
import { CellObservable } from './observable.ts'
import type { ObservationCallbacks } from './observation-callbacks.ts'
import type { ObservedStore } from './observed-store.ts'

/**
 * Who gets what instruments without an explicit provider record:
 * - `automatic`: the process-wide cells; from the time that another SDK is registered globally, that SDK alone;
 * - `own`: the process-wide cells, whatever is registered;
 * - `both`: the cells, and whichever SDK is registered globally;
 * - `off`: nobody.
 */
export type ProcessMetersMode = 'automatic' | 'own' | 'both' | 'off'

/** The meters of instruments without an explicit provider: one per process, shared by every copy of this package. */
export interface ProcessMeters {
  /** Owns the process-wide cells: make producers of it, and register it (see `routeMeters`) to have them read. */
  readonly provider: CatalogueMeterProvider
  readonly mode: ProcessMetersMode
  setMode(mode: ProcessMetersMode): void
  /** Says what went wrong, once per process. */
  readonly notices: NoticeBoard
  /** Returns an instrument per catalogue key. */
  instruments(catalogue: Catalogue, scope: string, version: string | undefined): Map<string, unknown>
}

/** Returns the meters of the process, made by whichever copy of this package is asked first. */
export function processMeters(): ProcessMeters {
  return processWide<ProcessMeters>('process-meters.v1', () => new SharedMeters())
}

class SharedMeters implements ProcessMeters {
  readonly provider = new CellMeterProvider({})
  mode: ProcessMetersMode = isSdkDisabled(process.env) ? 'off' : 'automatic'
  readonly notices = this.provider.notices
  readonly #switches = new Map<InstrumentStore, Switch>()

  setMode(mode: ProcessMetersMode): void {
    this.mode = mode
    for (const each of this.#switches.values()) each.reset()
  }

  instruments(catalogue: Catalogue, scope: string, version: string | undefined): Map<string, unknown> {
    const options: CatalogueMeterOptions = { [CATALOGUE]: catalogue }
    const locate = (spec: InstrumentSpec): ForeignInstrument | undefined => {
      const meter = metrics.getMeterProvider().getMeter(scope, version, options)
      return meter === createNoopMeter() ? undefined : createForeignInstrument(meter, spec)
    }
    const switchOf = (store: InstrumentStore): Switch => {
      const known = this.#switches.get(store)
      if (known !== undefined) return known
      const made = new Switch(store, this, () => locate(store.spec))
      this.#switches.set(store, made)
      return made
    }
    const meter = this.provider.placedMeter(scope, version, options, {
      gate: (store) => switchOf(store).gate,
      observable: (store, callbacks) => switchOf(store).observable(store, callbacks),
    })
    return new Map(Object.entries(catalogue).map(([key, spec]) => [key, createForeignInstrument(meter, spec)]))
  }

  /** Lets every instrument decide anew. */
  settle(): void {
    for (const each of this.#switches.values()) each.settle()
  }
}

/** Where OpenTelemetry is switched off nobody comes to read, and what is recorded would only be kept. */
function isSdkDisabled(env: NodeJS.ProcessEnv): boolean {
  return env['OTEL_SDK_DISABLED']?.trim().toLowerCase() === 'true'
}

/** Decides for one instrument who gets its records. */
class Switch {
  readonly gate: Gate
  readonly #store: InstrumentStore
  readonly #meters: SharedMeters
  readonly #locate: () => ForeignInstrument | undefined
  #observable: CellObservable | undefined
  #foreign: ForeignInstrument | undefined
  #waits = false

  constructor(store: InstrumentStore, meters: SharedMeters, locate: () => ForeignInstrument | undefined) {
    this.#store = store
    this.#meters = meters
    this.#locate = locate
    this.gate = new Gate(this.#ask)
    this.settle()
  }

  observable(store: ObservedStore, callbacks: ObservationCallbacks): CellObservable {
    return (this.#observable ??= new CellObservable(store, callbacks, () => this.#onObserve()))
  }

  /** Returns false while nothing is registered, and the cells keep the records for whoever comes. */
  settle(): boolean {
    const { mode, provider } = this.#meters
    this.gate.keeps = mode !== 'off'
    if (mode === 'own') return this.#open()
    if (mode === 'off') return this.#divert(() => true)
    try {
      this.#foreign ??= this.#locate()
    } catch {
      return this.#open()
    }
    const foreign = this.#foreign
    if (foreign === undefined) {
      this.#divert(this.#ask)
      return false
    }
    if ((foreign as { store?: unknown }).store === this.#store) return this.#open()
    return this.#divert(divertTo(foreign, this.#store, provider.notices, mode === 'both'), foreign)
  }

  /** Decides anew, whatever was found before. */
  reset(): void {
    this.#foreign = undefined
    this.settle()
  }

  /** While nothing is registered every record looks whether something is now. */
  readonly #ask: Diversion = (value, attributes, context) => {
    if (!this.settle()) return false
    // What one record finds out holds for all, also for the observables, which are never recorded on.
    this.#meters.settle()
    return this.gate.diverted && this.gate.divert(value, attributes, context)
  }

  #open(): true {
    this.gate.diverted = false
    this.#observable?.forwardTo(undefined)
    return true
  }

  #divert(divert: Diversion, foreign?: ForeignInstrument): true {
    this.#observable?.forwardTo(foreign)
    this.gate.divert = divert
    this.gate.diverted = true
    this.#store.held.releaseAll()
    return true
  }

  /** An SDK is mostly registered in the same turn as the instruments are made. */
  #onObserve(): void {
    if (this.settle() || this.#waits) return
    this.#waits = true
    setImmediate(() => this.settle()).unref()
  }
}
