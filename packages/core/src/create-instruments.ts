import type { MeterProvider } from '@opentelemetry/api'

import { catalogueProblems } from './catalogue-problems.ts'
import type { Catalogue, InstrumentSpec } from './catalogue.ts'
import { CATALOGUE } from './meter/catalogue-option.ts'
import type { CatalogueMeterOptions } from './meter/catalogue-option.ts'
import { createCellInstrument, createNoopInstrument } from './meter/cell-instrument.ts'
import { createStore } from './meter/cell-meter.ts'
import { createForeignInstrument, divertTo } from './meter/foreign-instrument.ts'
import { Gate } from './meter/gate.ts'
import { LabelTrees } from './meter/label-index.ts'
import { shown } from './meter/label-values.ts'
import { DEFAULT_SERIES_LIMIT } from './meter/meter-provider.ts'
import type { NoticeBoard } from './meter/notices.ts'
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
  readonly meterProvider?: MeterProvider | undefined
  /** Whether `catalogueProblems` has found nothing in the catalogue, in a test say: then it is not looked at again. */
  readonly isSound?: boolean
}

/**
 * Creates typed instruments for a catalogue; they may be created, and used, before any SDK is registered. An instrument
 * whose description has a mistake is said through `diag` and records nothing; the others work.
 */
export function createInstruments<C extends Catalogue>(catalogue: C, scope: InstrumentScope): Instruments<C> {
  const meters = processMeters()
  const sound = scope.isSound === true ? catalogue : soundPart(catalogue, scope.scope, meters.notices)
  const { meterProvider } = scope
  const made =
    meterProvider === undefined
      ? meters.instruments(sound, scope.scope, scope.version)
      : instrumentsAt(meterProvider, sound, scope, meters.notices)
  return Object.fromEntries(
    Object.keys(catalogue).map((key) => [key, made.get(key) ?? createNoopInstrument()]),
  ) as Instruments<C>
}

/** Returns the catalogue without the instruments that have mistakes, after saying all of these at once. */
function soundPart(catalogue: Catalogue, scope: string, notices: NoticeBoard): Catalogue {
  const problems = catalogueProblems(catalogue)
  if (problems.size === 0) return catalogue
  const list = [...problems].flatMap(([key, found]) => found.map((problem) => `${key}: ${problem}`)).join('\n  ')
  notices.warn(
    `catalogue ${scope} ${list}`,
    `the catalogue of ${scope} has mistakes; these instruments record nothing:\n  ${list}`,
  )
  return Object.fromEntries(Object.entries(catalogue).filter(([key]) => !problems.has(key)))
}

function instrumentsAt(
  provider: MeterProvider,
  catalogue: Catalogue,
  { scope, version }: InstrumentScope,
  notices: NoticeBoard,
): Map<string, unknown> {
  const options: CatalogueMeterOptions = { [CATALOGUE]: catalogue }
  const made = new Map<string, unknown>()
  for (const [key, spec] of Object.entries(catalogue)) {
    try {
      const instrument = createForeignInstrument(provider.getMeter(scope, version, options), spec)
      made.set(key, TYPED in instrument ? instrument : typed(instrument, spec, notices))
    } catch (error) {
      notices.warn(
        `provider ${scope} ${spec.name}`,
        `the provider given for ${scope} cannot create ${spec.name}, which records nothing: ${shown(error)}`,
      )
    }
  }
  return made
}

/** Gives another SDK's instrument the typed methods. */
function typed(
  foreign: ReturnType<typeof createForeignInstrument>,
  spec: InstrumentSpec,
  notices: NoticeBoard,
): unknown {
  const store = createStore(spec, { notices, seriesLimit: DEFAULT_SERIES_LIMIT, labelTrees: new LabelTrees() })
  return createCellInstrument(store, new ObservationCallbacks(notices), {
    gate: () => new Gate(divertTo(foreign, store, notices, false)),
    observable: (observed, callbacks) => {
      const observable = new CellObservable(observed, callbacks)
      observable.forwardTo(foreign)
      return observable
    },
  })
}
