import { ValueType } from '@opentelemetry/api'
import type { Attributes } from '@opentelemetry/api'

import type { InstrumentSpec } from '../catalogue.ts'
import type { BoundSeries } from './bound-series.ts'
import { Cells, COUNTS, MAX, MIN, ROUND, VALUE } from './cells.ts'
import type { Listing } from './cells.ts'
import type { DeltaBase } from './delta-base.ts'
import { ExemplarStore } from './exemplar-store.ts'
import { ExtremesHistory } from './extremes-history.ts'
import { Gate } from './gate.ts'
import { HeldRows } from './held-rows.ts'
import type { LabelTrees } from './label-index.ts'
import { LabelReader } from './label-reader.ts'
import { NO_ROW } from './label-tree.ts'
import type { NoticeBoard } from './notices.ts'
import { Refusals } from './refusals.ts'
import { clearExtremes } from './row-totals.ts'
import type { SeriesData } from './series-data.ts'

/** The buckets that the OpenTelemetry specification gives to histograms without any of their own. */
const DEFAULT_BUCKETS: readonly number[] = [0, 5, 10, 25, 50, 75, 100, 250, 500, 750, 1000, 2500, 5000, 7500, 10_000]

/** What the provider settles for all of its instruments. */
export interface StoreOwner {
  readonly notices: NoticeBoard
  /** Series of one instrument, its overflow series counted. */
  readonly seriesLimit: number
  readonly labelTrees: LabelTrees
}

/** The series of one instrument, shared by everyone who creates it; with all that is not on the recording path. */
export class InstrumentStore {
  readonly spec: InstrumentSpec
  readonly descriptor: SeriesData['descriptor']
  readonly cells: Cells
  readonly bounds: readonly number[]
  /** Least value that is accepted. */
  readonly least: number
  readonly exemplars: ExemplarStore
  readonly refusals: Refusals
  readonly history = new ExtremesHistory()
  /** Of the instruments that have nothing between them and the cells; always open. */
  readonly gate = new Gate()
  readonly held = new HeldRows<BoundSeries>()
  /** One per delta reader. */
  readonly deltaBases = new Set<DeltaBase>()
  /** Records that went to the overflow series for want of room. */
  overflowed = 0
  readonly #owner: StoreOwner
  readonly #labels: LabelReader

