import * as fc from 'fast-check'
import { expect, test } from 'vitest'

import { createInstruments, createMeterProvider } from '../../src/index.ts'
import type { Catalogue } from '../../src/index.ts'
import { collectWarnings } from './diagnostics.ts'
import { collectPoints, valueOf } from './points.ts'

const catalogue = {
  counter: {
    kind: 'counter',
    name: 'test.counter',
    unit: '{item}',
    help: 'h',
    attributes: { plugin: 'string', status: ['ok', 'error'] },
  },
  upDown: { kind: 'upDownCounter', name: 'test.up_down', unit: '{item}', help: 'h', attributes: { plugin: 'string' } },
  gauge: { kind: 'gauge', name: 'test.gauge', unit: '{item}', help: 'h', attributes: { plugin: 'string' } },
  histogram: {
    kind: 'histogram',
    name: 'test.histogram',
    unit: 's',
    help: 'h',
    attributes: { plugin: 'string' },
    buckets: [1],
  },
} as const satisfies Catalogue

const warnings = collectWarnings()
const never = (value: unknown): never => value as never

function setUp() {
  const provider = createMeterProvider()
  return { provider, ...createInstruments(catalogue, { scope: 'test', meterProvider: provider }) }
}

async function refusedOf(provider: ReturnType<typeof createMeterProvider>, instrument: string, reason: string) {
  return valueOf(await collectPoints(provider.producer()), 'mcp.telemetry.refused_records', { instrument, reason })
}

test.each([
  [NaN, 'NaN'],
  [Infinity, 'Infinity'],
  [-1, '-1'],
  [5n, '5 (bigint)'],
  ['5', '"5" (string)'],
  [undefined, 'undefined (undefined)'],
  [null, 'null (object)'],
  [Object(5), '5 (object)'],
])('a counter refuses %s, goes on counting, and says once what it takes', async (value, shown) => {
  const { provider, counter } = setUp()
  const attributes = { plugin: 'a', status: 'ok' } as const
  counter.add(1, attributes)
  counter.add(never(value), attributes)
  counter.bind(attributes).add(never(value))
  counter.add(2, attributes)
  expect(valueOf(await collectPoints(provider.producer()), 'test.counter', attributes)).toBe(3)
  expect(await refusedOf(provider, 'test.counter', 'value')).toBe(2)
  expect(warnings).toEqual([
    `test.counter refused a record: value is ${shown}; expected a finite number of at least 0 (said once, counted in mcp_telemetry_refused_records_total)`,
  ])
})

test('a refused value makes no series', async () => {
  const { provider, counter, gauge, histogram } = setUp()
  counter.add(NaN, { plugin: 'a', status: 'ok' })
  counter.bind({ plugin: 'a', status: 'ok' }).add(-1)
  gauge.record(NaN, { plugin: 'a' })
  gauge.bind({ plugin: 'a' }).record(NaN)
  histogram.record(-1, { plugin: 'a' })
  const points = await collectPoints(provider.producer())
  expect([...points.keys()].filter((name) => name.startsWith('test.'))).toEqual([])
})

test('an up-down counter and a gauge take negative numbers, and a gauge infinite ones too', async () => {
  const { provider, upDown, gauge } = setUp()
  upDown.add(-3, { plugin: 'a' })
  upDown.add(-Infinity, { plugin: 'a' })
  gauge.record(-3, { plugin: 'a' })
  gauge.record(Infinity, { plugin: 'b' })
  gauge.record(NaN, { plugin: 'b' })
  gauge.record(-0, { plugin: 'c' })
  for (const value of [1, -0]) gauge.record(value, { plugin: 'known' })
  const points = await collectPoints(provider.producer())
  expect(valueOf(points, 'test.up_down', { plugin: 'a' })).toBe(-3)
  expect(valueOf(points, 'test.gauge', { plugin: 'a' })).toBe(-3)
  expect(valueOf(points, 'test.gauge', { plugin: 'b' })).toBe(Infinity)
  for (const plugin of ['c', 'known']) expect(valueOf(points, 'test.gauge', { plugin })).toBe(0)
  expect(await refusedOf(provider, 'test.up_down', 'value')).toBe(1)
  expect(await refusedOf(provider, 'test.gauge', 'value')).toBe(1)
})

