import { COUNTS, MAX, MIN, VALUE } from './cells.ts'
import type { InstrumentStore } from './instrument-store.ts'
import type { HistogramCounts } from './series-data.ts'

/** Reads the value of a series from its row, which begins at a place in an array of numbers. */
export type ReadValue<Value> = (numbers: Float64Array, at: number) => Value

/** Reads the value of everything but histograms. */
export const totalOf: ReadValue<number> = (numbers, at) => numbers[at + VALUE] as number

/** Returns what reads the histograms of an instrument; without extremes where nothing was recorded. */
export function histogramReader({ cells: { stride }, bounds }: InstrumentStore): ReadValue<HistogramCounts> {
  const boundaries = [...bounds]
  return (numbers, at) => {
    const counts: number[] = []
    let count = 0
    for (let slot = at + COUNTS; slot < at + stride; slot++) {
      const bucket = numbers[slot] as number
      counts.push(bucket)
      count += bucket
    }
    const value: HistogramCounts = { buckets: { boundaries, counts }, sum: numbers[at + VALUE] as number, count }
    if (count > 0) {
      value.min = numbers[at + MIN] as number
      value.max = numbers[at + MAX] as number
    }
    return value
  }
}
