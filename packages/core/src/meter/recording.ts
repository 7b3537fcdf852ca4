import type { Attributes, Context } from '@opentelemetry/api'

import type { Gate } from './gate.ts'
import type { InstrumentStore } from './instrument-store.ts'
import { childBeside, NO_ROW } from './label-tree.ts'
import { outOfLine } from './out-of-line.ts'
import { compiled, createWriteCode } from './write-code.ts'
import type { Write } from './write.ts'

/** `add` of counters, `record` of the others. */
export type Recording = (value: number, attributes?: Attributes, context?: Context) => void

/** Creates the function through which an instrument records: the gate, the row of the attributes, the write. */
export function createRecording(store: InstrumentStore, gate: Gate, write: Write): Recording {
  return compiledRecording(store, gate, write) ?? interpretedRecording(store, gate, write)
}

export function interpretedRecording(store: InstrumentStore, gate: Gate, write: Write): Recording {
  return (value, attributes, context) => {
    if (gate.diverted && gate.divert(value, attributes, context)) return
    let row = store.knownRow(attributes)
    if (row === NO_ROW) row = store.newRow(value, attributes)
    if (row === NO_ROW) return
    const { cells } = store
    if (!write(cells.slab(row), cells.offset(row), row, value, context)) store.refuseValue(value)
  }
}

/**
 * Compiles the same with the attributes' names written into it, which halves its cost: V8 keeps what it learns of an
 * expression per source location, and at the one `attributes[name]` of all instruments it has seen too many names.
 * Returns `undefined` where the process forbids code from strings.
 */
export function compiledRecording(store: InstrumentStore, gate: Gate, write: Write): Recording | undefined {
  const { names, absent, root, slot } = store.cells.index
  if (names.length === 0) return undefined
  const code = createWriteCode(store, 'own')
  const source = `
    return (value, attributes, context) => {
      if (!gate.diverted && typeof value === 'number') {
        let node = root
        let row = ${NO_ROW}
        let key
        try {
          ${names.map((name, level) => levelCode(name, absent[level])).join('\n')}
          row = ${rowCode('node', slot)}
        } catch {}
        if (row !== ${NO_ROW}) {
          ${code.write(code.place('row'), 'value', 'return')}
        }
      }
      carefully(value, attributes, context)
    }`
  const carefully = outOfLine(interpretedRecording(store, gate, write))
  return compiled<Recording>(source, { gate, root, childBeside, carefully, ...code.given })
}

/** `childOf`, written out. */
function levelCode(name: string, absent: '' | undefined): string {
  return `${keyCode(name, absent)}
    node = node.key === key ? node.child : childBeside(node, key)`
}

/** The same where nobody else will ask for the value next: it is looked for, and not remembered. */
export function lonelyLevelCode(name: string, absent: '' | undefined): string {
  return `${keyCode(name, absent)}
    if (node.many !== undefined) node = typeof key === 'string' ? (node.many.near[key] ?? farChild(node.many, key)) : nothing
    else if (node.few === end) node = node.key === key ? node.child : nothing
    else {
      entry = node.few ?? end
      while (entry.key !== key && entry !== end) entry = entry.next
      node = entry.child
    }`
}

function keyCode(name: string, absent: '' | undefined): string {
  return `key = attributes[${JSON.stringify(name)}]${absent === undefined ? '' : " ?? ''"}`
}

/** `rowAt`, written out; throws where there is no node. */
export function rowCode(child: string, slot: number): string {
  return slot === 0 ? `typeof ${child} === 'number' ? ${child} : ${child}.row` : `${child}.rows?.[${slot}] ?? ${NO_ROW}`
}