test('no sum becomes infinite, not even by finite numbers', async () => {
  const { provider, counter, histogram, upDown } = setUp()
  for (let i = 0; i < 3; i++) {
    counter.add(Number.MAX_VALUE, { plugin: 'a', status: 'ok' })
    upDown.add(-Number.MAX_VALUE, { plugin: 'a' })
    histogram.record(Number.MAX_VALUE, { plugin: 'a' })
  }
  const points = await collectPoints(provider.producer())
  expect(valueOf(points, 'test.counter', { plugin: 'a', status: 'ok' })).toBe(Number.MAX_VALUE)
  expect(valueOf(points, 'test.up_down', { plugin: 'a' })).toBe(-Number.MAX_VALUE)
  expect(valueOf(points, 'test.histogram', { plugin: 'a' })).toMatchObject({ count: 1, sum: Number.MAX_VALUE })
})

test.each<[string, unknown, string]>([
  ['missing_attribute', { plugin: 'a' }, 'attribute status is undefined; expected all of plugin, status'],
  ['missing_attribute', undefined, 'attribute plugin is undefined; expected all of plugin, status'],
  ['missing_attribute', null, 'attribute plugin is undefined; expected all of plugin, status'],
  ['missing_attribute', 7, 'attribute plugin is undefined; expected all of plugin, status'],
  ['attribute_value', { plugin: 'a', status: 'Ok' }, 'attribute status is "Ok"; expected one of "ok", "error"'],
  [
    'attribute_type',
    { plugin: 5n, status: 'ok' },
    'attribute plugin is 5 (bigint); expected a string, a finite number or a boolean',
  ],
  [
    'attribute_type',
    { plugin: Symbol('s'), status: 'ok' },
    'attribute plugin is Symbol(s) (symbol); expected a string, a finite number or a boolean',
  ],
  [
    'attribute_type',
    {
      plugin: {
        toString: () => {
          throw new Error('no')
        },
      },
      status: 'ok',
    },
    'attribute plugin is a value that cannot be shown (object); expected a string, a finite number or a boolean',
  ],
  [
    'attributes',
    {
      get plugin() {
        throw new Error('getter')
      },
      status: 'ok',
    },
    'reading attribute plugin threw Error: getter; expected a plain object',
  ],
  [
    'attributes',
    new Proxy(
      {},
      {
        get: () => {
          throw new Error('trap')
        },
      },
    ),
    'reading attribute plugin threw Error: trap; expected a plain object',
  ],
])(
  'a record with bad attributes (%s) is refused without a throw, and makes no series',
  async (reason, attributes, message) => {
    const { provider, counter } = setUp()
    expect(() => counter.add(1, never(attributes))).not.toThrow()
    expect(() => counter.bind(never(attributes)).add(1)).not.toThrow()
    const points = await collectPoints(provider.producer())
    expect(points.get('test.counter')).toBeUndefined()
    expect(await refusedOf(provider, 'test.counter', reason)).toBeGreaterThanOrEqual(2)
    expect(warnings.filter((warning) => warning.includes(message))).toHaveLength(1)
  },
)

test('an attribute that is not declared is left out and said once; the record counts', async () => {
  const { provider, counter } = setUp()
  counter.add(1, never({ plugin: 'a', status: 'ok', user: 'eve' }))
  counter.add(1, never({ user: 'mallory', status: 'ok', plugin: 'b' }))
  const points = await collectPoints(provider.producer())
  expect([...(points.get('test.counter')?.keys() ?? [])]).toEqual([
    '{"plugin":"a","status":"ok"}',
    '{"plugin":"b","status":"ok"}',
  ])
  expect(warnings).toEqual(['test.counter leaves out the attribute "user"; its catalogue declares only plugin, status'])
})

