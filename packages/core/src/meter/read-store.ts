import { VALUE } from './cells.ts'
import { extremesOf, histogramValue } from './histogram-value.ts'
import type { InstrumentStore } from './instrument-store.ts'
import type { SeriesReading } from './meter-provider.ts'
import type { Observation } from './observed-store.ts'

/** Reads the series of one instrument as they are now; an observable's are those just observed. */
export function readStore(store: InstrumentStore, observations: readonly Observation[] = []): SeriesReading[] {
  const { cells, spec } = store
  if (spec.kind.startsWith('observable')) {
    return observations.map(({ labels, value }) => ({ attributes: cells.attributesOf(labels), value }))
  }
  const boundaries = [...store.bounds]
  const readings: SeriesReading[] = []
  for (let row = 0; row < cells.rows; row++) {
    const attributes = cells.attributes[row]
    if (attributes === undefined) continue
    const slab = cells.slab(row)
    const at = cells.offset(row)
    const value =
      spec.kind === 'histogram'
        ? histogramValue(slab, at, cells.stride, boundaries, ...extremesOf(store, row))
        : (slab[at + VALUE] as number)
    readings.push({ attributes, value })
  }
  return readings
}
