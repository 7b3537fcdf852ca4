/** Something that holds on to a row of an instrument, and writes to it without a look whether it is still that series. */
export interface RowHolder {
  /** Called when the row is another's from now on, or records have to ask anew who gets them. */
  release(): void
}

/** Who holds on to which rows of an instrument, to be told when that has to end: so that no record need ask. */
export class HeldRows<Holder extends RowHolder> {
  readonly #holders = new Map<number, Holder[]>()

  of(row: number): readonly Holder[] {
    return this.#holders.get(row) ?? []
  }

  add(row: number, holder: Holder): void {
    this.#holders.set(row, [...this.of(row), holder])
  }

  release(row: number): void {
    const holders = this.of(row)
    this.#holders.delete(row)
    for (const holder of holders) holder.release()
  }

  releaseAll(): void {
    for (const row of this.#holders.keys()) this.release(row)
  }
}
