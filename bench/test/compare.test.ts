import * as fc from 'fast-check'
import { expect, test } from 'vitest'

import { compareSuite } from '../harness/compare.ts'
import type { SuiteResult } from '../harness/results.ts'
import type { Figure } from '../harness/suite.ts'

interface Figures {
  readonly ours: readonly number[]
  readonly peer?: readonly number[]
  readonly limit?: readonly number[]
}

function suiteOf({ ours, peer, limit }: Figures, figure: Partial<Figure> = {}): SuiteResult {
  const row = { group: 'a group' }
  return {
    about: 'a suite',
    date: '2026-01-01 00:00',
    quick: false,
    seconds: 1,
    machine: { cpu: 'a processor', cores: 2, memoryGiB: 1, system: 'a system', node: 'v24.0.0', loadAtStart: 0 },
    versions: {},
    figures: { cpu: { label: 'CPU', unit: 'µs', ...figure } },
    rows: [
      { ...row, contestant: 'ours', kind: 'ours', samples: { cpu: ours } },
      ...(peer === undefined ? [] : [{ ...row, contestant: 'a peer', kind: 'peer' as const, samples: { cpu: peer } }]),
      ...(limit === undefined ? [] : [{ ...row, contestant: 'bare', kind: 'limit' as const, samples: { cpu: limit } }]),
    ],
  }
}

function verdictOf(today: Figures, former: Figures, figure?: Partial<Figure>): unknown {
  return compareSuite(suiteOf(today, figure), suiteOf(former, figure))[0]?.verdict
}

const before = { ours: [10, 10, 10], peer: [20, 20, 20], limit: [5, 5, 5] }

test('a machine that is slower as a whole has lost us nothing', () => {
  fc.assert(
    fc.property(fc.double({ min: 0.1, max: 20, noNaN: true }), (factor) => {
      const slower = (list: readonly number[]) => list.map((value) => value * factor)
      const today = { ours: slower(before.ours), peer: slower(before.peer), limit: slower(before.limit) }
      expect(verdictOf(today, before)).toBe('kept')
    }),
  )
})

test('a loss of more than 15 % against everything is a loss, one of less is none', () => {
  expect(verdictOf({ ...before, ours: [11.6, 11.6, 11.6] }, before)).toBe('lost')
  expect(verdictOf({ ...before, ours: [11.4, 11.4, 11.4] }, before)).toBe('kept')
  expect(verdictOf({ ...before, ours: [5, 5, 5] }, before)).toBe('kept')
})

test('of what more is better of, less is a loss', () => {
  const moreIsBetter = { moreIsBetter: true }
  expect(verdictOf({ ...before, ours: [8, 8, 8] }, before, moreIsBetter)).toBe('lost')
  expect(verdictOf({ ...before, ours: [20, 20, 20] }, before, moreIsBetter)).toBe('kept')
})

test('a peer that got better alone has lost us nothing', () => {
  expect(verdictOf({ ...before, peer: [10, 10, 10] }, before)).toBe('kept')
})

test('without a limit, the best peer decides alone', () => {
  const former = { ours: [10, 10], peer: [20, 20] }
  expect(verdictOf({ ours: [14, 14], peer: [20, 20] }, former)).toBe('lost')
})

test('a loss within the spread of the rounds is unclear', () => {
  const former = { ours: [8, 10, 20], limit: [5, 5, 5] }
  expect(verdictOf({ ours: [9, 13, 14], limit: [5, 5, 5] }, former)).toBe('unclear')
})

test('what is new, plain or unmeasured is not compared', () => {
  expect(compareSuite(suiteOf(before), { ...suiteOf(before), rows: [] })).toEqual([])
  expect(compareSuite(suiteOf(before, { plain: true }), suiteOf(before, { plain: true }))).toEqual([])
  expect(compareSuite(suiteOf({ ours: [1] }), suiteOf({ ours: [1] }))).toEqual([])
})
