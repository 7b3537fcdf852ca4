import * as fc from 'fast-check'
import { expect, test } from 'vitest'

import { createFamily } from './support/log-family.ts'

const KEYS = ['asctime', 'name', 'levelname', 'message', 'trace_id', 'span_id', 'trace_flags']

/** Text as an attacker would send it: newlines of every kind, terminal commands, quotes, JSON, halves of characters. */
const nasty = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 60 }),
  fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 30 }).map((codes) => String.fromCharCode(...codes)),
  fc.constantFrom(
    '\n{"asctime":"2026-01-01 00:00:00,000","name":"root","levelname":"CRITICAL","message":"forged"}',
    '\r\nforged',
    '\u001b[2J\u001b[31mred\u009b0m\u0007',
    'a\u2028b\u2029c\u0085d',
    '\u202eevil\u2066',
    '","levelname":"CRITICAL","x":"',
    '}\n{',
    '\ud800',
    '%s%j%o%d%%%',
  ),
)

const anything = fc.anything({
  withBigInt: true,
  withDate: true,
  withMap: true,
  withSet: true,
  withTypedArray: true,
  withSparseArray: true,
  withNullPrototype: true,
  withBoxedValues: true,
  key: nasty,
  values: [
    nasty,
    fc.double(),
    fc.boolean(),
    fc.constant(undefined),
    fc.constant(null),
    fc.constant(Symbol('s')),
    fc.func(nasty),
  ],
})

test('whatever is logged, however, each call makes one line that is one JSON object without a raw control character', () => {
  const { logger, lines, text } = createFamily()
  let count = 0
  fc.assert(
    fc.property(nasty, anything, nasty, (message, value, key) => {
      logger.info(message)
      logger.info(message, value)
      logger.info(value)
      logger.info({ [key]: value })
      logger.error(new Error(message, { cause: value }), value)
      logger.getLogger(key).warn(message, { [key]: message })
      logger.child({ [key]: message }).info(message, message, value)
      count += 7
      expect(lines()).toHaveLength(count)
      expect(
        lines()
          .slice(-7)
          .every((line) => Object.keys(line).slice(0, 4).join() === KEYS.slice(0, 4).join()),
      ).toBe(true)
    }),
    { numRuns: 120 },
  )
  // oxlint-disable-next-line no-control-regex -- they are what must not be there
  expect(text()).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/)
})

/** What looks like a secret does not come back. */
function isNoSecret(text: string): boolean {
  return !/[:=]|pass|pwd|secret|token|key|cred|auth|cookie|jwt|session|bearer|basic|sk-/i.test(text)
}

function named(): void {}

test('text comes back from the line as it was sent', () => {
  const { logger, lines } = createFamily()
  fc.assert(
    fc.property(nasty.filter(isNoSecret), (text) => {
      logger.info(text)
      logger.info('x', { text })
      const [message, field] = lines().slice(-2)
      expect(message?.['message']).toBe(text)
      expect(field?.['text']).toBe(text)
    }),
  )
})

test("a user's fields cannot pass for ours", () => {
  const { logger, lines } = createFamily()
  logger.info('x', Object.fromEntries(KEYS.filter((key) => key !== 'message').map((key) => [key, 'forged'])))
  expect(lines()[0]).toMatchObject({
    name: 'mcp',
    levelname: 'INFO',
    message: 'x',
    name_: 'forged',
    trace_id_: 'forged',
  })
  logger.info(JSON.parse('{"__proto__":{"polluted":1},"levelname":"CRITICAL"}'))
  expect(lines()[1]).toMatchObject({ levelname: 'INFO', levelname_: 'CRITICAL' })
  expect(Object.getOwnPropertyDescriptor(lines()[1], '__proto__')?.value).toEqual({ polluted: 1 })
  expect(({} as { polluted?: unknown }).polluted).toBeUndefined()
})

test('values that JSON does not know keep their meaning', () => {
  const { logger, lines } = createFamily()
  const circular: Record<string, unknown> = { a: 1 }
  circular['self'] = circular
  logger.info('x', {
    date: new Date(Date.UTC(2026, 0, 2, 3, 4, 5, 6)),
    invalid: new Date(Number.NaN),
    map: new Map<unknown, unknown>([
      ['a', 1],
      [2, 'b'],
    ]),
    set: new Set([1, 'b']),
    big: 12345678901234567890n,
    nan: Number.NaN,
    infinite: -Infinity,
    missing: undefined,
    nothing: null,
    symbol: Symbol('s'),
    fn: named,
    pattern: /a+/g,
    url: new URL('https://h/p'),
    boxed: [new String('s'), new Number(1)],
    bytes: new Uint8Array(12),
    sparse: [1, undefined, 3],
    error: new RangeError('r'),
    circular,
  })
  const { error, ...rest } = Object.fromEntries(Object.entries(lines()[0] ?? {}).slice(4))
  expect(rest).toEqual({
    date: '2026-01-02T03:04:05.006Z',
    invalid: 'Invalid Date',
    map: { a: 1, 2: 'b' },
    set: [1, 'b'],
    big: '12345678901234567890',
    nan: 'NaN',
    infinite: '-Infinity',
    nothing: null,
    symbol: 'Symbol(s)',
    fn: '[Function: named]',
    pattern: '/a+/g',
    url: 'https://h/p',
    boxed: ['s', 1],
    bytes: '[Uint8Array: 12 bytes]',
    sparse: [1, null, 3],
    circular: { a: 1, self: '[Circular]' },
  })
  expect(error).toMatchObject({ name: 'RangeError', message: 'r' })
})

test('what is very deep, wide or long is cut, and says so', () => {
  const { logger, lines, text } = createFamily()
  let deep: unknown = 'bottom'
  for (let level = 0; level < 10_000; level++) deep = [deep]
  logger.info('deep', { deep })
  logger.info('wide', { wide: Array.from({ length: 100_000 }, (_, index) => index) })
  logger.info('keys', Object.fromEntries(Array.from({ length: 100_000 }, (_, index) => [`k${index}`, index])))
  logger.info('x'.repeat(10_000_000))
  const endless = Object.create({
    *entries() {
      for (let index = 0; ; index++) yield [`k${index}`, index]
    },
  }) as object
  logger.info('endless', { endless, set: new Set(Array.from({ length: 5000 }, (_, index) => index)) })
  expect(lines()).toHaveLength(5)
  expect(text()).toContain('"… 4000 more"')
  expect(text()).toContain('[Array]')
  expect(text()).toContain('"… 99000 more"')
  expect(text()).toContain('"…":"more entries"')
  expect(text()).toContain('… (cut: 10000000 characters)')
  expect(text().length).toBeLessThan(200_000)
})
