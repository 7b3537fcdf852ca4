import type { Attributes, Context } from '@opentelemetry/api'

import type { BoundAdder, BoundRecorder } from '../typed-instruments.ts'
import { SERIAL } from './cells.ts'
import type { Gate } from './gate.ts'
import type { InstrumentStore } from './instrument-store.ts'
import { NO_ROW } from './label-tree.ts'
import { outOfLine } from './out-of-line.ts'
import type { Recording } from './recording.ts'
import type { Write } from './write.ts'

/** The instrument that a series is bound from. */
interface Binding {
  readonly store: InstrumentStore
  readonly gate: Gate
  readonly write: Write
  readonly recording: Recording
}

const DETACHED = new Float64Array(1)

/** A series found once. It notices when the series has been removed, and finds or makes it anew at the next record. */
export class BoundSeries implements BoundAdder, BoundRecorder {
  static readonly #recordAnew = outOfLine((series: BoundSeries, value: number, context: Context | undefined) => {
    if (!series.#gate.keeps) return
    series.#instrument.recording(value, series.#labels, context)
    series.#attach()
  })
  readonly #instrument: Binding
  readonly #gate: Gate
  readonly #write: Write
  /** The labels as they were when bound; `undefined` when they were refused. */
  readonly #labels: Attributes | undefined
  #row = NO_ROW
  #slab: Float64Array = DETACHED
  #at = 0
  #serial = -1

  constructor(instrument: Binding, attributes: Attributes | undefined) {
    this.#instrument = instrument
    this.#gate = instrument.gate
    this.#write = instrument.write
    const labels = instrument.store.labelsOf(attributes)
    this.#labels = labels && Object.freeze(instrument.store.cells.attributesOf(labels))
    this.#attach()
  }

  add(value: number, context?: Context): void {
    if (this.#slab[this.#at] === this.#serial && !this.#gate.diverted) this.#write(this.#row, value, context)
    else BoundSeries.#recordAnew(this, value, context)
  }

  record(value: number, context?: Context): void {
    if (this.#slab[this.#at] === this.#serial && !this.#gate.diverted) this.#write(this.#row, value, context)
    else BoundSeries.#recordAnew(this, value, context)
  }

  /** Holds on to the series if it exists; never to the overflow series, which it is to leave when there is room. */
  #attach(): void {
    if (this.#labels === undefined) return
    const { cells } = this.#instrument.store
    const row = cells.find(cells.valuesOf(this.#labels))
    if (row === NO_ROW) return
    this.#row = row
    this.#slab = cells.slab(row)
    this.#at = cells.offset(row) + SERIAL
    this.#serial = this.#slab[this.#at] as number
  }
}
