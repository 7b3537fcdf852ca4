import type { Labels } from './label-sets.ts'

/**
 * A library at work on the same two metrics as all others: an event is one request, counted by method, endpoint and status,
 * and its duration by method and endpoint in the same buckets. Attributes are a fresh object each time, as in an app.
 */
export interface Recorder<P = unknown> {
  /** Finds once what events with these labels need; what it returns is handed to `record`. */
  prepare(this: void, labels: Labels): P
  record(this: void, prepared: P, seconds: number): void
  /** The counter alone. */
  count(this: void, labels: Labels): void
  /** Returns the page that Prometheus would get. */
  scrape(this: void): Promise<Page>
}

/** The bytes that are sent. */
export type Page = readonly Uint8Array[]

/** Returns the labels themselves: what is prepared where nothing is kept from one event to the next. */
export function asTheyAre(labels: Labels): Labels {
  return labels
}
