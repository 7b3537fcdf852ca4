import type { Attributes, Context, Counter, UpDownCounter } from '@opentelemetry/api'

import type { BoundAdder } from '../typed-instruments.ts'
import { BoundSeries } from './bound-series.ts'
import { SLAB_MASK, SLAB_SHIFT, VALUE } from './cells.ts'
import { NO_ROW } from './label-index.ts'
import { SyncInstrument } from './sync-instrument.ts'

/** Counter or up-down counter over own cells. */
export class CellCounter extends SyncInstrument implements Counter, UpDownCounter {
  readonly #least = this.store.least

  add(value: number, attributes?: Attributes, context?: Context): void {
    if (this.gate.diverted && this.gate.divert(value, attributes, context)) return
    const row = this.store.row(attributes)
    if (row !== NO_ROW)
      this.addTo(row, this.slabs[row >>> SLAB_SHIFT] as Float64Array, (row & SLAB_MASK) * this.stride, value, context)
  }

  bind(attributes: Attributes): BoundAdder {
    return new BoundCounter(this, attributes)
  }

  addTo(row: number, slab: Float64Array, at: number, value: number, context: Context | undefined): void {
    const next = typeof value === 'number' ? (slab[at + VALUE] as number) + value : NaN
    if (!(value >= this.#least && next < Infinity && next > -Infinity)) {
      this.store.refuseValue(value)
      return
    }
    slab[at + VALUE] = next
    if (this.store.exemplars.looks !== 0) this.store.exemplars.offer(row, 0, value, context)
  }
}

class BoundCounter extends BoundSeries<CellCounter> implements BoundAdder {
  add(value: number, context?: Context): void {
    if (this.isAttached()) {
      this.instrument.addTo(this.row, this.slab, this.at, value, context)
      return
    }
    this.instrument.add(value, this.labels, context)
    this.attach()
  }
}
