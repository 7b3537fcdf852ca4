import * as fc from 'fast-check'
import { expect, test } from 'vitest'

import { countSpans } from '../harness/count-spans.ts'

function varint(value: number): number[] {
  return value < 128 ? [value] : [(value % 128) + 128, ...varint(Math.floor(value / 128))]
}

function field(number: number, content: readonly number[]): number[] {
  return [...varint(number * 8 + 2), ...varint(content.length), ...content]
}

/** Fields of every wire type, before and after those on the way to the spans. */
const beside = fc.oneof(
  fc.constant<number[]>([]),
  fc.nat().map((value) => [...varint(9 * 8), ...varint(value)]),
  fc.uint8Array({ minLength: 8, maxLength: 8 }).map((bytes) => [...varint(10 * 8 + 1), ...bytes]),
  fc.uint8Array({ minLength: 4, maxLength: 4 }).map((bytes) => [...varint(11 * 8 + 5), ...bytes]),
  fc.uint8Array({ maxLength: 300 }).map((bytes) => field(12, [...bytes])),
)
const span = fc.uint8Array({ maxLength: 200 }).map((bytes) => field(2, field(5, [...bytes])))

function around(parts: fc.Arbitrary<number[]>, number: number): fc.Arbitrary<number[]> {
  const content = fc.tuple(beside, fc.array(parts, { maxLength: 4 }), beside)
  return content.map(([before, list, after]) => field(number, [...before, ...list.flat(), ...after]))
}

test('the spans of an export request are counted, whatever stands beside them', () => {
  const shape = fc.array(fc.array(fc.array(span, { maxLength: 20 }), { maxLength: 4 }), { maxLength: 4 })
  fc.assert(
    fc.property(shape, beside, (resources, other) => {
      const bytes = resources.flatMap((scopes) =>
        field(1, [...other, ...scopes.flatMap((spans) => field(2, [...field(1, [1, 2]), ...spans.flat(), ...other]))]),
      )
      expect(countSpans(Uint8Array.from(bytes))).toBe(resources.flat(2).length)
    }),
  )
})

test('messages that end too early, or are none, are counted to their end', () => {
  fc.assert(
    fc.property(around(around(span, 2), 1), fc.nat(), (bytes, cut) => {
      const whole = countSpans(Uint8Array.from(bytes))
      expect(countSpans(Uint8Array.from(bytes.slice(0, cut % (bytes.length + 1))))).toBeLessThanOrEqual(whole)
    }),
  )
  expect(countSpans(new Uint8Array())).toBe(0)
})
