import type { Attributes, Context } from '@opentelemetry/api'

import type { BoundAdder, BoundRecorder } from '../typed-instruments.ts'
import { VALUE } from './cells.ts'
import type { Gate } from './gate.ts'
import type { RowHolder } from './held-rows.ts'
import type { InstrumentStore } from './instrument-store.ts'
import { NO_ROW } from './label-tree.ts'
import { outOfLine } from './out-of-line.ts'
import type { Recording } from './recording.ts'
import { compiled, createWriteCode } from './write-code.ts'
import type { Write } from './write.ts'

/** The instrument that a series is bound from. */
interface Binding {
  readonly store: InstrumentStore
  readonly gate: Gate
  readonly write: Write
  readonly recording: Recording
}

/** In place of a row: takes no value, so that a record finds out by writing, and need not ask before. */
const RELEASED: number[] = Array.from({ length: VALUE + 1 }, () => NaN)

/**
 * A series found once. It is told when the series has been removed, or when others are to have its records, and finds or
 * makes it anew at the next record.
 */
export abstract class BoundSeries implements BoundAdder, BoundRecorder, RowHolder {
  // What each record reads comes first, to lie in one line of the processor's cache where it can.
  slab = RELEASED
  at = 0
  row = NO_ROW
  readonly instrument: Binding
  /** The labels as they were when bound; `undefined` when they were refused. */
  readonly #labels: Attributes | undefined

  constructor(instrument: Binding, labels: readonly string[] | undefined) {
    this.instrument = instrument
    this.#labels = labels && Object.freeze(instrument.store.cells.attributesOf(labels))
    this.hold()
  }

  abstract add(value: number, context?: Context): void
  abstract record(value: number, context?: Context): void

  release(): void {
    this.slab = RELEASED
    this.at = 0
    this.row = NO_ROW
  }

  /**
   * Holds on to the series if it exists and nobody else is to have its records; never to the overflow series, which it is
   * to leave when there is room.
   */
  hold(): void {
    const { store, gate } = this.instrument
    if (this.#labels === undefined || gate.diverted) return
    const row = store.cells.find(store.cells.valuesOf(this.#labels))
    if (row === NO_ROW) return
    this.row = row
    this.slab = store.cells.slab(row)
    this.at = store.cells.offset(row)
    store.held.add(row, this)
  }

  /** Records what could not be written at once. */
  recordAnew(value: number, context: Context | undefined): void {
    const { gate, store, recording } = this.instrument
    if (this.row !== NO_ROW) store.refuseValue(value)
    else if (gate.keeps) {
      recording(value, this.#labels, context)
      this.hold()
    }
  }
}

const recordAnew = outOfLine((series: BoundSeries, value: number, context: Context | undefined) =>
  series.recordAnew(value, context),
)

class InterpretedSeries extends BoundSeries {
  add(value: number, context?: Context): void {
    const { slab, at, row } = this
    if (!this.instrument.write(slab, at, row, value, context)) this.recordAnew(value, context)
  }

  record(value: number, context?: Context): void {
    this.add(value, context)
  }
}

/** Compiles the same with the instrument's writer in it. */
function compiledSeries(store: InstrumentStore): typeof InterpretedSeries | undefined {
  const code = createWriteCode(store, 'own')
  const place = { slab: 'this.slab', at: 'this.at', row: 'this.row' }
  const method = (name: string): string => `
    ${name}(value, context) {
      if (typeof value === 'number') {
        ${code.write(place, 'value', 'return')}
      }
      recordAnew(this, value, context)
    }`
  const source = `return class extends BoundSeries { ${method('add')} ${method('record')} }`
  return compiled(source, { BoundSeries, recordAnew, ...code.given })
}

/** Returns what gives the handles of an instrument's series: each is the one that there is for as long as it holds on to its series. */
export function createBind(instrument: Binding): (attributes: Attributes | undefined) => BoundAdder & BoundRecorder {
  const { store, gate } = instrument
  const SeriesOfInstrument = compiledSeries(store) ?? InterpretedSeries
  return (attributes) => {
    const labels = store.labelsOf(attributes)
    const holders = labels === undefined ? [] : store.held.of(store.cells.find(labels))
    const known = holders.find((holder) => holder.instrument.gate === gate)
    return known ?? new SeriesOfInstrument(instrument, labels)
  }
}
