import * as fc from 'fast-check'
import { expect, test } from 'vitest'

import { LabelTrees } from '../../src/meter/label-index.ts'
import { isBare, NO_ROW } from '../../src/meter/label-tree.ts'

// Several that share a tree at the same and at other levels, and one that cannot.
const NAMES = [['a', 'b', 'c'], ['a', 'b'], ['a'], ['a', 'b'], ['a', 'b', 'c'], ['a', 'c']] as const

const operation = fc.record({
  index: fc.nat({ max: NAMES.length - 1 }),
  values: fc.tuple(fc.constantFrom('x', 'y', 'z'), fc.constantFrom('x', 'y'), fc.constantFrom('x', 'y', 'z')),
  row: fc.nat({ max: 99 }),
  do: fc.constantFrom('insert', 'insert', 'remove', 'find'),
})

test('each instrument finds its own rows and no others, whatever is put in and taken out by those that share its tree', () => {
  fc.assert(
    fc.property(fc.array(operation, { maxLength: 120, size: 'max' }), (operations) => {
      const trees = new LabelTrees()
      const indexes = NAMES.map((names) => ({
        index: trees.index(names),
        truth: new Map<string, [string[], number]>(),
      }))
      for (const next of operations) {
        const { index, truth } = indexes[next.index] as (typeof indexes)[0]
        const values = next.values.slice(0, index.names.length)
        const key = values.join()
        const known = truth.get(key)?.[1] ?? NO_ROW
        const attributes = Object.fromEntries(index.names.map((name, i) => [name, values[i]]))
        expect(index.find(values)).toBe(known)
        expect(index.findAttributes(attributes)).toBe(known)
        if (next.do === 'insert' && known === NO_ROW) {
          index.insert(values, next.row)
          truth.set(key, [values, next.row])
        } else if (next.do === 'remove' && known !== NO_ROW) {
          index.remove(values)
          truth.delete(key)
        }
      }
      for (const { index, truth } of indexes) {
        for (const [values, row] of truth.values()) {
          expect(index.find(values)).toBe(row)
          index.remove(values)
          expect(index.find(values)).toBe(NO_ROW)
        }
      }
      expect(indexes.every(({ index }) => isBare(index.root))).toBe(true)
    }),
    { numRuns: 500 },
  )
})

test('instruments share a tree where the label names of one begin with those of the other', () => {
  const trees = new LabelTrees()
  const [abc, ab, a, ab2, , ac] = NAMES.map((names) => trees.index(names))
  for (const index of [ab, a, ab2]) expect(index?.root).toBe(abc?.root)
  expect(ac?.root).not.toBe(abc?.root)
  expect([abc?.slot, ab?.slot, a?.slot, ab2?.slot, ac?.slot]).toEqual([0, 0, 0, 1, 0])
})

test('values that are missing or no strings are in no row', () => {
  const index = new LabelTrees().index(['a', 'b'])
  expect(index.findAttributes({})).toBe(NO_ROW)
  index.insert(['1', '2'], 5)
  for (const attributes of [{}, { a: '1' }, { a: 1, b: 2 }, { a: '1', b: 2 }]) {
    expect(index.findAttributes(attributes)).toBe(NO_ROW)
  }
  index.remove(['1', '2'])
  expect(index.findAttributes({})).toBe(NO_ROW)
})

test('a node finds what is under each of its values, however many come and go', () => {
  // Some more than a node looks through one after the other, and such as objects keep apart or have from birth.
  const value = fc.constantFrom('__proto__', 'constructor', '0', '7', '404', '4294967295', '-1', '', 'a', 'b', 'c', 'd')
  const step = fc.record({ values: fc.tuple(value, fc.constantFrom('x', 'y')), isPutIn: fc.boolean() })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 150, size: 'max' }), (steps) => {
      const index = new LabelTrees().index(['a', 'b'])
      const truth = new Map<string, [string[], number]>()
      for (const [row, { values, isPutIn }] of steps.entries()) {
        const key = values.join()
        if (isPutIn !== truth.has(key)) {
          if (isPutIn) {
            index.insert(values, row)
            truth.set(key, [values, row])
          } else {
            index.remove(values)
            truth.delete(key)
          }
        }
        for (const [known, knownRow] of truth.values()) expect(index.find(known)).toBe(knownRow)
        expect(index.find(values)).toBe(truth.get(key)?.[1] ?? NO_ROW)
        for (const absent of ['\ud800', 'toString', 'undefined']) expect(index.find([absent, 'x'])).toBe(NO_ROW)
        for (const absent of [undefined, 7, null, { toString: () => 'a' }]) {
          expect(index.findAttributes({ a: absent, b: 'x' })).toBe(NO_ROW)
        }
      }
      for (const [values] of truth.values()) index.remove(values)
      expect(isBare(index.root)).toBe(true)
    }),
  )
})

test('a node with very many values finds each of them, whichever are asked for again and again', () => {
  const many = 700
  // As many as are kept near, some less, and more.
  const step = fc.record({
    first: fc.nat({ max: many - 1 }),
    count: fc.constantFrom(1, 20, 200, 400, many),
    rounds: fc.constantFrom(1, 20, 40),
    changes: fc.array(fc.nat({ max: many - 1 }), { maxLength: 5 }),
    isRenewed: fc.boolean(),
  })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 8 }), (steps) => {
      const trees = new LabelTrees()
      const [index, longer] = [trees.index(['a']), trees.index(['a', 'b'])] as const
      const truth = new Map<string, number>()
      for (let i = 0; i < many; i++) truth.set(`value ${i}`, i)
      for (const [value, row] of truth) index.insert([value], row)
      for (const [at, { first, count, rounds, changes, isRenewed }] of steps.entries()) {
        let wrong = 0
        for (let i = 0; i < rounds * count; i++) {
          const value = `value ${(first + (i % count)) % many}`
          if (index.find([value]) !== (truth.get(value) ?? NO_ROW)) wrong++
        }
        expect(wrong).toBe(0)
        for (const change of changes) {
          const value = `value ${change}`
          const row = truth.get(value) ?? NO_ROW
          // In the place of the row there is a node now; asked for when it is not who was asked for last.
          longer.insert([value, `${at}`], change)
          for (const other of ['value 0', 'value 1']) expect(index.find([other])).toBe(truth.get(other) ?? NO_ROW)
          expect(longer.find([value, `${at}`])).toBe(change)
          expect(index.find([value])).toBe(row)
          longer.remove([value, `${at}`])
          if (truth.delete(value)) index.remove([value])
          expect(index.find([value])).toBe(NO_ROW)
          if (change % 2 === 0) continue
          index.insert([value], many + at)
          truth.set(value, many + at)
        }
        if (isRenewed) index.renew()
      }
      for (const [value, row] of truth) expect(index.find([value])).toBe(row)
    }),
    { numRuns: 60 },
  )
})
