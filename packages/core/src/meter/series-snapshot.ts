import type { Attributes, HrTime } from '@opentelemetry/api'

import type { SeriesView } from '../series-view.ts'
import { COUNTS, START } from './cells.ts'
import type { InstrumentStore } from './instrument-store.ts'
import { widen } from './row-totals.ts'
import type { ReadValue } from './row-values.ts'
import { hrTime } from './series-data.ts'

/**
 * Copies the totals of an instrument as they are at this moment, without an object for each series: such objects live until
 * the page is written, and moving them about costs the garbage collector more than all else costs here.
 */
export function takeSnapshot<Value>(store: InstrumentStore, until: HrTime, read: ReadValue<Value>): SeriesView<Value> {
  const { cells } = store
  const { stride } = cells
  const { rows, attributes } = store.current()
  const numbers = cells.copyRows()
  if (stride > COUNTS) addHistory(store, rows, numbers)
  const exemplars = store.exemplars.copy()
  const startOf = createStartTimes()
  return {
    attributes,
    distinctBy: cells.distinctBy,
    pointAt(index) {
      const row = rows[index] as number
      const at = row * stride
      const point = {
        attributes: attributes[index] as Attributes,
        startTime: startOf(numbers[at + START] as number),
        endTime: until,
        value: read(numbers, at),
      }
      const ofRow = exemplars.get(row)
      return ofRow === undefined ? point : { ...point, exemplars: ofRow }
    },
  }
}

/** Histograms: widens the extremes of the running interval to those since each series began. */
function addHistory({ history, cells }: InstrumentStore, rows: readonly number[], numbers: Float64Array): void {
  if (history.isEmpty) return
  for (const row of rows) widen(numbers, row * cells.stride, ...history.of(row))
}

/** Returns what makes one pair of numbers for all neighbours that began in the same millisecond. */
export function createStartTimes(): (millis: number) => HrTime {
  let last = NaN
  let time: HrTime = [0, 0]
  return (millis) => {
    if (millis !== last) {
      last = millis
      time = hrTime(millis)
    }
    return time
  }
}
