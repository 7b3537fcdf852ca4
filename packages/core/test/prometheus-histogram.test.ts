import { describe, expect, test } from 'vitest'

import { buckets, collected, counter, exponentialHistogram, gauge, histogram } from './support/metrics.ts'
import { render, samples } from './support/render.ts'

describe('histograms', () => {
  test('count up, and end in +Inf', () => {
    expect(samples(collected([histogram('m', [{ a: 'b' }, buckets([1, 2], [3, 0, 4], 20)])]))).toEqual([
      'm_bucket{a="b",le="1.0"} 3',
      'm_bucket{a="b",le="2.0"} 3',
      'm_bucket{a="b",le="+Inf"} 7',
      'm_sum{a="b"} 20',
      'm_count{a="b"} 7',
    ])
  })

  test('without bounds have +Inf only', () => {
    expect(samples(collected([histogram('m', [{}, buckets([], [4], 2)])]))).toEqual([
      'm_bucket{le="+Inf"} 4',
      'm_sum 2',
      'm_count 4',
    ])
    const empty = { buckets: { boundaries: [], counts: [] }, count: 4, sum: 2 }
    expect(samples(collected([histogram('m', [{}, empty])]))).toContain('m_count 4')
  })

  test('with bounds that repeat, fall, or are not finite count into those that can be written', () => {
    const bounds = [-Infinity, 1, 1, Number.NaN, 0.5, 2, Infinity]
    const lines = samples(collected([histogram('m', [{}, buckets(bounds, [1, 1, 1, 1, 1, 1, 1], 9)])]))
    expect(lines).toEqual([
      'm_bucket{le="1.0"} 3',
      'm_bucket{le="2.0"} 6',
      'm_bucket{le="+Inf"} 7',
      'm_sum 9',
      'm_count 7',
    ])
  })

  test.for([
    ['a sum that may fall', buckets([1], [1, 1], -5)],
    ['negative bounds', buckets([-1, 1], [1, 0, 1], 5)],
    ['no sum', buckets([1], [1, 1])],
    ['a sum that is no number', buckets([1], [1, 1], Number.NaN)],
  ] as const)('with %s have neither sum nor count in OpenMetrics, which takes both or none', ([, value]) => {
    const metrics = collected([histogram('m', [{}, value])])
    expect(samples(metrics, 'openmetrics').filter((line) => !line.includes('bucket'))).toEqual([])
    expect(samples(metrics)).toContain('m_count 2')
  })

  test.for([[[1, -1]], [[0.5, 1]], [[Number.NaN, 1]]])('whose counts are %j are left out, and said', ([counts]) => {
    const metrics = collected([histogram('m', [{}, buckets([1], counts ?? [])], [{ a: 'b' }, buckets([1], [1, 0])])])
    const { page, problems } = render(metrics)
    expect(page).toContain('m_count{a="b"} 1')
    expect(page).not.toContain('m_count 1')
    expect(problems).toEqual(['histogram m has bucket counts that are no counts; the series is not on the page'])
  })

  test('of exponential buckets have their populated bounds spelled out', () => {
    const value = {
      count: 10,
      sum: 30,
      scale: 0,
      zeroCount: 1,
      positive: { offset: 0, bucketCounts: [0, 3, 0, 2, 0] },
      negative: { offset: 1, bucketCounts: [0, 0] },
    }
    expect(samples(collected([exponentialHistogram('m', [{}, value])]))).toEqual([
      'm_bucket{le="0.0"} 1',
      'm_bucket{le="2.0"} 1',
      'm_bucket{le="4.0"} 4',
      'm_bucket{le="8.0"} 4',
      'm_bucket{le="16.0"} 6',
      'm_bucket{le="+Inf"} 6',
      'm_sum 30',
      'm_count 6',
    ])
    const negative = { ...value, zeroCount: 0, negative: { offset: 0, bucketCounts: [1, 3] } }
    expect(samples(collected([exponentialHistogram('m', [{}, negative])])).slice(0, 3)).toEqual([
      'm_bucket{le="-2.0"} 3',
      'm_bucket{le="-1.0"} 4',
      'm_bucket{le="0.0"} 4',
    ])
  })
})

/** What is shown, id and time, of exemplars with one value: on a counter, then on a histogram. */
function shownOf(...given: (readonly [timestamp: number, id: string])[]): string[] {
  const exemplars = given.map(([timestamp, id]) => {
    return { timestamp, traceId: id.repeat(32), spanId: id.repeat(16), value: 1 }
  })
  const metrics = [counter('c', [{}, 1, { exemplars }]), histogram('h', [{}, buckets([1], [1, 0], 1), { exemplars }])]
  const lines = samples(collected(metrics), 'openmetrics')
  return lines.flatMap((line) => /trace_id="(.)\1+",.* (\S+)$/.exec(line)?.slice(1).join(' ') ?? [])
}

describe('exemplars', () => {
  const at = { timestamp: 1000.5, traceId: 'a'.repeat(32), spanId: 'b'.repeat(16) }
  const text = (value: number) => ` # {trace_id="${at.traceId}",span_id="${at.spanId}"} ${value} 1000.500`

  test('stand in OpenMetrics only, each in the bucket of its value, the largest where there are several', () => {
    const exemplars = [0.5, 0.7, 5, 1].map((value) => ({ ...at, value }))
    const metrics = collected([histogram('m', [{}, buckets([0.6, 1, 2], [1, 2, 0, 1], 7), { exemplars }])])
    expect(samples(metrics, 'openmetrics').slice(0, 4)).toEqual([
      `m_bucket{le="0.6"} 1${text(0.5)}`,
      `m_bucket{le="1.0"} 3${text(1)}`,
      'm_bucket{le="2.0"} 3',
      `m_bucket{le="+Inf"} 4${text(5)}`,
    ])
    expect(samples(metrics).join('\n')).not.toContain('trace_id')
  })

  test('are, of several with the same value, the latest: of those at one time the last', () => {
    expect(shownOf([1000, 'a'], [2000, 'b'])).toEqual(['b 2000.000', 'b 2000.000'])
    expect(shownOf([2000, 'b'], [1000, 'a'])).toEqual(['b 2000.000', 'b 2000.000'])
    expect(shownOf([1000, 'a'], [1000, 'b'])).toEqual(['b 1000.000', 'b 1000.000'])
  })

  test('that are not those of a trace are left out', () => {
    const exemplars = [
      { ...at, value: 1, traceId: 'no"id' },
      { ...at, value: 1, spanId: '' },
      { ...at, value: Number.NaN },
    ]
    const metrics = collected([
      counter('m', [{}, 1, { exemplars }]),
      gauge('g', [{}, 1, { exemplars: [{ ...at, value: 1 }] }]),
    ])
    expect(samples(metrics, 'openmetrics')).toEqual(['g 1', 'm_total 1'])
  })
})
