import { expect, test } from 'vitest'

import { alignedText, markdownText, numberText, tableOf } from '../harness/table.ts'

const figures = {
  nanos: { label: 'per event', unit: 'ns' },
  clean: { label: 'undisturbed', unit: '%', plain: true },
}
const row = { group: 'a group' }

test('a table has medians, spreads, and ratios to the limit and the best peer', () => {
  const cells = tableOf(figures, [
    { ...row, contestant: 'ours', kind: 'ours', samples: { nanos: [10, 20, 30], clean: [50, 60, 70] } },
    { ...row, contestant: 'slow', kind: 'peer', samples: { nanos: [400, 400, 400] } },
    { ...row, contestant: 'fast', kind: 'peer', samples: { nanos: [100, 200, 300] } },
    { ...row, contestant: 'absent', kind: 'peer', samples: {}, note: 'did not run: no such package' },
    { ...row, contestant: 'nothing', kind: 'limit', samples: { nanos: [5, 10, 15] } },
  ])
  expect(cells).toEqual([
    ['', 'per event, ns', 'half of the rounds', '× limit', '× best peer', 'undisturbed, %', ''],
    ['**ours**', '20.0', '15.0 – 25.0', '2.00', '0.10', '60.0', ''],
    ['slow', '400', '400 – 400', '40.0', '2.00', '–', ''],
    ['fast', '200', '150 – 250', '20.0', '', '–', ''],
    ['absent', '–', '', '', '', '–', 'did not run: no such package'],
    ['nothing', '10.0', '7.50 – 12.5', '', '0.05', '–', ''],
  ])
})

test('a difference within the spread is said to be none', () => {
  const cells = tableOf({ nanos: figures.nanos }, [
    { ...row, contestant: 'ours', kind: 'ours', samples: { nanos: [9, 12, 10] } },
    { ...row, contestant: 'peer', kind: 'peer', samples: { nanos: [10, 10, 10] } },
  ])
  expect(cells[1]?.at(-1)).toBe('≈ 1')
})

test('a figure that asks for it is also shown as what it is above the limit', () => {
  const cells = tableOf({ wall: { label: 'wall', unit: 'ms', over: true } }, [
    { ...row, contestant: 'ours', kind: 'ours', samples: { wall: [90, 100, 110] } },
    { ...row, contestant: 'bare', kind: 'limit', samples: { wall: [40, 41, 42] } },
  ])
  expect(cells[0]).toEqual(['', 'wall, ms', 'half of the rounds', 'over limit', '× limit'])
  expect(cells[1]).toEqual(['**ours**', '100', '95.0 – 105', '+59.0', '2.44'])
})

test('numbers have the digits that mean something', () => {
  expect([0, 0.00123, 0.5, 3.14159, 31.4159, 314.159, 31_415.9].map(numberText)).toEqual([
    '0',
    '0.0012',
    '0.50',
    '3.14',
    '31.4',
    '314',
    '31,416',
  ])
})

test('the text for a terminal is aligned, and Markdown has its rule', () => {
  const cells = [
    ['', 'ns'],
    ['a', '1'],
    ['long', '10,000'],
  ]
  expect(alignedText(cells)).toBe('          ns\na          1\nlong  10,000')
  expect(markdownText(cells)).toBe('|  | ns |\n| --- | --: |\n| a | 1 |\n| long | 10,000 |')
})
