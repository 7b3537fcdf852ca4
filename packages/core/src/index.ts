export { JOB_BUCKETS, REQUEST_BUCKETS } from './catalogue.ts'
export type { AttributesOf, AttributeSpec, Catalogue, InstrumentKind, InstrumentSpec } from './catalogue.ts'
export { createInstruments } from './create-instruments.ts'
export type { InstrumentScope } from './create-instruments.ts'
export { ERROR_SCOPE, errorInstruments } from './error-instruments.ts'
export { errorType } from './error-type.ts'
export { failSpan } from './outcome/fail-span.ts'
export { observeCall } from './outcome/observe-call.ts'
export type { Settled } from './outcome/observe-call.ts'
export { outcomeStatus } from './outcome/outcome-status.ts'
export { OUTCOME_STATUSES } from './outcome/outcome.ts'
export type { Outcome, OutcomeStatus, StatusOf } from './outcome/outcome.ts'
export { processWide } from './process-wide.ts'
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
