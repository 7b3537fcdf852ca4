import type { Attributes, Context, Histogram } from '@opentelemetry/api'

import type { BoundRecorder } from '../typed-instruments.ts'
import { BoundSeries } from './bound-series.ts'
import { COUNTS, MAX, MIN, SLAB_MASK, SLAB_SHIFT, VALUE } from './cells.ts'
import type { Gate } from './gate.ts'
import type { InstrumentStore } from './instrument-store.ts'
import { NO_ROW } from './label-index.ts'
import { SyncInstrument } from './sync-instrument.ts'

/** Histogram with explicit bounds over own cells. */
export class CellHistogram extends SyncInstrument implements Histogram {
  readonly #bounds: Float64Array

  constructor(store: InstrumentStore, gate: Gate) {
    super(store, gate)
    this.#bounds = Float64Array.from(store.bounds)
  }

  record(value: number, attributes?: Attributes, context?: Context): void {
    if (this.gate.diverted && this.gate.divert(value, attributes, context)) return
    const row = this.store.row(attributes)
    if (row !== NO_ROW)
      this.recordTo(
        row,
        this.slabs[row >>> SLAB_SHIFT] as Float64Array,
        (row & SLAB_MASK) * this.stride,
        value,
        context,
      )
  }

  bind(attributes: Attributes): BoundRecorder {
    return new BoundHistogram(this, attributes)
  }

  recordTo(row: number, slab: Float64Array, at: number, value: number, context: Context | undefined): void {
    const sum = typeof value === 'number' ? (slab[at + VALUE] as number) + value : NaN
    if (!(value >= 0 && sum < Infinity)) {
      this.store.refuseValue(value)
      return
    }
    const bounds = this.#bounds
    let bucket = 0
    // From below, for most latencies lie in the first buckets and a loop that runs the same way is predicted.
    while (bucket < bounds.length && value > (bounds[bucket] as number)) bucket++
    slab[at + VALUE] = sum
    if (value < (slab[at + MIN] as number)) slab[at + MIN] = value
    if (value > (slab[at + MAX] as number)) slab[at + MAX] = value
    slab[at + COUNTS + bucket] = (slab[at + COUNTS + bucket] as number) + 1
    if (this.store.exemplars.looks !== 0) this.store.exemplars.offer(row, bucket, value, context)
  }
}

class BoundHistogram extends BoundSeries<CellHistogram> implements BoundRecorder {
  record(value: number, context?: Context): void {
    if (this.isAttached()) {
      this.instrument.recordTo(this.row, this.slab, this.at, value, context)
      return
    }
    this.instrument.record(value, this.labels, context)
    this.attach()
  }
}
