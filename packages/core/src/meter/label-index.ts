/**
 * Finds a row by label values, one level per declared attribute. A node with one child (one status, one command: most of
 * them) keeps it in itself and costs neither a look-up nor a map.
 */
export class LabelNode<Child> {
  /** The one child's value; of no use once there is a map. */
  key: string | undefined = undefined
  child: Child | undefined = undefined
  /** All children, when there are several. */
  map: Map<string, Child> | undefined = undefined
}

/** No series has these labels. */
export const NO_ROW = -1

/** A node above another level or, at the last level, one whose children are rows. */
export type IndexNode = LabelNode<IndexNode | number>

/** Returns the child under a value. */
export function childOf<Child>(node: LabelNode<Child>, value: string): Child | undefined {
  if (node.map !== undefined) return node.map.get(value)
  return node.key === value ? node.child : undefined
}

/** Returns the row of these values, or `NO_ROW`. */
export function findRow(root: IndexNode, values: readonly string[]): number {
  let node: IndexNode | number | undefined = root
  for (const value of values) {
    if (typeof node !== 'object') return NO_ROW
    node = childOf(node, value)
  }
  return typeof node === 'number' ? node : NO_ROW
}

/** Puts a row under values that are not there yet. */
export function insertRow(root: IndexNode, values: readonly string[], row: number): void {
  let node = root
  for (let level = 0; level < values.length - 1; level++) {
    const value = values[level] as string
    let next = childOf(node, value)
    if (typeof next !== 'object') {
      next = new LabelNode()
      addChild(node, value, next)
    }
    node = next
  }
  addChild(node, values.at(-1) as string, row)
}

/** Takes the row of these values out, with the nodes that it leaves empty. */
export function removeRow(node: IndexNode, values: readonly string[], level = 0): void {
  const value = values[level] as string
  const child = childOf(node, value)
  if (typeof child === 'object') {
    removeRow(child, values, level + 1)
    if (!isEmpty(child)) return
  }
  removeChild(node, value)
}

function addChild<Child>(node: LabelNode<Child>, value: string, child: Child): void {
  if (isEmpty(node)) {
    node.key = value
    node.child = child
    return
  }
  if (node.map === undefined) {
    node.map = new Map([[node.key as string, node.child as Child]])
    node.key = undefined
    node.child = undefined
  }
  node.map.set(value, child)
}

function removeChild<Child>(node: LabelNode<Child>, value: string): void {
  if (node.map === undefined) {
    node.key = undefined
    node.child = undefined
    return
  }
  node.map.delete(value)
  if (node.map.size > 1) return
  const [last] = node.map
  node.key = last?.[0]
  node.child = last?.[1]
  node.map = undefined
}

function isEmpty(node: LabelNode<unknown>): boolean {
  return node.key === undefined && node.map === undefined
}
