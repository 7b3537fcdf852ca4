import { ValueType } from '@opentelemetry/api'
import type { Attributes } from '@opentelemetry/api'

import type { AttributeSpec, InstrumentSpec } from '../catalogue.ts'
import { Cells, COUNTS, MAX, MIN, ROUND, SLAB_SHIFT, START, VALUE } from './cells.ts'
import type { DeltaBase } from './delta-base.ts'
import { ExemplarStore } from './exemplar-store.ts'
import { findRow, NO_ROW } from './label-index.ts'
import type { LabelNode } from './label-index.ts'
import { accepts, keptValue, labelValue, shown } from './label-values.ts'
import type { Notices } from './notices.ts'
import type { SeriesData } from './series-data.ts'

/** Why a record was refused; `attributes` when they could not be read at all. */
export type RefusalReason = 'value' | 'attributes' | 'missing_attribute' | 'attribute_type' | 'attribute_value'

/** The buckets that the OpenTelemetry specification gives to histograms without any of their own. */
export const DEFAULT_BUCKETS: readonly number[] = [
  0, 5, 10, 25, 50, 75, 100, 250, 500, 750, 1000, 2500, 5000, 7500, 10_000,
]

/** What the provider settles for all of its instruments. */
export interface StoreOwner {
  readonly notices: Notices
  readonly seriesLimit: number
}

/** One value that a callback observed. */
export interface Observation {
  readonly labels: readonly string[]
  readonly value: number
}

/** The series of one instrument, with everything about them that is not on the recording path. */
export class InstrumentStore {
  readonly spec: InstrumentSpec
  readonly descriptor: SeriesData['descriptor']
  readonly cells: Cells
  readonly exemplars: ExemplarStore
  readonly bounds: readonly number[]
  /** Least value that is accepted. */
  readonly least: number
  /** One per delta reader. */
  readonly deltaBases = new Set<DeltaBase>()
  /** Records that went to the overflow series for want of room. */
  overflowed = 0
  readonly refused = new Map<RefusalReason, number>()
  /** Observables: the collection that is being read; 0 for all others. */
  round = 0
  readonly #owner: StoreOwner
  readonly #names: readonly string[]
  readonly #specs: readonly AttributeSpec[]
  /** Histograms: extremes before the current interval, two numbers a row; only once a delta reader has asked. */
  #history: Float64Array[] | undefined

