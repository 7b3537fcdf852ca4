import { expect, test } from 'vitest'

import { alternate } from '../harness/alternate.ts'
import type { Case } from '../harness/alternate.ts'
import type { CaseResult } from '../harness/child.ts'

const options = { quick: true, progress: () => {} }

function caseOf(contestant: string, kind: Case['kind'], measure: () => CaseResult): Case {
  return { group: 'a group', contestant, kind, measure: async () => measure() }
}

test('contestants are measured in turn, round after round', async () => {
  const order: string[] = []
  const cases = ['a', 'b'].map((name) =>
    caseOf(name, 'peer', () => {
      order.push(name)
      return { figures: { nanos: order.length }, totals: '5 events' }
    }),
  )
  const rows = await alternate(cases, 3, options)
  expect(order).toEqual(['a', 'b', 'a', 'b', 'a', 'b'])
  expect(rows.map(({ samples }) => samples['nanos'])).toEqual([
    [1, 3, 5],
    [2, 4, 6],
  ])
})

test('contestants that did not do the same work fail the suite, and it says who did what', async () => {
  const cases = [
    caseOf('a', 'ours', () => ({ figures: {}, totals: '5 events' })),
    caseOf('b', 'peer', () => ({ figures: {}, totals: '4 events' })),
  ]
  await expect(alternate(cases, 1, options)).rejects.toThrow(
    'a group: the contestants did not do the same work: 5 events (a) ≠ 4 events (b)',
  )
})

test('a contestant that does less work in a later round fails the suite', async () => {
  let events = 6
  const cases = [caseOf('a', 'ours', () => ({ figures: {}, totals: `${events--} events` }))]
  await expect(alternate(cases, 2, options)).rejects.toThrow('6 events (a) ≠ 5 events (a)')
})

test('a peer that does not run has a row that says why, and is not tried again', async () => {
  let tries = 0
  const cases = [
    caseOf('broken', 'peer', () => {
      tries += 1
      throw new Error('ended with 1 and no result: node:internal\nError: Cannot find module "broken"')
    }),
    caseOf('a', 'ours', () => ({ figures: { nanos: 1 }, totals: '' })),
  ]
  const [broken, ours] = await alternate(cases, 2, options)
  expect(tries).toBe(1)
  expect(broken).toMatchObject({ samples: {}, note: 'did not run: Error: Cannot find module "broken"' })
  expect(ours?.samples['nanos']).toEqual([1, 1])
})

test('one of ours that does not run fails the suite', async () => {
  const cases = [
    caseOf('mine', 'ours', () => {
      throw new Error('broken')
    }),
  ]
  await expect(alternate(cases, 1, options)).rejects.toThrow('a group: mine did not run')
})

test('a figure that is no number counts as none', async () => {
  const cases = [caseOf('a', 'ours', () => ({ figures: { nanos: Number.NaN }, totals: '' }))]
  expect((await alternate(cases, 1, options))[0]?.samples['nanos']).toEqual([null])
})

test('contestants take turns window by window in each round, of which the best quartile counts', async () => {
  const order: string[] = []
  const cases = ['a', 'b'].map((name) => ({
    ...caseOf(name, 'peer', () => ({ figures: {}, totals: '' })),
    measure: async (round: number) => {
      order.push(`${name}${round}`)
      return { figures: { nanos: order.length, rate: order.length, p99: 7 }, totals: '5 events' }
    },
  }))
  const figures = { nanos: { label: 'CPU', unit: 'ns' }, rate: { label: 'rate', unit: '/s', moreIsBetter: true } }
  const [a] = await alternate(cases, 2, options, { count: 5, figures })
  expect(order.slice(0, 10)).toEqual(['a0', 'b0', 'a0', 'b0', 'a0', 'b0', 'a0', 'b0', 'a0', 'b0'])
  expect(order.slice(10)).toEqual(order.slice(0, 10).map((each) => each.replace('0', '1')))
  // 1, 3, 5, 7 and 9, and ten more each in the second round.
  expect(a?.samples).toEqual({ nanos: [3, 13], rate: [7, 17], p99: [7, 7] })
})

test('a peer that fails in a later window keeps what it has measured until then', async () => {
  let windows = 0
  const cases = [
    caseOf('breaks', 'peer', () => {
      windows += 1
      if (windows === 4) throw new Error('gone')
      return { figures: { nanos: windows }, totals: '' }
    }),
    caseOf('a', 'peer', () => ({ figures: { nanos: 1 }, totals: '' })),
  ]
  const [breaks] = await alternate(cases, 3, options, { count: 2, figures: {} })
  expect(windows).toBe(4)
  expect(breaks?.samples['nanos']?.slice(1)).toEqual([3, null])
  expect(breaks?.note).toBe('did not run: gone')
})
