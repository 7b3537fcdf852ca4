import type { Attributes } from '@opentelemetry/api'

import type { LabelIndex } from './label-index.ts'
import { NO_ROW } from './label-tree.ts'

/** Slots of a row; a histogram has its bucket counts from `COUNTS` on. */
export const SERIAL = 0
export const START = 1
export const VALUE = 2
/** Histograms: least and greatest value since a delta reader last asked. */
export const MIN = 3
export const MAX = 4
export const COUNTS = 5
/** Observables: the collection that saw the series last. */
export const ROUND = 3

/** Rows lie in slabs that never move, so that a bound handle can keep its slab. */
export const SLAB_SHIFT = 6
export const SLAB_MASK = (1 << SLAB_SHIFT) - 1

const OVERFLOW_ATTRIBUTE = 'otel.metric.overflow'

export const OVERFLOW_ATTRIBUTES: Attributes = Object.freeze({ [OVERFLOW_ATTRIBUTE]: true })

/** Key of the overflow series beside the keys of `seriesKey`, none of which begins like this. */
export const OVERFLOW_KEY = 'overflow'

/** The series that there are, in the order of their rows. */
export interface Listing {
  readonly rows: readonly number[]
  readonly attributes: readonly Attributes[]
}

/** The series of one instrument: a row of numbers each, found by label values. */
export class Cells {
  readonly names: readonly string[]
  readonly stride: number
  readonly index: LabelIndex
  readonly slabs: number[][] = []
  /** Attributes by row; `undefined` where the row is free. */
  readonly attributes: (Attributes | undefined)[] = []
  /** Row of an instrument without attributes. */
  only = NO_ROW
  overflow = NO_ROW
  /** Series that exist, the overflow series not counted. */
  live = 0
  readonly #free: number[] = []
  #listing: Listing | undefined
  #serial = 0

  constructor(index: LabelIndex, stride: number) {
    this.index = index
    this.names = index.names
    this.stride = stride
  }

  /** Attributes of which no two series have the same values. */
  get distinctBy(): readonly string[] {
    return [...this.names, OVERFLOW_ATTRIBUTE]
  }

  /** Rows that were ever in use. */
  get rows(): number {
    return this.attributes.length
  }

  /** The same object until a series comes or goes. */
  get listing(): Listing {
    return (this.#listing ??= this.list(() => true))
  }

  /** Lists the series whose row passes. */
  list(passes: (row: number) => boolean): Listing {
    const rows: number[] = []
    const attributes: Attributes[] = []
    for (let row = 0; row < this.rows; row++) {
      const ofRow = this.attributes[row]
      if (ofRow === undefined || !passes(row)) continue
      rows.push(row)
      attributes.push(ofRow)
    }
    return { rows, attributes }
  }

  /** Returns the numbers of all rows as they are now, one row after the other. */
  copyRows(): Float64Array {
    const length = this.stride << SLAB_SHIFT
    const all = new Float64Array(this.slabs.length * length)
    for (const [index, slab] of this.slabs.entries()) all.set(slab, index * length)
    return all
  }

  slab(row: number): number[] {
    return this.slabs[row >>> SLAB_SHIFT] as number[]
  }

  offset(row: number): number {
    return (row & SLAB_MASK) * this.stride
  }

  /** Returns the row of label values, or `NO_ROW`. */
  find(values: readonly string[]): number {
    return values.length === 0 ? this.only : this.index.find(values)
  }

  /** Makes the series of values that are not there yet, all at 0. */
  create(values: readonly string[], now: number): number {
    const row = this.#take(Object.freeze(this.attributesOf(values)), now)
    if (values.length === 0) this.only = row
    else this.index.insert(values, row)
    this.live++
    return row
  }

  createOverflow(now: number): number {
    return (this.overflow = this.#take(OVERFLOW_ATTRIBUTES, now))
  }

  remove(row: number): void {
    const attributes = this.attributes[row]
    if (attributes === undefined) return
    this.slab(row)[this.offset(row)] = 0
    this.attributes[row] = undefined
    this.#listing = undefined
    this.#free.push(row)
    if (row === this.overflow) {
      this.overflow = NO_ROW
      return
    }
    this.live--
    if (row === this.only) this.only = NO_ROW
    else this.index.remove(this.valuesOf(attributes))
  }

  /** Returns label values as attributes, without the optional ones that are empty. */
  attributesOf(values: readonly string[]): Attributes {
    const entries = values.map((value, i) => [this.names[i] as string, value] as const)
    return Object.fromEntries(entries.filter(([, value], i) => value !== this.index.absent[i]))
  }

  valuesOf(attributes: Attributes): string[] {
    return this.names.map((name) => (attributes[name] ?? '') as string)
  }

  /** Key of a series for the rare places that need one. */
  keyOf(attributes: Attributes): string {
    return attributes === OVERFLOW_ATTRIBUTES ? OVERFLOW_KEY : JSON.stringify(this.valuesOf(attributes))
  }

  #take(attributes: Attributes, now: number): number {
    const row = this.#free.pop() ?? this.attributes.length
    this.attributes[row] = attributes
    this.#listing = undefined
    if (row >>> SLAB_SHIFT === this.slabs.length) this.slabs.push(createSlab(this.stride << SLAB_SHIFT))
    const slab = this.slab(row)
    const at = this.offset(row)
    slab.fill(0, at, at + this.stride)
    slab[at] = ++this.#serial
    slab[at + START] = now
    if (this.stride > COUNTS) {
      slab[at + MIN] = Infinity
      slab[at + MAX] = -Infinity
    }
    return row
  }
}

/** Returns as many zeros as V8 keeps numbers in an array of: side by side, and with less to look at than in a typed one. */
function createSlab(length: number): number[] {
  let zeros = [0.5]
  zeros[0] = 0
  while (zeros.length < length) zeros = zeros.concat(zeros)
  return zeros.slice(0, length)
}
