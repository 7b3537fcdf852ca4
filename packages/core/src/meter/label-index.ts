import type { Attributes } from '@opentelemetry/api'

import { childOf, createNode, isBare, NO_ROW, NOTHING, removeChild, rowAt, setChild, setRow } from './label-tree.ts'
import type { Child, LabelNode } from './label-tree.ts'
import type { RestingTables } from './many-children.ts'

/** A tree over label names; each instrument ends at one of its levels. */
interface LabelTree {
  names: readonly string[]
  readonly root: LabelNode
  /** How many instruments end at each level. */
  readonly ends: number[]
  readonly resting: RestingTables
}

/** The trees of a provider: instruments of which one's label names begin with all of the other's share one. */
export class LabelTrees {
  readonly #trees: LabelTree[] = []

  /** Returns an index of its own for an instrument with these label names, some of which may be left out. */
  index(names: readonly string[], optional: readonly string[] = []): LabelIndex {
    let tree = this.#trees.find((known) => names.every((name, i) => (known.names[i] ?? name) === name))
    if (tree === undefined) {
      tree = { names, root: createNode(), ends: [], resting: [] }
      this.#trees.push(tree)
    }
    if (names.length > tree.names.length) tree.names = names
    const slot = tree.ends[names.length] ?? 0
    tree.ends[names.length] = slot + 1
    return new LabelIndex(names, optional, tree, slot)
  }
}

/** Finds the rows of one instrument by label values, given for all of its names in their order. */
export class LabelIndex {
  readonly names: readonly string[]
  /** By level, the label of what has no such attribute: an empty one where it may be left out. */
  readonly absent: readonly ('' | undefined)[]
  readonly root: LabelNode
  /** Which of the instruments that end at the same level this is. */
  readonly slot: number
  readonly #resting: RestingTables

  constructor(names: readonly string[], optional: readonly string[], { root, resting }: LabelTree, slot: number) {
    this.names = names
    this.absent = names.map((name) => (optional.includes(name) ? '' : undefined))
    this.root = root
    this.slot = slot
    this.#resting = resting
  }

  /** Returns the row of these values, or `NO_ROW`. */
  find(values: readonly string[]): number {
    let child: Child = this.root
    for (const value of values) child = typeof child === 'number' ? NOTHING : childOf(child, value)
    return rowAt(child, this.slot)
  }

  /** Returns the row of attributes that are as declared, or `NO_ROW`; throws what reading them throws. */
  findAttributes(attributes: Attributes): number {
    let child: Child = this.root
    for (const [level, name] of this.names.entries()) {
      const value = attributes[name] ?? this.absent[level]
      child = typeof child === 'number' ? NOTHING : childOf(child, value as string)
    }
    return rowAt(child, this.slot)
  }

  /** Puts a row under values that have none. */
  insert(values: readonly string[], row: number): void {
    let node = this.root
    for (let level = 0; level < values.length; level++) {
      const value = values[level] as string
      const isEnd = level === values.length - 1
      let child = childOf(node, value)
      if (isEnd && child === NOTHING && this.slot === 0) {
        setChild(node, value, row, this.#resting)
        return
      }
      if (typeof child === 'number' || child === NOTHING) {
        const grown = createNode()
        if (typeof child === 'number') grown.row = child
        setChild(node, value, grown, this.#resting)
        child = grown
      }
      node = child
    }
    setRow(node, this.slot, row)
  }

  /** Tries anew to keep near what is asked for. */
  renew(): void {
    for (const table of this.#resting.splice(0)) table.keepNear()
  }

  /** Takes the row of these values out, with the nodes that it leaves bare. */
  remove(values: readonly string[]): void {
    this.#remove(this.root, values, 0)
  }

  #remove(node: LabelNode, values: readonly string[], level: number): void {
    const value = values[level] as string
    const child = childOf(node, value)
    if (typeof child === 'object') {
      if (level === values.length - 1) setRow(child, this.slot, NO_ROW)
      else this.#remove(child, values, level + 1)
      if (!isBare(child)) return
    }
    removeChild(node, value)
  }
}
