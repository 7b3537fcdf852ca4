import type { Context } from '@opentelemetry/api'

import { COUNTS, MAX, MIN, SLAB_MASK, SLAB_SHIFT, VALUE } from './cells.ts'
import type { InstrumentStore } from './instrument-store.ts'

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
  return (row, value, context) => {
    const slab = slabs[row >>> SLAB_SHIFT] as Float64Array
    const at = (row & SLAB_MASK) * stride
    const next = typeof value === 'number' ? (slab[at + VALUE] as number) + value : NaN
    if (!(value >= least && next < Infinity && next > -Infinity)) {
      store.refuseValue(value)
      return
    }
    slab[at + VALUE] = next
    if (exemplars.looks !== 0) exemplars.offer(row, 0, value, context)
  }
}

function gaugeWrite(store: InstrumentStore): Write {
  const { slabs, stride } = store.cells
  return (row, value) => {
    if (typeof value !== 'number' || Number.isNaN(value)) {
      store.refuseValue(value)
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
  const bounds = Float64Array.from(store.bounds)
  return (row, value, context) => {
    const slab = slabs[row >>> SLAB_SHIFT] as Float64Array
    const at = (row & SLAB_MASK) * stride
    const sum = typeof value === 'number' ? (slab[at + VALUE] as number) + value : NaN
    if (!(value >= 0 && sum < Infinity)) {
      store.refuseValue(value)
      return
    }
    let bucket = 0
    // From below, for most latencies lie in the first buckets, and a loop that runs the same way is predicted.
    while (bucket < bounds.length && value > (bounds[bucket] as number)) bucket++
    slab[at + VALUE] = sum
    if (value < (slab[at + MIN] as number)) slab[at + MIN] = value
    if (value > (slab[at + MAX] as number)) slab[at + MAX] = value
    slab[at + COUNTS + bucket] = (slab[at + COUNTS + bucket] as number) + 1
    if (exemplars.looks !== 0) exemplars.offer(row, bucket, value, context)
  }
}
