import { SLAB_MASK, SLAB_SHIFT } from './cells.ts'

/**
 * Least and greatest value of histogram rows before the interval that is running. There is none until a delta reader ends
 * an interval: up to then the running one is all there is.
 */
export class ExtremesHistory {
  readonly #slabs: Float64Array[] = []

  get isEmpty(): boolean {
    return this.#slabs.length === 0
  }

  of(row: number): [min: number, max: number] {
    const slab = this.#slabs[row >>> SLAB_SHIFT]
    if (slab === undefined) return [Infinity, -Infinity]
    const at = (row & SLAB_MASK) * 2
    return [slab[at] as number, slab[at + 1] as number]
  }

  /** Adds an interval that has ended. */
  add(row: number, min: number, max: number): void {
    const slab = (this.#slabs[row >>> SLAB_SHIFT] ??= emptySlab())
    const at = (row & SLAB_MASK) * 2
    slab[at] = Math.min(slab[at] as number, min)
    slab[at + 1] = Math.max(slab[at + 1] as number, max)
  }

  /** Forgets a row, for the series that gets it next. */
  clear(row: number): void {
    const slab = this.#slabs[row >>> SLAB_SHIFT]
    if (slab === undefined) return
    const at = (row & SLAB_MASK) * 2
    slab[at] = Infinity
    slab[at + 1] = -Infinity
  }
}

function emptySlab(): Float64Array {
  return Float64Array.from({ length: 2 << SLAB_SHIFT }, (_, i) => (i % 2 === 0 ? Infinity : -Infinity))
}
