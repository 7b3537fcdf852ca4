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
  readonly #buckets: number
  /** One bit per bucket (buckets from the 32nd on share one) by row. */
  #taken = new Uint32Array(16)
  readonly #held = new Map<number, Exemplar>()

  /** Keeps none at all for what has no exemplars on the page. */
  constructor(buckets: number, isKept: boolean) {
    this.looks = this.#limit = isKept ? LOOKS : 0
    this.#buckets = buckets
  }

  /** Offers a measurement that was just recorded. */
  offer(row: number, bucket: number, value: number, context: Context | undefined): void {
    if (row >= this.#taken.length) this.#grow(row)
    const bit = 1 << Math.min(bucket, 31)
    if (((this.#taken[row] as number) & bit) !== 0) return
    this.looks--
    try {
      const span = trace.getSpanContext(context ?? contexts.active())
      if (span === undefined || (span.traceFlags & SAMPLED) === 0 || !isSpanContextValid(span)) return
      const { traceId, spanId } = span
      const timestamp = Date.now() / 1000
      const at = row * this.#buckets + bucket
      this.#held.set(
        at,
        this.#buckets === 1 ? { value, timestamp, traceId, spanId } : { value, timestamp, traceId, spanId, bucket },
      )
      this.#taken[row] = (this.#taken[row] as number) | bit
    } catch {
      // Not a context: the measurement is counted all the same.
    }
  }

  /** Returns the exemplars of a row, or `undefined` when there is none. */
  of(row: number): Exemplar[] | undefined {
    if (this.#held.size === 0) return undefined
    let found: Exemplar[] | undefined
    for (let bucket = 0; bucket < this.#buckets; bucket++) {
      const exemplar = this.#held.get(row * this.#buckets + bucket)
      if (exemplar !== undefined) (found ??= []).push(exemplar)
    }
    return found
  }

  /** Begins a new interval. */
  renew(): void {
    this.looks = this.#limit
    this.#taken.fill(0)
  }

  remove(row: number): void {
    if (this.#held.size === 0) return
    for (let bucket = 0; bucket < this.#buckets; bucket++) this.#held.delete(row * this.#buckets + bucket)
    if (row < this.#taken.length) this.#taken[row] = 0
  }

  #grow(row: number): void {
    const grown = new Uint32Array(Math.max(row + 1, this.#taken.length * 2))
    grown.set(this.#taken)
    this.#taken = grown
  }
}