test('numbers and booleans are the strings that they print as, in the same series', async () => {
  const { provider, upDown } = setUp()
  upDown.add(1, { plugin: '200' })
  upDown.add(1, never({ plugin: 200 }))
  upDown.add(1, never({ plugin: true }))
  upDown.add(1, never({ plugin: NaN }))
  const points = await collectPoints(provider.producer())
  expect([...(points.get('test.up_down') ?? [])]).toEqual([
    ['{"plugin":"200"}', 2],
    ['{"plugin":"true"}', 1],
  ])
})

test('lone surrogates are replaced and very long values cut, each time to the same series', async () => {
  const { provider, upDown } = setUp()
  for (let i = 0; i < 2; i++) {
    upDown.add(1, { plugin: 'a\ud800' })
    upDown.add(1, { plugin: 'x'.repeat(5000) })
    upDown.add(1, { plugin: `${'x'.repeat(1024)}y` })
    upDown.add(1, { plugin: `${'y'.repeat(1023)}😀` })
  }
  const points = await collectPoints(provider.producer())
  expect([...(points.get('test.up_down') ?? [])]).toEqual([
    ['{"plugin":"a\ufffd"}', 2],
    [JSON.stringify({ plugin: 'x'.repeat(1024) }), 4],
    [JSON.stringify({ plugin: `${'y'.repeat(1023)}\ufffd` }), 2],
  ])
})

test('names that mean something to objects are labels like others', async () => {
  const provider = createMeterProvider()
  const odd = {
    counter: {
      kind: 'counter',
      name: 'odd',
      unit: '1',
      help: 'h',
      attributes: { constructor: 'string', toString: 'string' },
    },
  } as const satisfies Catalogue
  const { counter } = createInstruments(odd, { scope: 'test', meterProvider: provider })
  counter.add(1, { constructor: '__proto__', toString: 'hasOwnProperty' })
  counter.add(1, never({}))
  const points = await collectPoints(provider.producer())
  expect([...(points.get('odd') ?? [])]).toEqual([['{"constructor":"__proto__","toString":"hasOwnProperty"}', 1]])
})

test('the app keeps its attributes object: changing it afterwards changes no series', async () => {
  const { provider, upDown } = setUp()
  const attributes = { plugin: 'a' }
  const bound = upDown.bind(attributes)
  upDown.add(1, attributes)
  attributes.plugin = 'b'
  bound.add(1)
  upDown.add(1, attributes)
  const points = await collectPoints(provider.producer())
  expect([...(points.get('test.up_down') ?? [])]).toEqual([
    ['{"plugin":"a"}', 2],
    ['{"plugin":"b"}', 1],
  ])
})

test('nothing that is recorded, bound, zeroed or removed throws, and valid records count exactly whatever stands between them', async () => {
  const anything = fc.anything({ withBigInt: true, withDate: true, withNullPrototype: true, withSparseArray: true })
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(anything, anything), { maxLength: 20 }), async (noise) => {
      const { provider, counter, upDown, gauge, histogram } = setUp()
      for (const [value, attributes] of noise) {
        counter.add(1, { plugin: 'valid', status: 'ok' })
        for (const each of [counter, upDown]) {
          each.add(never(value), never(attributes))
          each.bind(never(attributes)).add(never(value), never(value))
          each.zero(never(attributes))
        }
        for (const each of [gauge, histogram]) {
          each.record(never(value), never(attributes), never(value))
          each.bind(never(attributes)).record(never(value))
        }
        histogram.record(0.5, { plugin: 'valid' }, never(attributes))
        if (Object.keys(attributes ?? {}).length > 0) histogram.remove(never(attributes))
      }
      const points = await collectPoints(provider.producer())
      expect(valueOf(points, 'test.counter', { plugin: 'valid', status: 'ok' }) ?? 0).toBe(noise.length)
      expect(valueOf(points, 'test.histogram', { plugin: 'valid' }) ?? { count: 0 }).toMatchObject({
        count: noise.length,
      })
    }),
  )
})
