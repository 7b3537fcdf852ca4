import type { Attributes, Context } from '@opentelemetry/api'

import type { TypedAdder, TypedRecorder } from '../typed-instruments.ts'
import type { LabelIndex } from './label-index.ts'
import { END, farChild, NO_ROW, NOTHING } from './label-tree.ts'
import { outOfLine } from './out-of-line.ts'
import { lonelyLevelCode, rowCode } from './recording.ts'
import type { SyncInstrument } from './sync-instrument.ts'
import { compiled, createWriteCode } from './write-code.ts'

/** Counts one event, and records its value, with the attributes that each of the two instruments declares. */
export type EventRecorder<A> = (value: number, attributes: A, context?: Context) => void

/**
 * Fuses a counter and a histogram (or gauge) that describe the same events: each event adds 1 to the one and records its
 * value on the other, just as the two calls would. Where the attributes of one begin with all of the other's, the series
 * of both are found in one go. Never throws.
 */
export function createEventRecorder<A extends object, B extends object>(
  counter: TypedAdder<A>,
  recorder: TypedRecorder<B>,
): EventRecorder<A & B> {
  const [counts, values] = [counter, recorder] as unknown as [Counting, Measuring]
  const forCounter = picking(counts.store?.cells.index.names)
  const forRecorder = picking(values.store?.cells.index.names)
  const byEach = outOfLine((value: number, attributes: Attributes, context: Context | undefined) => {
    counts.add(1, forCounter(attributes), context)
    values.record(value, forRecorder(attributes), context)
  })
  const apart: EventRecorder<Attributes> = (value, attributes, context) => {
    if (counts.gate?.keeps !== false || values.gate?.keeps !== false) byEach(value, attributes, context)
  }
  const record = (hasCells(counts) && hasCells(values) && fused(counts, values, apart)) || apart
  return record as EventRecorder<object>
}

/** What an instrument over own cells has, and one that does nothing or is another SDK's has not. */
type OwnCells = Pick<SyncInstrument, 'store' | 'gate' | 'write'>

interface Counting extends Partial<OwnCells> {
  add(value: number, attributes: Attributes, context: Context | undefined): void
}

interface Measuring extends Partial<OwnCells> {
  record(value: number, attributes: Attributes, context: Context | undefined): void
}

function hasCells(instrument: Partial<OwnCells>): instrument is OwnCells {
  return instrument.store !== undefined
}

function fused(
  counts: OwnCells,
  values: OwnCells,
  apart: EventRecorder<Attributes>,
): EventRecorder<Attributes> | undefined {
  const [one, other] = [counts.store.cells.index, values.store.cells.index]
  const [shorter, longer] = one.names.length < other.names.length ? [one, other] : [other, one]
  if (shorter.names.length === 0 || !sharesTree(shorter, longer)) return undefined
  // What is missing is for both to take as empty, or for neither: who may not be without it, refuses it by itself.
  const isForBoth = (level: number): boolean => level >= shorter.names.length || shorter.absent[level] === ''
  const levels = longer.names.map((name, level) =>
    lonelyLevelCode(name, isForBoth(level) ? longer.absent[level] : undefined),
  )
  levels.splice(shorter.names.length, 0, 'between = node')
  const place = (index: LabelIndex): string => (index.names.length === shorter.names.length ? 'between' : 'node')
  const count = createWriteCode(counts.store, 'count')
  const measure = createWriteCode(values.store, 'value')
  const source = `
    return (value, attributes, context) => {
      if (!countGate.diverted && !valueGate.diverted && typeof value === 'number') {
        let node = root
        let countRow = ${NO_ROW}
        let valueRow = ${NO_ROW}
        let between, key, entry
        try {
          ${levels.join('\n')}
          countRow = ${rowCode(place(one), one.slot)}
          valueRow = ${rowCode(place(other), other.slot)}
        } catch {}
        if (countRow !== ${NO_ROW} && valueRow !== ${NO_ROW}) {
          ${measure.write(measure.place('valueRow'), 'value', count.write(count.place('countRow'), '1', 'return'))}
        }
      }
      apart(value, attributes, context)
    }`
  return compiled<EventRecorder<Attributes>>(source, {
    countGate: counts.gate,
    valueGate: values.gate,
    root: longer.root,
    nothing: NOTHING,
    end: END,
    farChild,
    apart: outOfLine(apart),
    ...count.given,
    ...measure.given,
  })
}

function sharesTree(shorter: LabelIndex, longer: LabelIndex): boolean {
  return shorter.root === longer.root && shorter.names.every((name, level) => longer.names[level] === name)
}

/** Returns what leaves of attributes those of these names; what are no attributes stays as it is. */
function picking(names: readonly string[] = []): (attributes: Attributes) => Attributes {
  return (attributes) => {
    try {
      return Object.fromEntries(names.filter((name) => name in attributes).map((name) => [name, attributes[name]]))
    } catch {
      return attributes
    }
  }
}