  constructor(spec: InstrumentSpec, owner: StoreOwner) {
    this.spec = spec
    this.#owner = owner
    this.#names = Object.keys(spec.attributes)
    this.#specs = Object.values(spec.attributes)
    this.descriptor = { name: spec.name, description: spec.help, unit: spec.unit, valueType: ValueType.DOUBLE }
    this.bounds = spec.kind === 'histogram' ? [...(spec.buckets ?? DEFAULT_BUCKETS)] : []
    const { kind } = spec
    this.least = kind === 'counter' || kind === 'histogram' || kind === 'observableCounter' ? 0 : -Infinity
    this.cells = new Cells(this.#names, strideOf(spec, this.bounds.length))
    this.exemplars = new ExemplarStore(this.bounds.length + 1)
  }

  get limit(): number {
    return this.#owner.seriesLimit
  }

  /** An observed total that is less than before has begun anew. */
  get restarts(): boolean {
    return this.spec.kind === 'observableCounter'
  }

  /** Returns the row of a record, new if need be, or `NO_ROW` after counting the refusal; never throws. */
  row(attributes: Attributes | undefined): number {
    try {
      const names = this.#names
      if (names.length === 0) {
        if (this.cells.only !== NO_ROW) return this.cells.only
      } else {
        let node: LabelNode | number = this.cells.root
        for (let level = 0; typeof node !== 'number'; level++) {
          const value = (attributes as Attributes)[names[level] as string] as string
          node = node.key === value ? node.child : node.more === undefined ? NO_ROW : (node.more.get(value) ?? NO_ROW)
        }
        if (node !== NO_ROW) return node
      }
    } catch {
      // No attributes, or a getter threw: the careful way finds out and says it.
    }
    return this.rowFor(attributes)
  }

  /** Tells whether the instrument takes the value, after counting the refusal if not. */
  takes(value: unknown): value is number {
    const { kind } = this.spec
    const isGauge = kind === 'gauge' || kind === 'observableGauge'
    if (typeof value === 'number' && value >= this.least && (isGauge || Number.isFinite(value))) return true
    this.refuseValue(value)
    return false
  }

  refuseValue(value: unknown): void {
    const accepted = this.spec.kind.endsWith('auge') ? 'a number' : 'a finite number'
    this.refuse('value', `value is ${shown(value)}`, this.least === 0 ? `${accepted} of at least 0` : accepted)
  }

  /** Returns the row for attributes of any kind, new if need be, or `NO_ROW` after counting the refusal. */
  rowFor(attributes: unknown): number {
    const values = this.labelsOf(attributes)
    return values === undefined ? NO_ROW : this.rowOf(values)
  }

  /** Returns the label values in declared order, fit to be kept, or `undefined` after counting the refusal. */
  labelsOf(attributes: unknown): string[] | undefined {
    const values = this.#read(attributes)
    if (values === undefined || this.#find(values) !== NO_ROW) return values
    for (let i = 0; i < values.length; i++) {
      const spec = this.#specs[i] as AttributeSpec
      if (accepts(spec, values[i] as string)) continue
      const accepted = `one of ${(spec as readonly string[]).map(shown).join(', ')}`
      this.refuse('attribute_value', `attribute ${this.#names[i]} is ${shown(values[i])}`, accepted)
      return undefined
    }
    this.#noticeUndeclared(attributes)
    return values.map(keptValue)
  }

  /** Returns the row of such label values, new if there is room, otherwise that of the overflow series. */
  rowOf(values: readonly string[]): number {
    const known = this.#find(values)
    if (known !== NO_ROW) return known
    if (this.cells.live < this.limit - 1 || this.#evict()) return this.#create(values)
    this.#owner.notices.warn(
      `overflow ${this.spec.name}`,
      `${this.spec.name} has reached its limit of ${this.limit} series; new ones go to its overflow series: bound the attributes' values or raise the limit`,
    )
    this.overflowed++
    return this.overflowRow()
  }

  /** Returns label values as attributes. */
  attributesOf(labels: readonly string[]): Attributes {
    return Object.fromEntries(labels.map((label, i) => [this.#names[i] as string, label]))
  }

  overflowRow(): number {
    if (this.cells.overflow !== NO_ROW) return this.cells.overflow
    return this.#announce(this.cells.createOverflow(Date.now()))
  }

  /** Counts a refused record and says the first of its kind; returns `NO_ROW`. */
  refuse(reason: RefusalReason, what: string, accepted: string): number {
    this.refused.set(reason, (this.refused.get(reason) ?? 0) + 1)
    this.#owner.notices.warn(
      `${reason} ${this.spec.name}`,
      `${this.spec.name} refused a record: ${what}; expected ${accepted} (said once; counted in mcp_telemetry_refused_records_total)`,
    )
    return NO_ROW
  }

  /** Makes series exist at 0; closed attributes that are left out take each of their values. */
  zero(known: unknown): void {
    let combinations: string[][] = [[]]
    for (let i = 0; i < this.#names.length; i++) {
      const name = this.#names[i] as string
      const spec = this.#specs[i] as AttributeSpec
      const given = this.#partial(known)
      if (given === undefined) return
      const value = given.get(name)
      if (value === undefined && spec === 'string') {
        this.refuse('missing_attribute', `zero() without attribute ${name}`, 'every attribute that is not a closed set')
        return
      }
      const values = value === undefined ? (spec as readonly string[]) : [value]
      combinations = combinations.flatMap((head) => values.map((next) => [...head, next]))
      if (combinations.length >= this.limit) return
    }
    for (const values of combinations) {
      this.rowFor(this.attributesOf(values))
    }
  }

  /** Removes every series whose attributes match; all of them, the overflow series too, for an empty match. */
  remove(match: unknown): void {
    const wanted = this.#partial(match)
    if (wanted === undefined) return
    for (let row = 0; row < this.cells.rows; row++) {
      const attributes = this.cells.attributes[row]
      if (attributes === undefined) continue
      let matches = true
      for (const [name, value] of wanted) matches &&= attributes[name] === value
      if (matches) this.#remove(row)
    }
  }

  /** Histograms: extremes of a row before the current interval. */
  extremes(row: number): [number, number] {
    const history = this.#history?.[row >>> SLAB_SHIFT]
    if (history === undefined) return [Infinity, -Infinity]
    const at = (row & 63) * 2
    return [history[at] as number, history[at + 1] as number]
  }

  /** Histograms: ends the interval of a row for the reader that has just been given it. */
  foldExtremes(row: number, reader: DeltaBase): void {
    if (this.cells.stride <= COUNTS) return
    const slab = this.cells.slab(row)
    const at = this.cells.offset(row)
    const min = slab[at + MIN] as number
    const max = slab[at + MAX] as number
    for (const base of this.deltaBases) if (base !== reader) base.fold(row, min, max)
    const [least, greatest] = this.extremes(row)
    this.#setHistory(row, Math.min(least, min), Math.max(greatest, max))
    slab[at + MIN] = Infinity
    slab[at + MAX] = -Infinity
  }

  /**
   * Observables: puts the values of one collection in place. A later observation of a series replaces an earlier one;
   * overflow adds up. A gauge that was not observed is forgotten; a sum stays known, unseen, since a delta reader
   * needs what it was.
   */
  commit(round: number, observations: readonly Observation[]): void {
    this.round = round
    const unknown: Observation[] = []
    for (const observation of observations) {
      const row = this.#find(observation.labels)
      if (row === NO_ROW) unknown.push(observation)
      else this.#put(row, observation.value)
    }
    if (this.spec.kind === 'observableGauge') {
      for (let row = 0; row < this.cells.rows; row++) {
        if (this.cells.attributes[row] !== undefined && !this.isCurrent(row)) this.#remove(row)
      }
    }
    for (const { labels, value } of unknown) this.#put(this.rowOf(labels), value)
  }

  /** Tells whether the row belongs to what is being read. */
  isCurrent(row: number): boolean {
    return this.round === 0 || this.cells.slab(row)[this.cells.offset(row) + ROUND] === this.round
  }

  #put(row: number, value: number): void {
    const slab = this.cells.slab(row)
    const at = this.cells.offset(row)
    const isSeen = slab[at + ROUND] === this.round
    const before = slab[at + VALUE] as number
    const next = isSeen && row === this.cells.overflow && this.spec.kind !== 'observableGauge' ? before + value : value
    if (this.restarts && next < before && !isSeen) slab[at + START] = Date.now()
    slab[at + VALUE] = next
    slab[at + ROUND] = this.round
  }

  #create(values: readonly string[]): number {
    const row = this.cells.create(values, Date.now())
    this.#setHistory(row, Infinity, -Infinity)
    return this.#announce(row)
  }

  #announce(row: number): number {
    for (const base of this.deltaBases) base.created(row)
    return row
  }

  #remove(row: number): void {
    for (const base of this.deltaBases) base.removed(row)
    this.exemplars.remove(row)
    this.cells.remove(row)
  }

