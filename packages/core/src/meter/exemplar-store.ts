import { context as contexts, isSpanContextValid, trace } from '@opentelemetry/api'
import type { Context } from '@opentelemetry/api'

import type { Exemplar } from '../metric-data.ts'

/** Looks at a context that one instrument may take between two collections. */
const LOOKS = 1000
const SAMPLED = 1

/**
 * Keeps the last sampled measurement of each bucket. It looks at the context of at most 1000 records per instrument and
 * collection, and at none for a bucket that has got its exemplar in this interval: sampled or not, it costs next to nothing.
 */
export class ExemplarStore {
  looks: number
  readonly #limit: number
  readonly #hasBuckets: boolean
  /** One bit per bucket (buckets from the 32nd on share one) by row. */
  #taken = new Uint32Array(16)
  /** By row, in the order of buckets; a list is never changed. */
  readonly #held = new Map<number, readonly Exemplar[]>()

  /** Keeps none at all for what has no exemplars on the page. */
  constructor(buckets: number, isKept: boolean) {
    this.looks = this.#limit = isKept ? LOOKS : 0
    this.#hasBuckets = buckets > 1
  }

  /** Whether a bucket has no exemplar yet in this interval. */
  wants(row: number, bucket: number): boolean {
    return ((this.#taken[row] as number) & bitOf(bucket)) === 0
  }

  /** Offers a measurement that was just recorded, in a bucket that wants one. */
  offer(row: number, bucket: number, value: number, context: Context | undefined): void {
    if (row >= this.#taken.length) this.#grow(row)
    this.looks--
    try {
      const span = trace.getSpanContext(context ?? contexts.active())
      if (span === undefined || (span.traceFlags & SAMPLED) === 0 || !isSpanContextValid(span)) return
      const { traceId, spanId } = span
      const timestamp = Date.now() / 1000
      const found: Exemplar = { value, timestamp, traceId, spanId, ...(this.#hasBuckets && { bucket }) }
      const others = this.#held.get(row)?.filter((other) => other.bucket !== found.bucket) ?? []
      this.#held.set(row, [...others, found].toSorted(byBucket))
      this.#taken[row] = (this.#taken[row] as number) | bitOf(bucket)
    } catch {
      // Not a context: the measurement is counted all the same.
    }
  }

  /** Returns the exemplars of a row, or `undefined` when there is none. */
  of(row: number): readonly Exemplar[] | undefined {
    return this.#held.get(row)
  }

  /** Returns the exemplars of all rows as they are now. */
  copy(): ReadonlyMap<number, readonly Exemplar[]> {
    return new Map(this.#held)
  }

  /** Begins a new interval. */
  renew(): void {
    this.looks = this.#limit
    this.#taken.fill(0)
  }

  remove(row: number): void {
    this.#held.delete(row)
    if (row < this.#taken.length) this.#taken[row] = 0
  }

  #grow(row: number): void {
    const grown = new Uint32Array(Math.max(row + 1, this.#taken.length * 2))
    grown.set(this.#taken)
    this.#taken = grown
  }
}

function bitOf(bucket: number): number {
  return 1 << Math.min(bucket, 31)
}

function byBucket(a: Exemplar, b: Exemplar): number {
  return (a.bucket ?? 0) - (b.bucket ?? 0)
}
