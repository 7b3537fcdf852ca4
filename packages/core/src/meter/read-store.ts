import type { HistogramValue } from '../metric-data.ts'
import type { InstrumentStore } from './instrument-store.ts'
import type { SeriesReading } from './meter-provider.ts'
import type { Observation } from './observed-store.ts'
import { histogramReader, totalOf } from './row-values.ts'
import type { ReadValue } from './row-values.ts'
import { hrTime } from './series-data.ts'
import { takeSnapshot } from './series-snapshot.ts'

/** Reads the series of one instrument as they are now; an observable's are those just observed. */
export function readStore(store: InstrumentStore, observations: readonly Observation[] = []): SeriesReading[] {
  const { cells, spec } = store
  if (spec.kind.startsWith('observable')) {
    return observations.map(({ labels, value }) => ({ attributes: cells.attributesOf(labels), value }))
  }
  const read: ReadValue<number | HistogramValue> = spec.kind === 'histogram' ? histogramReader(store) : totalOf
  const view = takeSnapshot(store, hrTime(Date.now()), read)
  return view.attributes.map((attributes, index) => ({ attributes, value: view.pointAt(index).value }))
}
