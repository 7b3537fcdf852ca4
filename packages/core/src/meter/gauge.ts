import type { Attributes, Context, Gauge } from '@opentelemetry/api'

import type { BoundRecorder } from '../typed-instruments.ts'
import { BoundSeries } from './bound-series.ts'
import { SLAB_MASK, SLAB_SHIFT, VALUE } from './cells.ts'
import { NO_ROW } from './label-index.ts'
import { SyncInstrument } from './sync-instrument.ts'

/** Gauge over own cells: keeps the last value. */
export class CellGauge extends SyncInstrument implements Gauge {
  record(value: number, attributes?: Attributes, context?: Context): void {
    if (this.gate.diverted && this.gate.divert(value, attributes, context)) return
    if (!this.store.takes(value)) return
    const row = this.store.row(attributes)
    if (row !== NO_ROW)
      this.recordTo(this.slabs[row >>> SLAB_SHIFT] as Float64Array, (row & SLAB_MASK) * this.stride, value)
  }

  bind(attributes: Attributes): BoundRecorder {
    return new BoundGauge(this, attributes)
  }

  recordTo(slab: Float64Array, at: number, value: number): void {
    // Adding 0 turns -0, which no page should show, into 0.
    slab[at + VALUE] = value + 0
  }
}

class BoundGauge extends BoundSeries<CellGauge> implements BoundRecorder {
  record(value: number, context?: Context): void {
    if (!this.isAttached()) {
      this.instrument.record(value, this.labels, context)
      this.attach()
    } else if (this.instrument.store.takes(value)) this.instrument.recordTo(this.slab, this.at, value)
  }
}
