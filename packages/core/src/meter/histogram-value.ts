import { COUNTS, MAX, MIN, VALUE } from './cells.ts'
import type { InstrumentStore } from './instrument-store.ts'
import type { HistogramCounts } from './series-data.ts'

/** Returns the value of a histogram point from a row; without extremes where nothing was recorded. */
export function histogramValue(
  slab: Float64Array,
  at: number,
  stride: number,
  boundaries: number[],
  min: number,
  max: number,
): HistogramCounts {
  const counts: number[] = []
  let count = 0
  for (let slot = COUNTS; slot < stride; slot++) {
    const bucket = slab[at + slot] as number
    counts.push(bucket)
    count += bucket
  }
  const value: HistogramCounts = { buckets: { boundaries, counts }, sum: slab[at + VALUE] as number, count }
  if (count > 0) {
    value.min = min
    value.max = max
  }
  return value
}

/** Returns the least and the greatest value since the series began. */
export function extremesOf(store: InstrumentStore, row: number): [min: number, max: number] {
  const [least, greatest] = store.history.of(row)
  const slab = store.cells.slab(row)
  const at = store.cells.offset(row)
  return [Math.min(least, slab[at + MIN] as number), Math.max(greatest, slab[at + MAX] as number)]
}
