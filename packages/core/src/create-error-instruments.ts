import type { MeterProvider } from '@opentelemetry/api'

import { createInstruments } from './create-instruments.ts'
import { ERROR_SCOPE, errorInstruments } from './error-instruments.ts'
import type { Instruments } from './typed-instruments.ts'
import { VERSION } from './version.ts'

/** The counter of errors, by what its catalogue names it. */
export type ErrorInstruments = Instruments<typeof errorInstruments>

/** Creates the counter of errors that all instrumentations share; `meterProvider` is as in `createInstruments`. */
export function createErrorInstruments(meterProvider?: MeterProvider): ErrorInstruments {
  return createInstruments(errorInstruments, { scope: ERROR_SCOPE, version: VERSION, isSound: true, meterProvider })
}
