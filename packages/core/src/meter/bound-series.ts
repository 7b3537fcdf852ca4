import type { Attributes } from '@opentelemetry/api'

import { SERIAL } from './cells.ts'
import { findRow, NO_ROW } from './label-index.ts'
import type { SyncInstrument } from './sync-instrument.ts'

const DETACHED = new Float64Array(1)

/** A series found once. It notices when the series has been removed, and finds or makes it anew at the next record. */
export abstract class BoundSeries<I extends SyncInstrument> {
  protected readonly instrument: I
  /** The labels as they were when bound; `undefined` when they were refused. */
  protected readonly labels: Attributes | undefined
  protected row = NO_ROW
  protected slab: Float64Array = DETACHED
  protected at = 0
  #serial = -1

  constructor(instrument: I, attributes: Attributes | undefined) {
    this.instrument = instrument
    const values = instrument.store.labelsOf(attributes)
    this.labels = values && Object.freeze(instrument.store.attributesOf(values))
    this.attach()
  }

  /** Tells whether the series is still the one found, and the record is for it. */
  protected isAttached(): boolean {
    return this.slab[this.at + SERIAL] === this.#serial && !this.instrument.gate.diverted
  }

  /** Finds the series if it exists; the overflow series is never held on to. */
  protected attach(): void {
    if (this.labels === undefined) return
    const { cells } = this.instrument.store
    const row = cells.names.length === 0 ? cells.only : findRow(cells.root, cells.valuesOf(this.labels))
    if (row === NO_ROW) return
    this.row = row
    this.slab = cells.slab(row)
    this.at = cells.offset(row)
    this.#serial = this.slab[this.at + SERIAL] as number
  }
}
