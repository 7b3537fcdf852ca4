import type { MeterProvider } from '@opentelemetry/api'

import type { Catalogue, InstrumentSpec } from './catalogue.ts'
import { CATALOGUE } from './meter/catalogue-option.ts'
import type { CatalogueMeterOptions } from './meter/catalogue-option.ts'
import { createCellInstrument, createNoopInstrument } from './meter/cell-instrument.ts'
import { createStore } from './meter/cell-meter.ts'
import { createForeignInstrument, divertTo } from './meter/foreign-instrument.ts'
import { Gate } from './meter/gate.ts'
import { DEFAULT_SERIES_LIMIT } from './meter/meter-provider.ts'
import { Notices } from './meter/notices.ts'
import { CellObservable } from './meter/observable.ts'
import { ObservationCallbacks } from './meter/observation-callbacks.ts'
import { processMeters } from './meter/process-meters.ts'
import { TYPED } from './meter/sync-instrument.ts'
import type { Instruments } from './typed-instruments.ts'

/** Where the instruments of a catalogue belong. */
export interface InstrumentScope {
  /** Instrumentation scope, the package's name. */
  readonly scope: string
  /** Version of that package. */
  readonly version?: string
  /**
   * Provider to use. Default: cells of the process, which keep what is recorded for whoever starts to read them; from
   * the time that another SDK is registered globally, that SDK (see `processMeters`).
   */
  readonly meterProvider?: MeterProvider
}

/** Creates typed instruments for a catalogue; they may be created, and used, before any SDK is registered. */
export function createInstruments<C extends Catalogue>(catalogue: C, scope: InstrumentScope): Instruments<C> {
  const { meterProvider } = scope
  const made =
    meterProvider === undefined
      ? processMeters().instruments(catalogue, scope.scope, scope.version)
      : instrumentsOf(catalogue, scope.scope, scope.version, meterProvider)
  return Object.fromEntries(made) as Instruments<C>
}

function instrumentsOf(
  catalogue: Catalogue,
  scope: string,
  version: string | undefined,
  provider: MeterProvider,
): [string, unknown][] {
  const options: CatalogueMeterOptions = { [CATALOGUE]: catalogue }
  const notices = new Notices()
  const meter = provider.getMeter(scope, version, options)
  return Object.entries(catalogue).map(([key, spec]) => {
    try {
      const instrument = createForeignInstrument(meter, spec)
      return [key, TYPED in instrument ? instrument : typed(instrument, spec, notices)]
    } catch (error) {
      notices.warn(
        key,
        `the provider given for ${scope} cannot create ${spec.name}: ${String(error)}; it records nothing`,
      )
      return [key, createNoopInstrument()]
    }
  })
}

/** Gives another SDK's instrument the typed methods. */
function typed(foreign: ReturnType<typeof createForeignInstrument>, spec: InstrumentSpec, notices: Notices): unknown {
  const store = createStore(spec, { notices, seriesLimit: DEFAULT_SERIES_LIMIT })
  return createCellInstrument(store, new ObservationCallbacks(notices), {
    gate: () => new Gate(divertTo(foreign, store, notices, false)),
    observable: (observed, callbacks) => {
      const observable = new CellObservable(observed, callbacks)
      observable.forwardTo(foreign)
      return observable
    },
  })
}
