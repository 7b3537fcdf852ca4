/** No series has these labels. */
export const NO_ROW = -1

/** A place in a tree of label values: the node of a value, with a level of further values below it. */
export class LabelNode {
  /**
   * The value that was asked for last, and what is under it. One event is mostly recorded on several instruments with the
   * same labels: they share the tree, so that all but the first find their way here without a look-up.
   */
  key: string | undefined = undefined
  child: Child | undefined = undefined
  /** All children, once there are several. */
  map: Map<string, Child> | undefined = undefined
  /** Row of the first instrument that ends here. */
  row = NO_ROW
  /** Rows of the others by their slot. */
  rows: number[] | undefined = undefined
}

/** A number is the row of the first instrument, where there is nothing else to hold: most ends are such. */
export type Child = LabelNode | number

/** Returns what is under a value. */
export function childOf(node: LabelNode, value: string): Child | undefined {
  if (node.key === value) return node.child
  const child = node.map?.get(value)
  if (child !== undefined) {
    node.key = value
    node.child = child
  }
  return child
}

export function setChild(node: LabelNode, value: string, child: Child): void {
  if (node.map !== undefined) node.map.set(value, child)
  else if (node.key !== undefined && node.key !== value)
    node.map = new Map([
      [node.key, node.child as Child],
      [value, child],
    ])
  node.key = value
  node.child = child
}

export function removeChild(node: LabelNode, value: string): void {
  node.map?.delete(value)
  if (node.map === undefined || node.map.size === 1) {
    const [rest] = node.map ?? []
    node.map = undefined
    node.key = rest?.[0]
    node.child = rest?.[1]
  } else if (node.key === value) {
    node.key = undefined
    node.child = undefined
  }
}

export function rowAt(child: Child | undefined, slot: number): number {
  if (child === undefined) return NO_ROW
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

export function isBare(node: LabelNode): boolean {
  const hasChildren = node.key !== undefined || node.map !== undefined
  return !hasChildren && node.row === NO_ROW && (node.rows?.every((row) => row === NO_ROW) ?? true)
}
