import type { Attributes } from '@opentelemetry/api'

import { COUNTS, MAX, MIN, OVERFLOW_ATTRIBUTES, OVERFLOW_KEY, SERIAL, SLAB_SHIFT, VALUE } from './cells.ts'
import type { InstrumentStore } from './instrument-store.ts'

/** What one delta reader has still to be given of one series. */
export interface Difference {
  readonly attributes: Attributes
  /** Laid out like a row. */
  readonly row: Float64Array
}

/**
 * What one delta reader has been given of one instrument: a copy of each row as it was then. A series that is removed
 * leaves here what the reader has not seen; it goes to the series' successor, or out alone at the next collection.
 */
export class DeltaBase {
  readonly #store: InstrumentStore
  readonly #slabs: Float64Array[] = []
  readonly #residuals = new Map<string, Difference>()

  constructor(store: InstrumentStore) {
    this.#store = store
  }

  /** Hands out everything since the last call, each increment once. */
  take(visit: (difference: Difference, row: number) => void): void {
    const { cells } = this.#store
    for (const residual of this.#residuals.values()) visit(residual, -1)
    this.#residuals.clear()
    for (let row = 0; row < cells.rows; row++) {
      const attributes = cells.attributes[row]
      if (attributes === undefined || !this.#store.isCurrent(row)) continue
      const difference = this.#difference(row, attributes)
      if (difference === undefined) continue
      visit(difference, row)
      this.#store.foldExtremes(row, this)
      this.#settle(row)
    }
  }

  /** Keeps what the reader has not seen of a row that is about to go. */
  removed(row: number): void {
    const { cells, limit } = this.#store
    const attributes = cells.attributes[row] as Attributes
    const difference = this.#difference(row, attributes)
    if (difference === undefined || isEmpty(difference.row)) return
    const key = cells.keyOf(attributes)
    if (this.#merge(key, difference.row) || this.#residuals.size < limit) {
      if (!this.#residuals.has(key)) this.#residuals.set(key, difference)
      return
    }
    if (cells.overflow >= 0 && cells.overflow !== row) this.#credit(cells.overflow, difference.row)
    else if (!this.#merge(OVERFLOW_KEY, difference.row))
      this.#residuals.set(OVERFLOW_KEY, { attributes: OVERFLOW_ATTRIBUTES, row: difference.row })
  }

  /** Gives a new row what its predecessor left. */
  created(row: number): void {
    if (this.#residuals.size === 0) return
    const { cells } = this.#store
    const key = cells.keyOf(cells.attributes[row] as Attributes)
    const residual = this.#residuals.get(key)
    if (residual === undefined) return
    this.#residuals.delete(key)
    this.#credit(row, residual.row)
  }

  /** Takes note of the extremes of an interval that another reader ends. */
  fold(row: number, min: number, max: number): void {
    const base = this.#slab(row)
    const at = this.#store.cells.offset(row)
    if (base[at + SERIAL] !== this.#store.cells.slab(row)[at + SERIAL]) return
    if (min < (base[at + MIN] as number)) base[at + MIN] = min
    if (max > (base[at + MAX] as number)) base[at + MAX] = max
  }

  /** Returns what is new in a row, or `undefined` when the reader knows it as it is. */
  #difference(row: number, attributes: Attributes): Difference | undefined {
    const { cells } = this.#store
    const slab = cells.slab(row)
    const base = this.#slab(row)
    const at = cells.offset(row)
    const isNew = base[at + SERIAL] !== slab[at + SERIAL]
    const counts = cells.stride > COUNTS
    if (!isNew) {
      let slot = VALUE
      while (slot < cells.stride && ((counts && (slot === MIN || slot === MAX)) || slab[at + slot] === base[at + slot]))
        slot++
      if (slot === cells.stride || (!counts && slab[at + VALUE] === base[at + VALUE])) return undefined
    }
    const result = slab.slice(at, at + cells.stride)
    if (!isNew)
      for (let slot = VALUE; slot < cells.stride; slot++)
        result[slot] = (slab[at + slot] as number) - (base[at + slot] as number)
    if (counts) {
      const [min, max] = isNew ? this.#store.extremes(row) : [base[at + MIN] as number, base[at + MAX] as number]
      result[MIN] = Math.min(min, slab[at + MIN] as number)
      result[MAX] = Math.max(max, slab[at + MAX] as number)
    } else if (!isNew && this.#store.restarts && (result[VALUE] as number) < 0) {
      result[VALUE] = slab[at + VALUE] as number
    }
    return { attributes, row: result }
  }

  #settle(row: number): void {
    const { cells } = this.#store
    const at = cells.offset(row)
    const base = this.#slab(row)
    base.set(cells.slab(row).subarray(at, at + cells.stride), at)
    if (cells.stride > COUNTS) {
      base[at + MIN] = Infinity
      base[at + MAX] = -Infinity
    }
  }

  /** Makes a row owe the reader more than it holds. */
  #credit(row: number, residual: Float64Array): void {
    const { cells } = this.#store
    const at = cells.offset(row)
    const base = this.#slab(row)
    const serial = cells.slab(row)[at + SERIAL] as number
    if (base[at + SERIAL] !== serial) {
      base.fill(0, at, at + cells.stride)
      base[at + SERIAL] = serial
      if (cells.stride > COUNTS) [base[at + MIN], base[at + MAX]] = this.#store.extremes(row)
    }
    for (let slot = VALUE; slot < cells.stride; slot++) {
      if (cells.stride > COUNTS && slot === MIN)
        base[at + MIN] = Math.min(base[at + MIN] as number, residual[MIN] as number)
      else if (cells.stride > COUNTS && slot === MAX)
        base[at + MAX] = Math.max(base[at + MAX] as number, residual[MAX] as number)
      else base[at + slot] = (base[at + slot] as number) - (residual[slot] as number)
    }
  }

  #merge(key: string, more: Float64Array): boolean {
    const known = this.#residuals.get(key)?.row
    if (known === undefined) return false
    for (let slot = VALUE; slot < more.length; slot++) {
      if (more.length > COUNTS && slot === MIN) known[MIN] = Math.min(known[MIN] as number, more[MIN] as number)
      else if (more.length > COUNTS && slot === MAX) known[MAX] = Math.max(known[MAX] as number, more[MAX] as number)
      else known[slot] = (known[slot] as number) + (more[slot] as number)
    }
    return true
  }

  #slab(row: number): Float64Array {
    const index = row >>> SLAB_SHIFT
    return (this.#slabs[index] ??= new Float64Array(this.#store.cells.stride << SLAB_SHIFT))
  }
}

function isEmpty(row: Float64Array): boolean {
  if (row.length <= COUNTS) return row[VALUE] === 0
  for (let slot = COUNTS; slot < row.length; slot++) if (row[slot] !== 0) return false
  return true
}
