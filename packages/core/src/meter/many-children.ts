import type { Child } from './label-tree.ts'

/** A table of so many stays in the processor's nearest caches. */
const NEAR = 256
/** One in so many finds among all puts a value near: what is asked for once in a while would only take the place of others. */
const FINDS = 16

/** The tables of a tree in which too many values are asked for to keep some near. */
export type RestingTables = ManyChildren[]

/**
 * Many values, and what is under each. V8 keeps the properties of such an object in one table, and finds one by comparing
 * references: a `Map` looks at the strings that share a place, too, each of which is another wait for memory.
 *
 * Values lie all over that table. Where there are very many, those that are asked for are in a small one besides; unless
 * they are too many for that, too, which is tried anew after each collection.
 */
export class ManyChildren {
  readonly byValue = createTable()
  /** What is looked through first. */
  near = this.byValue
  size = 0
  readonly #resting: RestingTables
  #nearSize = 0
  #finds = 0

  constructor(resting: RestingTables) {
    this.#resting = resting
  }

  /** Returns what is under a value that is not near. */
  findFar(value: string): Child | undefined {
    const child = this.byValue[value]
    if (child !== undefined && ++this.#finds % FINDS === 0) this.#putNear(value, child)
    return child
  }

  set(value: string, child: Child): void {
    if (this.byValue[value] === undefined && ++this.size === NEAR + 1) this.keepNear()
    this.byValue[value] = child
    if (this.near[value] !== undefined) this.near[value] = child
  }

  /** Removes a child that is there. */
  delete(value: string): void {
    delete this.byValue[value]
    delete this.near[value]
    this.size--
  }

  /** Begins to keep near what is asked for. */
  keepNear(): void {
    this.near = createTable()
    this.#nearSize = 0
  }

  #putNear(value: string, child: Child): void {
    if (this.#nearSize++ < NEAR) this.near[value] = child
    else {
      this.near = this.byValue
      this.#resting.push(this)
    }
  }
}

function createTable(): Record<string, Child | undefined> {
  return Object.create(null) as Record<string, Child | undefined>
}
