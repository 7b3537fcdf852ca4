import type { Exporting } from '../export/otlp-exporters.ts'

/** A processor or reader, with what exports for it where that has to be flushed by itself. */
export interface Pipeline<P> {
  readonly processor: P
  readonly exporting?: Exporting
}