  constructor(spec: InstrumentSpec, owner: StoreOwner) {
    const { kind, name, help, unit } = spec
    this.spec = spec
    this.#owner = owner
    this.descriptor = { name, description: help, unit, valueType: ValueType.DOUBLE }
    this.bounds = kind === 'histogram' ? (spec.buckets ?? DEFAULT_BUCKETS) : []
    this.least = kind === 'counter' || kind === 'histogram' || kind === 'observableCounter' ? 0 : -Infinity
    this.exemplars = new ExemplarStore(this.bounds.length + 1, kind === 'counter' || kind === 'histogram')
    this.refusals = new Refusals(name, owner.notices)
    this.#labels = new LabelReader(spec, this.refusals)
    const index = owner.labelTrees.index(this.#labels.names, spec.optional)
    this.cells = new Cells(index, strideOf(spec, this.bounds.length))
  }

  get limit(): number {
    return this.#owner.seriesLimit
  }

  /** Returns the row of attributes that are as declared, or `NO_ROW`; never throws. */
  knownRow(attributes: Attributes | undefined): number {
    const { index, only } = this.cells
    try {
      return index.names.length === 0 ? only : index.findAttributes(attributes as Attributes)
    } catch {
      // No attributes, or a getter threw: the careful way finds out and says it.
      return NO_ROW
    }
  }

  /** Returns the row of a record that was not found at once, new if need be, or `NO_ROW` after counting the refusal. */
  newRow(value: unknown, attributes: unknown): number {
    return this.takes(value) ? this.rowFor(attributes) : NO_ROW
  }

  /** Returns the row for attributes of any kind, new if need be, or `NO_ROW` after counting the refusal. */
  rowFor(attributes: unknown): number {
    const labels = this.labelsOf(attributes)
    return labels === undefined ? NO_ROW : this.rowOf(labels)
  }

  /** Returns the label values in declared order, fit to be kept, or `undefined` after counting the refusal. */
  labelsOf(attributes: unknown): string[] | undefined {
    const labels = this.#labels.read(attributes)
    if (labels === undefined || this.cells.find(labels) !== NO_ROW) return labels
    return this.#labels.admit(labels, attributes)
  }

  /** Returns the row of such label values, new if there is room, otherwise that of the overflow series. */
  rowOf(labels: readonly string[]): number {
    const own = this.#ownRow(labels)
    if (own !== NO_ROW) return own
    this.overflowed++
    const remedy = 'bound the values of its attributes, or raise the limit'
    this.refusals.remark(
      'overflow',
      `has ${this.limit} series, its limit; what is new goes to its overflow series: ${remedy}`,
    )
    return this.cells.overflow === NO_ROW ? this.#created(this.cells.createOverflow(Date.now())) : this.cells.overflow
  }

  /** Tells whether the instrument takes the value, after counting the refusal if not. */
  takes(value: unknown): value is number {
    const isTaken = typeof value === 'number' && value >= this.least && (this.#isGauge || Number.isFinite(value))
    if (!isTaken) this.refuseValue(value)
    return isTaken
  }

  refuseValue(value: unknown): void {
    const accepted = this.#isGauge ? 'a number' : 'a finite number'
    this.refusals.value(value, this.least === 0 ? `${accepted} of at least 0` : accepted)
  }

  /** Makes series exist at 0; closed attributes that are left out take each of their values. */
  zero(known: unknown): void {
    const combinations = this.#labels.combinations(known, this.limit)
    for (const combination of combinations ?? []) {
      const labels = this.labelsOf(this.cells.attributesOf(combination))
      // A series at 0 for which there is no room is no record: nothing is lost by leaving it out.
      if (labels !== undefined) this.#ownRow(labels)
    }
  }

  /** Removes every series whose attributes match; all of them, the overflow series too, for an empty match. */
  remove(match: unknown): void {
    const wanted = this.#labels.partial(match)
    if (wanted === undefined) return
    for (let row = 0; row < this.cells.rows; row++) {
      const attributes = this.cells.attributes[row]
      if (attributes === undefined || (row === this.cells.overflow && wanted.size > 0)) continue
      let isWanted = true
      for (const [name, value] of wanted) isWanted &&= (attributes[name] ?? '') === value
      if (isWanted) this.removeRow(row)
    }
  }

  /** Histograms: ends the interval of a row for the reader that has just been given it. */
  endInterval(row: number, reader: DeltaBase): void {
    if (this.cells.stride <= COUNTS) return
    const slab = this.cells.slab(row)
    const at = this.cells.offset(row)
    const min = slab[at + MIN] as number
    const max = slab[at + MAX] as number
    for (const base of this.deltaBases) if (base !== reader) base.widen(row, min, max)
    this.history.add(row, min, max)
    clearExtremes(slab, at)
  }

  /** Returns the series that are being read. */
  current(): Listing {
    return this.cells.listing
  }

  /** Tells whether the row is one of them; observables leave out what was not observed. */
  isCurrent(_row: number): boolean {
    return true
  }

  /** Tells whether a total, as observed, has begun anew since it was `before`. */
  hasRestarted(_value: number, _before: number): boolean {
    return false
  }

  /** Frees a row if there is one that need not be kept. */
  protected makeRoom(): boolean {
    return false
  }

  protected removeRow(row: number): void {
    for (const base of this.deltaBases) base.removed(row)
    this.held.release(row)
    this.exemplars.remove(row)
    this.cells.remove(row)
  }

  /** Returns the row of label values, new if there is room, or `NO_ROW`. */
  #ownRow(labels: readonly string[]): number {
    const known = this.cells.find(labels)
    if (known !== NO_ROW) return known
    if (this.cells.live >= this.limit - 1 && !this.makeRoom()) return NO_ROW
    return this.#created(this.cells.create(labels, Date.now()))
  }

  #created(row: number): number {
    this.history.clear(row)
    for (const base of this.deltaBases) base.created(row)
    return row
  }

  get #isGauge(): boolean {
    return this.spec.kind === 'gauge' || this.spec.kind === 'observableGauge'
  }
}

function strideOf({ kind }: InstrumentSpec, bounds: number): number {
  if (kind === 'histogram') return COUNTS + bounds + 1
  return kind.startsWith('observable') ? ROUND + 1 : VALUE + 1
}
