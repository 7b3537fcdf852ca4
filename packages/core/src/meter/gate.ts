import type { Attributes, Context } from '@opentelemetry/api'

/** Takes a record before the cells get it; returns true when they are not to have it. */
export type Diversion = (value: number, attributes: Attributes | undefined, context: Context | undefined) => boolean

/** Stands before an instrument's cells: shut while it is open who is to have the records, or another SDK has them. */
export class Gate {
  /** Looked at on every record, hence a field; `divert` is asked only when it is set. */
  diverted: boolean
  divert: Diversion
  /** Whether series are kept at all: not where nobody will ever read them. */
  keeps = true

  constructor(divert?: Diversion) {
    this.diverted = divert !== undefined
    this.divert = divert ?? (() => false)
  }
}
