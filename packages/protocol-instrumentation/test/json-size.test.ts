import * as fc from 'fast-check'
import { expect, test } from 'vitest'

import { jsonBytes } from '../src/json-size.ts'
import { answerBytes } from '../src/message.ts'

function written(value: unknown): number {
  try {
    const text: unknown = JSON.stringify(value)
    return typeof text === 'string' ? Buffer.byteLength(text) : 0
  } catch {
    return 0
  }
}

test('any value has the size that its JSON text has', () => {
  const anything = fc.anything({
    withBigInt: true,
    withBoxedValues: true,
    withDate: true,
    withMap: true,
    withNullPrototype: true,
    withObjectString: true,
    withSparseArray: true,
    withTypedArray: true,
  })
  fc.assert(
    fc.property(anything, (value) => {
      expect(jsonBytes(value)).toBe(written(value))
    }),
  )
})

test('any JSON has the size that its text has, long and short text of any characters included', () => {
  const text = fc.string({ unit: 'binary', maxLength: 120 })
  const json = fc.oneof(fc.jsonValue({ maxDepth: 6 }), fc.dictionary(text, fc.array(text)))
  fc.assert(
    fc.property(json, (value) => {
      expect(jsonBytes(value)).toBe(written(value))
    }),
  )
})

test.each([
  ['what tells its own JSON', { a: { toJSON: () => 'other' } }],
  ['what tells its own JSON by its class', { at: new Date(0), url: new URL('http://a.b/c') }],
  ['fields and items that JSON leaves out', { a: undefined, b: () => 1, c: [undefined, Symbol('s'), () => 1] }],
  ['numbers of every kind', [0, -0, 1e21, -1.5e-7, NaN, Infinity, 2 ** 53]],
  ['a list with holes', [1, , 3]], // oxlint-disable-line no-sparse-arrays
  ['inherited fields', Object.create({ inherited: 1 })],
  ['a field called __proto__', JSON.parse('{"__proto__":{"a":1}}')],
  ['lone surrogates, and text of many bytes', ['\uD800', 'ä', '😀', '\u2028', '\u007F']],
])('%s counts as JSON has it', (_what, value) => {
  expect(jsonBytes(value)).toBe(written(value))
})

test('an answer whose result has been measured has the size of its text', () => {
  for (const result of [{ a: 1 }, {}, 'é', null]) {
    const answer = { jsonrpc: '2.0', id: 1, result }
    expect(answerBytes(answer, jsonBytes(result))).toBe(Buffer.byteLength(JSON.stringify(answer)))
  }
})

test('what is nested in itself has no size, and what is nested deeply has its own', () => {
  const cycle: Record<string, unknown> = {}
  cycle['self'] = { cycle }
  expect(jsonBytes(cycle)).toBe(0)
  let deep: unknown = 1
  for (let i = 0; i < 100; i++) deep = [deep]
  expect(jsonBytes(deep)).toBe(201)
})
