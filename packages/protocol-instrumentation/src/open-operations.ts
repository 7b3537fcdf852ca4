import type { RequestId } from './message.ts'
import type { Operation } from './operation.ts'

/** A power of two. */
const PLACES = 64

/**
 * Operations whose requests have no answer yet, by the id of the request. Ids are mostly counted, and few are open at a
 * time: each has a place by its id, and a map takes what finds its place taken, and ids of other kinds. A map alone
 * shrinks whenever its last entry goes, which is after nearly every call.
 */
export class OpenOperations {
  readonly #places: (Operation | undefined)[] = Array.from({ length: PLACES }, () => undefined)
  readonly #others = new Map<RequestId, Operation>()

  get(id: RequestId): Operation | undefined {
    const placed = typeof id === 'number' ? this.#places[id & (PLACES - 1)] : undefined
    if (placed !== undefined && placed.message.id === id) return placed
    return this.#others.size === 0 ? undefined : this.#others.get(id)
  }

  /** Adds the operation of a request whose id has none. */
  add(id: RequestId, operation: Operation): void {
    const place = typeof id === 'number' ? id & (PLACES - 1) : -1
    if (place >= 0 && this.#places[place] === undefined) this.#places[place] = operation
    else this.#others.set(id, operation)
  }

  /** Removes an operation, if it is still the one of that id. */
  remove(id: RequestId, operation: Operation): void {
    const place = typeof id === 'number' ? id & (PLACES - 1) : -1
    if (place >= 0 && this.#places[place] === operation) this.#places[place] = undefined
    else if (this.#others.get(id) === operation) this.#others.delete(id)
  }

  *[Symbol.iterator](): Generator<Operation> {
    for (const operation of this.#places) if (operation !== undefined) yield operation
    yield* this.#others.values()
  }
}
