export { JOB_BUCKETS, REQUEST_BUCKETS } from './catalogue.ts'
export type { AttributesOf, AttributeSpec, Catalogue, InstrumentKind, InstrumentSpec } from './catalogue.ts'
export { createInstruments } from './create-instruments.ts'
export type { InstrumentScope } from './create-instruments.ts'
export { ERROR_SCOPE, errorInstruments } from './error-instruments.ts'
export { errorType } from './error-type.ts'
export type {
  BoundAdder,
  BoundRecorder,
  Instruments,
  Observe,
  TypedAdder,
  TypedInstrument,
  TypedObservable,
  TypedRecorder,
} from './typed-instruments.ts'
export { VERSION } from './version.ts'
