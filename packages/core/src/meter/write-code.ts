import { COUNTS, MAX, MIN, SLAB_MASK, SLAB_SHIFT, VALUE } from './cells.ts'
import type { InstrumentStore } from './instrument-store.ts'
import { outOfLine } from './out-of-line.ts'

/** Where a row is, as expressions: its slab, where it begins there, and its number. */
export interface Place {
  readonly slab: string
  readonly at: string
  readonly row: string
}

/** What `createWrite` returns, as code for what is compiled for an instrument. */
export interface WriteCode {
  /** What the code needs to be given, by name. */
  readonly given: Readonly<Record<string, unknown>>
  /** Returns where the row of a number lies. */
  place(row: string): Place
  /** Returns statements that put a number into a row, and then do what `done` says; nothing where `Write` returns false. */
  write(place: Place, value: string, done: string): string
}

/**
 * Returns the code of an instrument's writer. Calls of it would take the room that V8 has for inlined code, and bounds that
 * are constants need not be loaded. Names begin with a prefix, so that those of two instruments can stand together.
 */
export function createWriteCode(store: InstrumentStore, prefix: string): WriteCode {
  const [slab, at, sum, bucket] = [`${prefix}Slab`, `${prefix}At`, `${prefix}Sum`, `${prefix}Bucket`]
  const [slabs, exemplars, offer] = [`${prefix}Slabs`, `${prefix}Exemplars`, `${prefix}Offer`]
  const slot = (index: number | string): string => `${slab}[${at} + ${index}]`
  const { spec, least, bounds, cells } = store
  const isFinite = least === 0 ? `${sum} < Infinity` : `${sum} - ${sum} === 0`

  const gauge = (value: string, done: string): string => `
    if (${value} === ${value} && ${slot(VALUE)} === ${slot(VALUE)}) {
      ${slot(VALUE)} = ${value} + 0
      ${done}
    }`
  const sumOrHistogram = (row: string, value: string, done: string): string => `
    const ${sum} = ${slot(VALUE)} + ${value}
    if (${value} >= ${least} && ${isFinite}) {
      const ${bucket} = ${bucketCode(bounds, value)}
      ${slot(VALUE)} = ${sum}
      ${spec.kind === 'histogram' ? countCode(value) : ''}
      if (${exemplars}.looks !== 0 && ${exemplars}.wants(${row}, ${bucket})) ${offer}(${row}, ${bucket}, ${value}, context)
      ${done}
    }`
  const countCode = (value: string): string => `
      if (${value} < ${slot(MIN)}) ${slot(MIN)} = ${value}
      if (${value} > ${slot(MAX)}) ${slot(MAX)} = ${value}
      ${slot(`${COUNTS} + ${bucket}`)}++`

  return {
    given: {
      [slabs]: cells.slabs,
      [exemplars]: store.exemplars,
      [offer]: outOfLine(store.exemplars.offer.bind(store.exemplars)),
    },
    place: (row) => ({
      slab: `${slabs}[${row} >>> ${SLAB_SHIFT}]`,
      at: `(${row} & ${SLAB_MASK}) * ${cells.stride}`,
      row,
    }),
    write: (place, value, done) => `
      const ${slab} = ${place.slab}
      const ${at} = ${place.at}
      ${spec.kind === 'gauge' ? gauge(value, done) : sumOrHistogram(place.row, value, done)}`,
  }
}

/** Returns the bucket of a value as an expression that halves the bounds, from one on and up to another, until one is left. */
function bucketCode(bounds: readonly number[], value: string, from = 0, to = bounds.length): string {
  if (from === to) return `${from}`
  const middle = (from + to) >> 1
  const [below, above] = [bucketCode(bounds, value, from, middle), bucketCode(bounds, value, middle + 1, to)]
  return `(${value} <= ${bounds[middle]} ? ${below} : ${above})`
}

/** Compiles what a function returns that is given these; `undefined` where the process forbids code from strings. */
export function compiled<F>(source: string, given: Readonly<Record<string, unknown>>): F | undefined {
  try {
    // oxlint-disable-next-line typescript/no-implied-eval -- Of the catalogue only names, as JSON, and numbers go in.
    return new Function(...Object.keys(given), `'use strict'; ${source}`)(...Object.values(given)) as F
  } catch {
    return undefined
  }
}