  /** Observables: makes room by forgetting a series that is not among those being read. */
  #evict(): boolean {
    if (this.round === 0) return false
    for (let row = 0; row < this.cells.rows; row++) {
      if (this.cells.attributes[row] === undefined || row === this.cells.overflow || this.isCurrent(row)) continue
      this.#remove(row)
      return true
    }
    return false
  }

  #find(values: readonly string[]): number {
    return values.length === 0 ? this.cells.only : findRow(this.cells.root, values)
  }

  #read(attributes: unknown): string[] | undefined {
    const values: string[] = []
    for (const name of this.#names) {
      let value: unknown
      try {
        value = (attributes as Attributes | undefined)?.[name]
      } catch (error) {
        this.refuse('attributes', `reading attribute ${name} threw ${shown(error)}`, 'a plain object')
        return undefined
      }
      const label = labelValue(value)
      if (label === undefined) {
        if (value === undefined || value === null)
          this.refuse('missing_attribute', `attribute ${name} is missing`, this.#names.join(', '))
        else
          this.refuse(
            'attribute_type',
            `attribute ${name} is ${shown(value)} (${typeof value})`,
            'a string, a finite number or a boolean',
          )
        return undefined
      }
      values.push(label)
    }
    return values
  }

  /** Returns what `zero` and `remove` were given, or `undefined` when a part of it is not what they take. */
  #partial(given: unknown): Map<string, string> | undefined {
    const known = new Map<string, string>()
    try {
      for (const [name, value] of Object.entries((given ?? {}) as Attributes)) {
        const label = labelValue(value)
        if (label !== undefined && this.#names.includes(name)) {
          known.set(name, keptValue(label))
          continue
        }
        this.#owner.notices.warn(
          `partial ${this.spec.name}`,
          `${this.spec.name}: zero() and remove() leave everything as it is for attribute ${shown(name)} with value ${shown(value)}; expected strings for ${this.#names.join(', ')}`,
        )
        return undefined
      }
      return known
    } catch {
      return undefined
    }
  }

  #noticeUndeclared(attributes: unknown): void {
    try {
      const name = Object.keys((attributes ?? {}) as Attributes).find((key) => !this.#names.includes(key))
      if (name === undefined) return
      this.#owner.notices.warn(
        `undeclared ${this.spec.name}`,
        `${this.spec.name} does not declare the attribute ${shown(name)}; the record counts without it; declared are: ${this.#names.join(', ')}`,
      )
    } catch {
      // The declared attributes could be read, which is all that counts.
    }
  }

  #setHistory(row: number, min: number, max: number): void {
    if (this.cells.stride <= COUNTS) return
    if (this.#history === undefined && min === Infinity) return
    this.#history ??= []
    const history = (this.#history[row >>> SLAB_SHIFT] ??= emptyHistory())
    const at = (row & 63) * 2
    history[at] = min
    history[at + 1] = max
  }
}

function emptyHistory(): Float64Array {
  const history = new Float64Array(2 << SLAB_SHIFT)
  for (let i = 0; i < history.length; i += 2) {
    history[i] = Infinity
    history[i + 1] = -Infinity
  }
  return history
}

function strideOf(spec: InstrumentSpec, bounds: number): number {
  if (spec.kind === 'histogram') return COUNTS + bounds + 1
  return spec.kind.startsWith('observable') ? ROUND + 1 : VALUE + 1
}
