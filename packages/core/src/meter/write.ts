import type { Context } from '@opentelemetry/api'

import { COUNTS, MAX, MIN, VALUE } from './cells.ts'
import type { InstrumentStore } from './instrument-store.ts'
import { outOfLine } from './out-of-line.ts'

/**
 * Puts one value into the row that begins at a place of a slab, and returns whether it has: not a value that the instrument
 * does not take, and none into a row whose numbers are `NaN`.
 */
export type Write = (slab: number[], at: number, row: number, value: number, context: Context | undefined) => boolean

/** Returns what writes to the rows of an instrument. */
export function createWrite(store: InstrumentStore): Write {
  const { kind } = store.spec
  if (kind === 'histogram') return histogramWrite(store)
  return kind === 'gauge' ? gaugeWrite : sumWrite(store)
}

function sumWrite({ least, exemplars }: InstrumentStore): Write {
  const offer = outOfLine(exemplars.offer.bind(exemplars))
  return (slab, at, row, value, context) => {
    if (typeof value !== 'number') return false
    const sum = (slab[at + VALUE] as number) + value
    // What is infinite or no number has no difference of 0 from itself.
    if (!(value >= least && sum - sum === 0)) return false
    slab[at + VALUE] = sum
    if (exemplars.looks !== 0 && exemplars.wants(row, 0)) offer(row, 0, value, context)
    return true
  }
}

const gaugeWrite: Write = (slab, at, _row, value) => {
  if (typeof value !== 'number' || Number.isNaN(value) || Number.isNaN(slab[at + VALUE])) return false
  // Adding 0 turns -0, which no page should show, into 0.
  slab[at + VALUE] = value + 0
  return true
}

function histogramWrite({ bounds, exemplars }: InstrumentStore): Write {
  const offer = outOfLine(exemplars.offer.bind(exemplars))
  return (slab, at, row, value, context) => {
    if (typeof value !== 'number') return false
    const sum = (slab[at + VALUE] as number) + value
    if (!(value >= 0 && sum < Infinity)) return false
    let bucket = 0
    while (bucket < bounds.length && value > (bounds[bucket] as number)) bucket++
    slab[at + VALUE] = sum
    if (value < (slab[at + MIN] as number)) slab[at + MIN] = value
    if (value > (slab[at + MAX] as number)) slab[at + MAX] = value
    const place = at + COUNTS + bucket
    slab[place] = (slab[place] as number) + 1
    if (exemplars.looks !== 0 && exemplars.wants(row, bucket)) offer(row, bucket, value, context)
    return true
  }
}
