import { expect, test } from 'vitest'

import { PendingLines } from '../src/pending-lines.ts'

const BLOCK = 16_384
const lines = (count: number, length: number): Buffer => Buffer.from(`${'x'.repeat(length - 1)}\n`.repeat(count))

test('what could not be written stays, without what could, before the rest', () => {
  const pending = new PendingLines(4 * BLOCK)
  pending.push(Buffer.from('one\ntwo\n'))
  pending.push(lines(1, BLOCK))
  pending.drain((given) => given.subarray(4))
  expect(pending.count).toBe(2)
  const written: string[] = []
  pending.drain((given) => void written.push(String(given).slice(0, 4)))
  expect([written, pending.isEmpty]).toEqual([['two\n', 'xxxx'], true])
})

test('once a line was dropped no later one is let in, until the place is marked', () => {
  const pending = new PendingLines(BLOCK)
  expect([pending.push(lines(1, BLOCK)), pending.push(lines(3, 4))]).toEqual([0, 3])
  pending.drain(() => undefined)
  expect([pending.push(lines(2, 4)), pending.takeDropped()]).toEqual([2, 5])
  expect([pending.push(lines(2, 4)), pending.takeDropped()]).toEqual([0, 0])
})
