import { ManyChildren } from './many-children.ts'
import type { RestingTables } from './many-children.ts'
import { outOfLine } from './out-of-line.ts'

/** No series has these labels. */
export const NO_ROW = -1

/** The key of what has none: no label value, as those are well-formed; and a string, so that all that is compared is one. */
const NO_KEY = '\ud800'

/** As many children are looked for one after the other; where there are more, in a table. */
const FEW = 8

/** What is under a value: a node, or the row of the first instrument that ends there, where there is nothing else to hold. */
export type Child = LabelNode | number

/** One of a few values of a node, and what is under it. */
export class Entry {
  readonly key: string
  child: Child
  readonly next: Entry

  constructor(key: string, child: Child, next?: Entry) {
    this.key = key
    this.child = child
    this.next = next ?? this
  }
}

/** Ends each list of entries, and holds nothing. */
export const END = new Entry(NO_KEY, NO_ROW)

/** A place in a tree of label values. */
export class LabelNode {
  /**
   * The value that was asked for last, and what is under it. One event is mostly recorded on several instruments with the
   * same labels: they share the tree, so that all but the first find their way here without a look-up.
   */
  key = NO_KEY
  child: Child
  /** All children, where they are several but a few. */
  few = END
  /** All children, where they are many. */
  many: ManyChildren | undefined = undefined
  /** Row of the first instrument that ends here. */
  row = NO_ROW
  /** Rows of the others by their slot. */
  rows: number[] | undefined = undefined

  constructor(child: Child) {
    this.child = child
  }
}

/** Stands where nothing is, so that a look-up need not ask at each level: under it there is nothing either. */
export const NOTHING: LabelNode = new LabelNode(NO_ROW)
NOTHING.child = END.child = NOTHING

export function createNode(): LabelNode {
  return new LabelNode(NOTHING)
}

/** Returns what is under a value, or `NOTHING`. */
export function childOf(node: LabelNode, value: string): Child {
  return node.key === value ? node.child : childBeside(node, value)
}

/** Returns what is under a value that was not asked for last, or `NOTHING`; for what is no string, too. */
export function childBeside(node: LabelNode, value: unknown): Child {
  // All that is compared here has to be strings to the compiler: this is one place for all instruments.
  if (typeof value !== 'string') return NOTHING
  const child =
    node.many === undefined ? entryOf(node, value).child : (node.many.near[value] ?? farChild(node.many, value))
  if (child === NOTHING) return NOTHING
  node.key = value
  return (node.child = child)
}

/** Returns what is under one of many values that is not near, or `NOTHING`. */
export const farChild = outOfLine((many: ManyChildren, value: string): Child => many.findFar(value) ?? NOTHING)

/** Puts something under a value, in the place of what is there, in a tree with these tables. */
export function setChild(node: LabelNode, value: string, child: Child, resting: RestingTables): void {
  if (node.many === undefined) {
    const children = [...childrenOf(node).filter(([key]) => key !== value), [value, child] as const]
    if (children.length <= FEW) {
      setFew(node, children)
      return
    }
    node.few = END
    node.many = new ManyChildren(resting)
    for (const [key, known] of children) node.many.set(key, known)
  } else node.many.set(value, child)
  setLast(node, value, child)
}

/** Removes a child that is there. */
export function removeChild(node: LabelNode, value: string): void {
  node.many?.delete(value)
  if (node.many === undefined || node.many.size <= FEW / 2) {
    setFew(
      node,
      childrenOf(node).filter(([key]) => key !== value),
    )
  } else if (node.key === value) setLast(node, NO_KEY, NOTHING)
}

/** Returns the row of the instrument in a slot, or `NO_ROW`. */
export function rowAt(child: Child, slot: number): number {
  if (typeof child === 'number') return slot === 0 ? child : NO_ROW
  return slot === 0 ? child.row : (child.rows?.[slot] ?? NO_ROW)
}

export function setRow(node: LabelNode, slot: number, row: number): void {
  if (slot === 0) {
    node.row = row
    return
  }
  node.rows ??= []
  while (node.rows.length <= slot) node.rows.push(NO_ROW)
  node.rows[slot] = row
}

/** Tells whether there is no reason to keep the node. */
export function isBare(node: LabelNode): boolean {
  const hasChildren = node.key !== NO_KEY || node.many !== undefined
  return !hasChildren && node.row === NO_ROW && (node.rows?.every((row) => row === NO_ROW) ?? true)
}

/** Returns which of a few entries has the value, or `END`. */
function entryOf({ few }: LabelNode, value: string): Entry {
  // A row in the place of a node has none.
  let entry = few ?? END
  while (entry.key !== value && entry !== END) entry = entry.next
  return entry
}

function childrenOf({ key, child, few, many }: LabelNode): [string, Child][] {
  if (many !== undefined) return Object.entries(many.byValue as Record<string, Child>)
  const children: [string, Child][] = []
  for (let entry = few; entry !== END; entry = entry.next) children.push([entry.key, entry.child])
  return children.length === 0 && key !== NO_KEY ? [[key, child]] : children
}

function setFew(node: LabelNode, children: readonly (readonly [string, Child])[]): void {
  node.many = undefined
  node.few = children.length > 1 ? children.reduceRight((next, [key, child]) => new Entry(key, child, next), END) : END
  setLast(node, ...(children.at(-1) ?? ([NO_KEY, NOTHING] as const)))
}

function setLast(node: LabelNode, key: string, child: Child): void {
  node.key = key
  node.child = child
}
