import type { Attributes, Context } from '@opentelemetry/api'

import type { Gate } from './gate.ts'
import type { InstrumentStore } from './instrument-store.ts'
import { NO_ROW, NOTHING } from './label-tree.ts'
import { outOfLine } from './out-of-line.ts'
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
    if (row !== NO_ROW) write(row, value, context)
  }
}

/**
 * Compiles the same with the attributes' names written into it, which halves its cost: V8 keeps what it learns of an
 * expression per source location, and at the one `attributes[name]` of all instruments it has seen too many names.
 * Returns `undefined` where the process forbids code from strings.
 */
export function compiledRecording(store: InstrumentStore, gate: Gate, write: Write): Recording | undefined {
  const { names, root, slot } = store.cells.index
  if (names.length === 0) return undefined
  const source = `
    'use strict'
    return (value, attributes, context) => {
      if (gate.diverted && gate.divert(value, attributes, context)) return
      let node = root
      let row = ${NO_ROW}
      let key, next
      try {
        ${names.map(levelCode).join('\n')}
        row = ${rowCode('node', slot)}
      } catch {}
      if (row === ${NO_ROW}) {
        row = newRow(value, attributes)
        if (row === ${NO_ROW}) return
      }
      write(row, value, context)
    }`
  try {
    // oxlint-disable-next-line typescript/no-implied-eval -- Of the catalogue only the names go in, as JSON.
    const create = new Function('newRow', 'gate', 'write', 'root', 'nothing', source)
    return create(outOfLine(store.newRow.bind(store)), gate, write, root, NOTHING) as Recording
  } catch {
    return undefined
  }
}

/** `childOf`, written out; what is under a row, where a node should be, is nothing, or undefined where the attribute is missing too. */
export function levelCode(name: string): string {
  return `key = attributes[${JSON.stringify(name)}]
    if (node.key === key) node = node.child
    else if ((next = node.map?.get(key)) === undefined) node = nothing
    else {
      node.key = key
      node = node.child = next
    }`
}

/** `rowAt`, written out; throws where there is no node. */
export function rowCode(child: string, slot: number): string {
  return slot === 0 ? `typeof ${child} === 'number' ? ${child} : ${child}.row` : `${child}.rows?.[${slot}] ?? ${NO_ROW}`
}
