import type { Context } from '@opentelemetry/api'

import { COUNTS, MAX, MIN, SLAB_MASK, SLAB_SHIFT, VALUE } from './cells.ts'
import type { InstrumentStore } from './instrument-store.ts'
import { outOfLine } from './out-of-line.ts'

/**
 * Puts one value into a row, or counts its refusal. Writers are closures over constants, not methods: where the compiler
 * inlines one, it knows the arrays too.
 */
export type Write = (row: number, value: number, context: Context | undefined) => void

/** Returns what writes to the rows of an instrument. */
export function createWrite(store: InstrumentStore): Write {
  const { kind } = store.spec
  if (kind === 'histogram') return histogramWrite(store)
  return kind === 'gauge' ? gaugeWrite(store) : sumWrite(store)
}

function sumWrite(store: InstrumentStore): Write {
  const { least, exemplars } = store
  const { slabs, stride } = store.cells
  const refuse = outOfLine((value: unknown) => store.refuseValue(value))
  const offer = outOfLine(exemplars.offer.bind(exemplars))
  return (row, value, context) => {
    const slab = slabs[row >>> SLAB_SHIFT] as Float64Array
    const at = (row & SLAB_MASK) * stride
    const next = typeof value === 'number' ? (slab[at + VALUE] as number) + value : NaN
    // What is infinite or no number has no difference of 0 from itself.
    if (!(value >= least && next - next === 0)) {
      refuse(value)
      return
    }
    slab[at + VALUE] = next
    if (exemplars.looks !== 0 && exemplars.wants(row, 0)) offer(row, 0, value, context)
  }
}

function gaugeWrite(store: InstrumentStore): Write {
  const { slabs, stride } = store.cells
  const refuse = outOfLine((value: unknown) => store.refuseValue(value))
  return (row, value) => {
    if (typeof value !== 'number' || Number.isNaN(value)) {
      refuse(value)
      return
    }
    const slab = slabs[row >>> SLAB_SHIFT] as Float64Array
    // Adding 0 turns -0, which no page should show, into 0.
    slab[(row & SLAB_MASK) * stride + VALUE] = value + 0
  }
}

function histogramWrite(store: InstrumentStore): Write {
  const { exemplars } = store
  const { slabs, stride } = store.cells
  const refuse = outOfLine((value: unknown) => store.refuseValue(value))
  const offer = outOfLine(exemplars.offer.bind(exemplars))
  const bounds = Float64Array.of(...store.bounds, Infinity)
  return (row, value, context) => {
    const slab = slabs[row >>> SLAB_SHIFT] as Float64Array
    const at = (row & SLAB_MASK) * stride
    const sum = typeof value === 'number' ? (slab[at + VALUE] as number) + value : NaN
    if (!(value >= 0 && sum < Infinity)) {
      refuse(value)
      return
    }
    let bucket = 0
    // From below, for most latencies lie in the first buckets, and a loop that runs the same way is predicted.
    while (value > (bounds[bucket] as number)) bucket++
    slab[at + VALUE] = sum
    if (value < (slab[at + MIN] as number)) slab[at + MIN] = value
    if (value > (slab[at + MAX] as number)) slab[at + MAX] = value
    const place = at + COUNTS + bucket
    slab[place] = (slab[place] as number) + 1
    if (exemplars.looks !== 0 && exemplars.wants(row, bucket)) offer(row, bucket, value, context)
  }
}
