import { TraceFlags } from '@opentelemetry/api'

import type { TraceIdentity } from './create-sample.ts'

const ID_BYTES = 16
const TWO_TO_32 = 2 ** 32

type DigitsOf = (first: number, second: number, third: number, fourth: number) => string

/** Draws traces that begin here. */
export type DrawTrace = () => DrawnTrace

/**
 * Returns what draws ids of traces, and decides by their numbers which share of them is sampled: as `TraceIdRatioBased` does
 * by their digits, so that other services with the same share decide the same.
 */
export function createDrawTrace(share: number): DrawTrace {
  const words = new DataView(new ArrayBuffer(ID_BYTES))
  const bytes = Buffer.from(words.buffer)
  const digitsOf: DigitsOf = (first, second, third, fourth) => {
    words.setInt32(0, first)
    words.setInt32(4, second)
    words.setInt32(8, third)
    words.setInt32(12, fourth)
    return bytes.toString('hex')
  }
  const bound = share === 1 ? TWO_TO_32 : Math.floor(share * (TWO_TO_32 - 1))
  return () => new DrawnTrace(digitsOf, bound)
}

/** The id of a trace, as numbers until it is asked for. */
export class DrawnTrace implements TraceIdentity {
  readonly traceFlags: TraceFlags
  readonly traceState = undefined
  readonly #digitsOf: DigitsOf
  readonly #first = drawWord()
  readonly #second = drawWord()
  readonly #third = drawWord()
  readonly #fourth = drawWord()
  #traceId: string | undefined

  constructor(digitsOf: DigitsOf, bound: number) {
    this.#digitsOf = digitsOf
    const folded = (this.#first ^ this.#second ^ this.#third ^ this.#fourth) >>> 0
    this.traceFlags = folded < bound ? TraceFlags.SAMPLED : TraceFlags.NONE
  }

  get traceId(): string {
    return (this.#traceId ??= this.#digitsOf(this.#first, this.#second, this.#third, this.#fourth))
  }
}

/** Never zero, so that no id is, which would be none. */
function drawWord(): number {
  return (1 + Math.random() * (TWO_TO_32 - 1)) | 0
}
