import type { Exporting } from '../export/otlp-exporters.ts'

/** A processor or reader with the exporter that it feeds, where that has to be flushed by itself. */
export interface Pipeline<P> {
  readonly processor: P
  readonly exporting?: Exporting<unknown>
  /** Returns what the exporter is still to get, at once, for when nothing asynchronous runs any more. */
  readonly remaining?: () => unknown
}

/**
 * Returns what a batch processor of the SDK has not handed to its exporter yet, `undefined` for nothing. The SDK offers
 * no other way to have it at once.
 */
export function queueOf(processor: object): readonly unknown[] | undefined {
  const { _finishedSpans: spans, _finishedLogRecords: records } = processor as Record<string, unknown>
  const queue = spans ?? records
  return Array.isArray(queue) && queue.length > 0 ? queue : undefined
}
