import type { Exporting } from '../export/otlp-exporters.ts'

/** A processor or reader with the exporter that it feeds, where that has to be flushed by itself. */
export interface Pipeline<P> {
  readonly processor: P
  readonly exporting?: Exporting<unknown>
}
