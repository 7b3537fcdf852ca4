import { TraceFlags } from '@opentelemetry/api'

import { drawWord, traceIdOf } from './random-ids.ts'
import type { TraceIdentity } from './trace-identity.ts'

const TWO_TO_32 = 2 ** 32

/** Draws traces that begin here. */
export type DrawTrace = () => DrawnTrace

/**
 * Returns what draws ids of traces, and decides by their numbers which share of them is sampled: as `TraceIdRatioBased` does
 * by their digits, so that other services with the same share decide the same.
 */
export function createDrawTrace(share: number): DrawTrace {
  const bound = share === 1 ? TWO_TO_32 : Math.floor(share * (TWO_TO_32 - 1))
  return () => new DrawnTrace(bound)
}

/** The id of a trace, as numbers until it is asked for. */
export class DrawnTrace implements TraceIdentity {
  readonly traceFlags: TraceFlags
  readonly traceState = undefined
  readonly first = drawWord()
  readonly second = drawWord()
  readonly third = drawWord()
  readonly fourth = drawWord()
  #traceId: string | undefined

  constructor(bound: number) {
    const folded = (this.first ^ this.second ^ this.third ^ this.fourth) >>> 0
    this.traceFlags = folded < bound ? TraceFlags.SAMPLED : TraceFlags.NONE
  }

  get traceId(): string {
    return (this.#traceId ??= traceIdOf(this.first, this.second, this.third, this.fourth))
  }
}
