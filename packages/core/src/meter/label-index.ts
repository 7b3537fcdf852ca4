/**
 * Finds a row by label values: one level per declared attribute. A node keeps its first child outside the map, so that
 * the many nodes with one child (one status, one command) cost neither a map nor its memory.
 */
export class LabelNode {
  key: string | undefined = undefined
  /** The next level's node, or the row at the last level. */
  child: LabelNode | number = NO_ROW
  /** Every child but the first. */
  more: Map<string, LabelNode | number> | undefined = undefined
}

/** No series has these labels. */
export const NO_ROW = -1

/** Returns the child under `value`, or `NO_ROW`. */
export function childOf(node: LabelNode, value: string): LabelNode | number {
  if (node.key === value) return node.child
  return node.more === undefined ? NO_ROW : (node.more.get(value) ?? NO_ROW)
}

/** Returns the row of these values, or `NO_ROW`. */
export function findRow(root: LabelNode, values: readonly string[]): number {
  let node: LabelNode | number = root
  for (const value of values) {
    if (typeof node === 'number') return NO_ROW
    node = childOf(node, value)
  }
  return typeof node === 'number' ? node : NO_ROW
}

/** Puts a row under values that are not there yet. */
export function insertRow(root: LabelNode, values: readonly string[], row: number): void {
  let node = root
  for (let level = 0; level < values.length; level++) {
    const value = values[level] as string
    const found = childOf(node, value)
    if (typeof found !== 'number') {
      node = found
      continue
    }
    const child = level === values.length - 1 ? row : new LabelNode()
    addChild(node, value, child)
    if (typeof child === 'number') return
    node = child
  }
}

/** Takes the row of these values out, with the nodes that it leaves empty. */
export function removeRow(root: LabelNode, values: readonly string[], level = 0): void {
  const value = values[level] as string
  const child = childOf(root, value)
  if (typeof child !== 'number') {
    removeRow(child, values, level + 1)
    if (child.key !== undefined) return
  }
  removeChild(root, value)
}

function addChild(node: LabelNode, value: string, child: LabelNode | number): void {
  if (node.key === undefined) {
    node.key = value
    node.child = child
    return
  }
  node.more ??= new Map()
  node.more.set(value, child)
}

function removeChild(node: LabelNode, value: string): void {
  if (node.key !== value) {
    node.more?.delete(value)
    return
  }
  const next = node.more?.entries().next()
  if (next === undefined || next.done === true) {
    node.key = undefined
    node.child = NO_ROW
    node.more = undefined
    return
  }
  node.key = next.value[0]
  node.child = next.value[1]
  node.more?.delete(next.value[0])
}
