import { ROUND, START, VALUE } from './cells.ts'
import type { Listing } from './cells.ts'
import { InstrumentStore } from './instrument-store.ts'
import { NO_ROW } from './label-tree.ts'

/** One value that a callback observed. */
export interface Observation {
  readonly labels: readonly string[]
  readonly value: number
}

/** The series of an observable: what callbacks saw at the collection that is being read. */
export class ObservedStore extends InstrumentStore {
  #round = 0

  /**
   * Puts the values of one collection in place. A later observation of a series replaces an earlier one; overflow adds up.
   * A gauge that was not observed is forgotten; a sum stays known, unseen, for a delta reader needs what it was.
   */
  commit(round: number, observations: readonly Observation[]): void {
    this.#round = round
    const unknown: Observation[] = []
    for (const observation of observations) {
      const row = this.cells.find(observation.labels)
      if (row === NO_ROW) unknown.push(observation)
      else this.#put(row, observation.value)
    }
    if (this.spec.kind === 'observableGauge') {
      for (let row = 0; row < this.cells.rows; row++) if (this.#isStale(row)) this.removeRow(row)
    }
    for (const { labels, value } of unknown) this.#put(this.rowOf(labels), value)
  }

  override current(): Listing {
    const all = this.cells.listing
    return all.rows.every((row) => this.isCurrent(row)) ? all : this.cells.list((row) => this.isCurrent(row))
  }

  override isCurrent(row: number): boolean {
    return this.cells.slab(row)[this.cells.offset(row) + ROUND] === this.#round
  }

  override hasRestarted(value: number, before: number): boolean {
    return this.spec.kind === 'observableCounter' && value < before
  }

  /** Forgets a series that is not among those being read. */
  protected override makeRoom(): boolean {
    for (let row = 0; row < this.cells.rows; row++) {
      if (!this.#isStale(row)) continue
      this.removeRow(row)
      return true
    }
    return false
  }

  #isStale(row: number): boolean {
    return this.cells.attributes[row] !== undefined && !this.isCurrent(row)
  }

  #put(row: number, value: number): void {
    const slab = this.cells.slab(row)
    const at = this.cells.offset(row)
    const isSeen = slab[at + ROUND] === this.#round
    const before = slab[at + VALUE] as number
    const adds = isSeen && row === this.cells.overflow && this.spec.kind !== 'observableGauge'
    if (!isSeen && this.hasRestarted(value, before)) slab[at + START] = Date.now()
    slab[at + VALUE] = adds ? before + value : value
    slab[at + ROUND] = this.#round
  }
}
