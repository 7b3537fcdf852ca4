/** No series has these labels. */
export const NO_ROW = -1

/** What is under a value: a node, or the row of the first instrument that ends there, where there is nothing else to hold. */
export type Child = LabelNode | number

/** A place in a tree of label values. */
export class LabelNode {
  /**
   * The value that was asked for last, and what is under it. One event is mostly recorded on several instruments with the
   * same labels: they share the tree, so that all but the first find their way here without a look-up.
   */
  key: string | undefined = undefined
  child: Child
  /** All children, once there are several. */
  map: Map<string, Child> | undefined = undefined
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
NOTHING.child = NOTHING

export function createNode(): LabelNode {
  return new LabelNode(NOTHING)
}

/** Returns what is under a value, or `NOTHING`. */
export function childOf(node: LabelNode, value: string): Child {
  if (node.key === value) return node.child
  const child = node.map?.get(value)
  if (child === undefined) return NOTHING
  node.key = value
  return (node.child = child)
}

/** Puts something under a value, in the place of what is there. */
export function setChild(node: LabelNode, value: string, child: Child): void {
  if (node.map !== undefined) node.map.set(value, child)
  else if (node.key !== undefined && node.key !== value) {
    node.map = new Map([
      [node.key, node.child],
      [value, child],
    ])
  }
  node.key = value
  node.child = child
}

/** Removes a child that is there. */
export function removeChild(node: LabelNode, value: string): void {
  node.map?.delete(value)
  if (node.map !== undefined && node.map.size > 1) {
    if (node.key === value) setLast(node, undefined, NOTHING)
    return
  }
  const [last] = node.map ?? []
  node.map = undefined
  setLast(node, last?.[0], last?.[1] ?? NOTHING)
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
  const hasChildren = node.key !== undefined || node.map !== undefined
  return !hasChildren && node.row === NO_ROW && (node.rows?.every((row) => row === NO_ROW) ?? true)
}

function setLast(node: LabelNode, key: string | undefined, child: Child): void {
  node.key = key
  node.child = child
}
