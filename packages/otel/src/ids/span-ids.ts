import type { SpanContext } from '@opentelemetry/api'

import { drawWord, spanIdOf } from './random-ids.ts'
import { spanContextOf } from './trace-identity.ts'
import type { TraceIdentity } from './trace-identity.ts'

/** Under this name a span tells its ids as it has them: an exporter of bytes has no use for digits. */
export const SPAN_IDS: unique symbol = Symbol('span ids')

/** The ids of a span; one that was drawn stays two numbers until somebody asks for its digits. */
export class SpanIds {
  readonly trace: TraceIdentity
  /** Whether they need not be looked at, digit by digit. */
  readonly arePlain: boolean
  /** Whether `first` and `second` are the span's id. */
  readonly isDrawn: boolean
  readonly first: number
  readonly second: number
  #context: SpanContext | undefined

  /** `given` is what an id generator of the app's made. */
  constructor(trace: TraceIdentity, hasPlainTrace: boolean, given?: string) {
    this.trace = trace
    this.isDrawn = given === undefined
    this.arePlain = hasPlainTrace && this.isDrawn
    this.first = this.isDrawn ? drawWord() : 0
    this.second = this.isDrawn ? drawWord() : 0
    this.#context = given === undefined ? undefined : spanContextOf(trace, given)
  }

  get context(): SpanContext {
    return (this.#context ??= spanContextOf(this.trace, spanIdOf(this.first, this.second)))
  }
}

/** Returns the ids of a span of ours; of others' nothing but their span context is known. */
export function idsOf(span: object): SpanIds | undefined {
  return (span as { readonly [SPAN_IDS]?: SpanIds })[SPAN_IDS]
}
