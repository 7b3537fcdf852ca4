import type { Attributes } from '@opentelemetry/api'

import { COUNTS, MAX, MIN, OVERFLOW_ATTRIBUTES, OVERFLOW_KEY, SERIAL, SLAB_SHIFT, VALUE } from './cells.ts'
import type { InstrumentStore } from './instrument-store.ts'
import { NO_ROW } from './label-tree.ts'
import { addTotals, clearExtremes, hasSameTotals, widen } from './row-totals.ts'

/** Takes what is new of one series, laid out like a row that begins at 0; `row` is `NO_ROW` for a series that is gone. */
export type TakeDifference = (attributes: Attributes, difference: Float64Array, row: number) => void

interface Residual {
  readonly attributes: Attributes
  readonly difference: Float64Array
}

/**
 * What one delta reader has been given of one instrument: a copy of each row as it was then. A series that is removed
 * leaves here what the reader has not seen; that goes to the series' successor, or out alone at the next collection.
 */
export class DeltaBase {
  readonly #store: InstrumentStore
  readonly #stride: number
  readonly #slabs: Float64Array[] = []
  readonly #residuals = new Map<string, Residual>()
  /** The one difference that is being handed out. */
  readonly #difference: Float64Array

  constructor(store: InstrumentStore) {
    this.#store = store
    this.#stride = store.cells.stride
    this.#difference = new Float64Array(this.#stride)
  }

  /** Hands out everything since the last call, each increment once. */
  take(visit: TakeDifference): void {
    const { cells } = this.#store
    for (const { attributes, difference } of this.#residuals.values()) visit(attributes, difference, NO_ROW)
    this.#residuals.clear()
    for (let row = 0; row < cells.rows; row++) {
      const attributes = cells.attributes[row]
      if (attributes === undefined || !this.#store.isCurrent(row) || !this.#subtract(row)) continue
      visit(attributes, this.#difference, row)
      this.#store.endInterval(row, this)
      this.#copy(row)
    }
  }

  /** Keeps what the reader has not seen of a row that is about to go. */
  removed(row: number): void {
    if (!this.#subtract(row) || isNothing(this.#difference)) return
    const { cells, limit } = this.#store
    const attributes = cells.attributes[row] as Attributes
    const key = cells.keyOf(attributes)
    if (this.#residuals.size < limit || this.#residuals.has(key)) this.#keep(key, attributes)
    else if (cells.overflow !== NO_ROW && cells.overflow !== row) this.#owe(cells.overflow, this.#difference)
    else this.#keep(OVERFLOW_KEY, OVERFLOW_ATTRIBUTES)
  }

  /** Gives a new row what its predecessor left. */
  created(row: number): void {
    if (this.#residuals.size === 0) return
    const key = this.#store.cells.keyOf(this.#store.cells.attributes[row] as Attributes)
    const residual = this.#residuals.get(key)
    if (residual === undefined) return
    this.#residuals.delete(key)
    this.#owe(row, residual.difference)
  }

  /** Takes note of the extremes of an interval that ends for another reader. */
  widen(row: number, min: number, max: number): void {
    if (this.#knows(row)) widen(this.#slab(row), this.#store.cells.offset(row), min, max)
  }

  /** Puts what is new in a row into `#difference`; returns false when the reader knows the row as it is. */
  #subtract(row: number): boolean {
    const { cells } = this.#store
    const slab = cells.slab(row)
    const base = this.#slab(row)
    const at = cells.offset(row)
    const stride = this.#stride
    const isKnown = this.#knows(row)
    if (isKnown && hasSameTotals(slab, at, base, at, stride)) return false
    const difference = this.#difference
    for (let slot = 0; slot < stride; slot++) difference[slot] = slab[at + slot] as number
    if (stride > COUNTS) {
      const [min, max] = isKnown ? [base[at + MIN] as number, base[at + MAX] as number] : this.#store.history.of(row)
      widen(difference, 0, min, max)
    }
    if (isKnown && !this.#store.hasRestarted(slab[at + VALUE] as number, base[at + VALUE] as number))
      addTotals(difference, 0, base, at, stride, -1)
    return true
  }

  /** Remembers the row as the reader was given it. */
  #copy(row: number): void {
    const { cells } = this.#store
    const slab = cells.slab(row)
    const base = this.#slab(row)
    const at = cells.offset(row)
    for (let slot = 0; slot < this.#stride; slot++) base[at + slot] = slab[at + slot] as number
    if (this.#stride > COUNTS) clearExtremes(base, at)
  }

  /** Makes a row owe the reader more than it holds. */
  #owe(row: number, difference: Float64Array): void {
    const { cells } = this.#store
    const base = this.#slab(row)
    const at = cells.offset(row)
    const stride = this.#stride
    if (!this.#knows(row)) {
      base.fill(0, at, at + stride)
      base[at + SERIAL] = cells.slab(row)[at + SERIAL] as number
      if (stride > COUNTS) [base[at + MIN], base[at + MAX]] = this.#store.history.of(row)
    }
    addTotals(base, at, difference, 0, stride, -1)
    if (stride > COUNTS) widen(base, at, difference[MIN] as number, difference[MAX] as number)
  }

  #keep(key: string, attributes: Attributes): void {
    const known = this.#residuals.get(key)
    if (known === undefined) {
      this.#residuals.set(key, { attributes, difference: this.#difference.slice() })
      return
    }
    addTotals(known.difference, 0, this.#difference, 0, this.#stride, 1)
    if (this.#stride > COUNTS)
      widen(known.difference, 0, this.#difference[MIN] as number, this.#difference[MAX] as number)
  }

  #knows(row: number): boolean {
    const at = this.#store.cells.offset(row)
    return this.#slab(row)[at + SERIAL] === this.#store.cells.slab(row)[at + SERIAL]
  }

  #slab(row: number): Float64Array {
    return (this.#slabs[row >>> SLAB_SHIFT] ??= new Float64Array(this.#stride << SLAB_SHIFT))
  }
}

const NOTHING = new Float64Array(1024)

function isNothing(difference: Float64Array): boolean {
  return hasSameTotals(difference, 0, NOTHING, 0, Math.min(difference.length, NOTHING.length))
}
