import { describe, expect, test } from 'vitest'

import { buckets, collected, counter, gauge, histogram, upDownCounter } from './support/metrics.ts'
import { render, samples } from './support/render.ts'

function labelsOf(attributes: Record<string, unknown>): string | undefined {
  return samples(collected([gauge('m', [attributes, 1])]))[0]
}

describe('labels', () => {
  test('stand in the order of the attributes', () => {
    expect(labelsOf({ status: '200', method: 'GET', endpoint: '/' })).toBe(
      'm{status="200",method="GET",endpoint="/"} 1',
    )
  })

  test('escape backslash, quote and newline, and nothing else', () => {
    expect(labelsOf({ a: '\\ " \n \r \t \0 ü 💥' })).toBe('m{a="\\\\ \\" \\n \r \t \0 ü 💥"} 1')
  })

  test('take values of any type as text', () => {
    const attributes = { s: 'x', n: 200, f: 0.5, b: false, i: 2n ** 70n, l: ['a', 1, null], o: { k: Number.NaN } }
    expect(labelsOf({ ...attributes, y: new Uint8Array([1, 2]) })).toBe(
      String.raw`m{s="x",n="200",f="0.5",b="false",i="1180591620717411303424",l="[\"a\",1,null]",o="{\"k\":\"NaN\"}",y="AQI="} 1`,
    )
  })

  test('that are empty, or have no text, are left out, as Prometheus takes them', () => {
    const cyclic: Record<string, unknown> = {}
    cyclic['self'] = cyclic
    expect(labelsOf({ a: '', b: undefined, c: null, d: cyclic, e: () => 1, f: Symbol('f') })).toBe('m 1')
  })

  test('whose attributes differ only in what a label cannot hold have their values joined, by the order of the names', () => {
    expect(labelsOf({ a_b: 'first', x: '1', 'a.b': 'second', 'a-b': '' })).toBe('m{a_b="second;first",x="1"} 1')
  })

  test('never take a name of the format, nor one of Prometheus itself', () => {
    expect(labelsOf({ le: '1', quantile: '2', __name__: '3', '1st': '4' })).toBe(
      'm{exported_le="1",exported_quantile="2",_name_="3",key_1st="4"} 1',
    )
  })

  test('of an unpaired surrogate hold the replacement character', () => {
    expect(labelsOf({ a: 'x\uD800y' })).toBe('m{a="x\uFFFDy"} 1')
  })

  test('of the scope are there when they are asked for', () => {
    const metrics = collected([gauge('m', [{ k: 'v', 'otel.scope.name': 'mine' }, 1])], [gauge('m', [{}, 2])])
    expect(samples(metrics, 'text', { scopeLabels: true })).toEqual([
      'm{k="v",exported_otel_scope_name="mine",otel_scope_name="a",otel_scope_version="1.0"} 1',
      'm{otel_scope_name="b",otel_scope_version="1.0"} 2',
    ])
  })
})

describe('numbers', () => {
  test.for([
    [0, '0'],
    [-0, '0'],
    [0.1, '0.1'],
    [1e21, '1e+21'],
    [5e-324, '5e-324'],
    [2 ** 53, '9007199254740992'],
    [Infinity, '+Inf'],
    [-Infinity, '-Inf'],
    [Number.NaN, 'NaN'],
  ] as const)('%d is written %s', ([value, text]) => {
    expect(samples(collected([gauge('m', [{}, value])]))).toEqual([`m ${text}`])
  })

  test('in bounds are written as Go and OpenMetrics write them', () => {
    const bounds = [-1.5, 0, 0.00001, 0.25, 1, 10, 999_999, 1_000_000, 2.5e8, 1e100]
    const metrics = collected([histogram('m', [{}, buckets(bounds, [...bounds.map(() => 0), 1])])])
    const written = samples(metrics).flatMap((line) => /le="(.*)"/.exec(line)?.[1] ?? [])
    const expected = ['-1.5', '0.0', '1e-05', '0.25', '1.0', '10.0', '999999.0', '1e+06', '2.5e+08', '1e+100', '+Inf']
    expect(written).toEqual(expected)
  })

  test('that no counter can have are left off an OpenMetrics page, and said', () => {
    const metrics = collected([counter('m', [{ a: '1' }, Number.NaN], [{ a: '2' }, -1], [{ a: '3' }, 1])])
    const { page, problems } = render(metrics, 'openmetrics')
    expect(page).toContain('m_total{a="3"} 1\n')
    expect(page).not.toContain('a="1"')
    expect(page).not.toContain('a="2"')
    expect(problems).toEqual([
      'counter m_total has the value NaN, which OpenMetrics does not take; the series is not on the page',
      'counter m_total has the value -1, which OpenMetrics does not take; the series is not on the page',
    ])
    expect(samples(metrics)).toEqual(['m_total{a="1"} NaN', 'm_total{a="2"} -1', 'm_total{a="3"} 1'])
  })
})

describe('series that have the same labels', () => {
  test('are one, with the sum of their counts', () => {
    const metrics = collected([counter('m', [{ status: 200 }, 2], [{ status: '200' }, 3], [{ status: '500' }, 1])])
    expect(samples(metrics)).toEqual(['m_total{status="200"} 5', 'm_total{status="500"} 1'])
  })

  test('are one also when their attributes come in another order, or from another scope', () => {
    const metrics = collected(
      [upDownCounter('m', [{ a: '1', b: '2' }, 2], [{ b: '2', a: '1', c: '' }, 3])],
      [upDownCounter('m', [{ b: '2', a: '1' }, 4])],
    )
    expect(samples(metrics)).toEqual(['m{a="1",b="2"} 9'])
  })

  test('are the latest where they are gauges', () => {
    const older = { endTime: [1, 0] } as const
    const newer = { endTime: [1, 1] } as const
    const newestFirst = collected([gauge('m', [{}, 1, { endTime: [1, 1] }], [{ a: '' }, 2, { endTime: [1, 0] }])])
    expect(samples(newestFirst)).toEqual(['m 1'])
    const newestLast = collected([
      gauge('m', [{}, 1, { endTime: [...older.endTime] }], [{ a: '' }, 2, { endTime: [...newer.endTime] }]),
    ])
    expect(samples(newestLast)).toEqual(['m 2'])
  })

  test('are, of histograms, added up at the bounds that they share', () => {
    const metrics = collected(
      [histogram('m', [{}, buckets([1, 2, 3], [1, 1, 1, 1], 10)])],
      [histogram('m', [{}, buckets([2, 3, 4], [5, 5, 5, 5], 20)])],
    )
    expect(samples(metrics)).toEqual([
      'm_bucket{le="2.0"} 7',
      'm_bucket{le="3.0"} 13',
      'm_bucket{le="+Inf"} 24',
      'm_sum 30',
      'm_count 24',
    ])
  })
})
