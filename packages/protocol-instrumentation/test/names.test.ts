import { expect, test } from 'vitest'

import { createBoundedNames } from '../src/bounded-names.ts'
import { knownNames } from '../src/known-names.ts'
import { cut } from '../src/message.ts'
import { telemetryFor } from '../src/telemetry.ts'

const named = (count: number): { name: string }[] =>
  Array.from({ length: count }, (_, index) => ({ name: `n${index}` }))

test('of different names so many are let through as the limit says, and those always', () => {
  const label = createBoundedNames(2)
  expect(['a', 'b', 'c', 'a', 'b'].map(label)).toEqual(['a', 'b', '_OTHER', 'a', 'b'])
})

test('of a server that has told no names fifty are taken on trust', () => {
  const names = knownNames(telemetryFor({}), 'client a', 'tools', () => undefined)
  const labels = named(60).map(({ name }) => names.labelOf(name))
  expect(labels.filter((label) => label === '_OTHER')).toHaveLength(10)
  expect(names.labelOf('n0')).toBe('n0')
})

test('of the names that a server tells a thousand are kept', () => {
  const names = knownNames(telemetryFor({}), 'client b', 'tools', () => undefined)
  names.told(named(1100))
  expect([names.labelOf('n999'), names.labelOf('n1000')]).toEqual(['n999', '_OTHER'])
})

test('what every object has is no tool', () => {
  const names = knownNames(telemetryFor({}), 'server c', 'tools', () => ({ buy: {} }))
  expect(['buy', 'toString', '__proto__'].map((name) => names.labelOf(name))).toEqual(['buy', '_OTHER', '_OTHER'])
})

test('text is cut to its length, and stays text that can be written', () => {
  expect(cut('four', 4)).toBe('four')
  expect([cut('abc\u{1F600}', 4), cut('\uD83D', 4)]).toEqual(['abc\uFFFD', '\uFFFD'])
})
