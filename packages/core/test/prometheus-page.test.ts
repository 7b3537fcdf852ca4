import { describe, expect, test } from 'vitest'

import { findPrometheus, findPythonClient } from '../../../test/support/components.ts'
import { promtoolCheckMetrics } from '../../../test/support/promtool.ts'
import { pythonParse } from '../../../test/support/python-parser.ts'
import { testWith } from '../../../test/support/test-with.ts'
import { createPageRenderer } from '../src/index.ts'
import type { PageFormat, PageOptions, ResourceMetrics } from '../src/index.ts'
import { guideMetrics } from './support/guide-metrics.ts'
import {
  buckets,
  collected,
  counter,
  exponentialHistogram,
  gauge,
  histogram,
  upDownCounter,
  withResource,
} from './support/metrics.ts'
import { parseStrictly } from './support/strict-parser.ts'

const prometheus = await findPrometheus()
const python = await findPythonClient()

interface Rendered {
  readonly page: string
  readonly problems: string[]
}

function render(metrics: ResourceMetrics, format: PageFormat = 'text', options: PageOptions = {}): Rendered {
  const problems: string[] = []
  const renderer = createPageRenderer({ onProblem: (problem) => problems.push(problem), ...options })
  const page = renderer.render(metrics, format)
  parseStrictly(page, format)
  return { page, problems }
}

/** The lines of the samples, without those of `# HELP` and the like. */
function samples(metrics: ResourceMetrics, format: PageFormat = 'text', options?: PageOptions): string[] {
  return render(metrics, format, options)
    .page.split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
}

function labelsOf(attributes: Record<string, unknown>): string | undefined {
  return samples(collected([gauge('m', [attributes, 1])]))[0]
}

describe("the guide's metrics", () => {
  test.for<[PageFormat, string]>([
    ['text', 'golden/guide.txt'],
    ['openmetrics', 'golden/guide.openmetrics.txt'],
  ])('are written as %s the way the golden page has them', async ([format, file]) => {
    const { page, problems } = render(guideMetrics, format)
    await expect(page).toMatchFileSnapshot(file)
    expect(problems).toEqual([])
  })

  testWith(prometheus, 'make a page that promtool finds nothing wrong with', async (found) => {
    expect(await promtoolCheckMetrics(found, render(guideMetrics).page)).toBe('')
  })

  testWith(python, "make pages that Python's text and OpenMetrics parsers read alike", async (found) => {
    const text = await pythonParse(found, render(guideMetrics).page, 'text')
    const openMetrics = await pythonParse(found, render(guideMetrics, 'openmetrics').page, 'openmetrics')
    const plain = (family: (typeof text)[number]) => ({
      samples: family.samples.map(({ name, labels, value }) => ({ name, labels, value })),
      help: family.help,
    })
    expect(openMetrics.map(plain)).toEqual(text.map(plain))
    const requests = openMetrics.find(({ name }) => name === 'mcp_requests')
    expect(requests?.samples[0]?.exemplar?.labels).toEqual({
      trace_id: '0af7651916cd43dd8448eb211c80319c',
      span_id: 'b7ad6b7169203331',
    })
  })

  test('come in pieces that make the same page', async () => {
    let page = ''
    for await (const piece of createPageRenderer().renderInPieces(guideMetrics, 'text')) page += piece
    expect(page).toBe(render(guideMetrics).page)
  })
})

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

describe('families', () => {
  test('of one name and type are one, with the first help and unit that there is, and a word about others', () => {
    const metrics = collected(
      [counter({ name: 'm' }, [{ a: '1' }, 1])],
      [counter({ name: 'm', description: 'One' }, [{ a: '2' }, 2])],
      [counter({ name: 'm', description: 'Two' }, [{ a: '3' }, 3])],
    )
    const { page, problems } = render(metrics)
    expect(page).toBe(
      '# HELP m_total One\n# TYPE m_total counter\nm_total{a="1"} 1\nm_total{a="2"} 2\nm_total{a="3"} 3\n',
    )
    expect(problems).toEqual(['metric m_total has two helps, "One" and "Two"; the page has the first'])
  })

  test('of one name and two types are the first, and the other is said to be missing', () => {
    const { page, problems } = render(collected([gauge('m', [{}, 1])], [histogram('m', [{}, buckets([], [1])])]))
    expect(page).toBe('# TYPE m gauge\nm 1\n')
    expect(problems).toEqual([
      'metric m is a gauge and, in scope "b", also a histogram; only the gauge is on the page: rename one of them',
    ])
  })

  test('whose samples would have the names of another are left out, and said', () => {
    const metrics = collected([histogram('m', [{}, buckets([], [1])]), gauge('m.count', [{}, 1])])
    for (const format of ['text', 'openmetrics'] as const) {
      const { page, problems } = render(metrics, format)
      expect(page).not.toContain('m_count gauge')
      expect(problems).toEqual([
        'the names of gauge m_count are taken by another metric; it is not on the page: rename one of them',
      ])
    }
  })

  test('of a counter and a gauge that differ in _total only keep both their values in OpenMetrics', () => {
    const metrics = collected([counter('jobs', [{}, 5]), gauge('jobs', [{}, 2]), counter('target', [{}, 1])])
    expect(samples(metrics, 'openmetrics')).toEqual(['jobs 2', 'jobs_total 5', 'target_total 1'])
    expect(render(metrics, 'openmetrics').page).toContain('# TYPE jobs_total unknown\n')
    expect(samples(metrics)).toEqual(['jobs 2', 'jobs_total 5', 'target_total 1'])
  })

  test('stand in the order of their names, help once, escaped', () => {
    const metrics = collected([gauge({ name: 'b', description: 'a\\b\n"c"' }, [{}, 1]), gauge('a', [{}, 2])])
    expect(render(metrics).page).toBe('# TYPE a gauge\na 2\n# HELP b a\\\\b\\n"c"\n# TYPE b gauge\nb 1\n')
    expect(render(metrics, 'openmetrics').page).toContain('# HELP b a\\\\b\\n\\"c\\"\n')
  })

  test('without series still say what they are', () => {
    expect(render(collected([counter({ name: 'm', description: 'M' })])).page).toBe(
      '# HELP m_total M\n# TYPE m_total counter\n',
    )
  })

  test('that cannot be written at all are left out, and said once', () => {
    const delta = { ...counter('delta', [{}, 1]), aggregationTemporality: 0 }
    const metrics = collected([gauge('…', [{}, 1]), delta, gauge('m', [{}, 1])])
    const problems: string[] = []
    const renderer = createPageRenderer({ onProblem: (problem) => problems.push(problem) })
    for (let scrape = 0; scrape < 3; scrape++) expect(renderer.render(metrics, 'text')).toBe('# TYPE m gauge\nm 1\n')
    expect(problems).toEqual([
      'metric "…" has no letter or digit in its name; it is not on the page: rename it',
      'metric "delta" was collected as delta; it is not on the page: collect it as cumulative',
    ])
  })
})

describe('target_info', () => {
  const resource = {
    'service.name': 'shop',
    'process.pid': 1,
    'process.command_args': ['node', '--token=secret'],
    'process.owner': 'root',
    'process.executable.path': '/usr/bin/node',
  }

  test('holds the resource, without arguments, owner and paths of the process', () => {
    expect(samples(withResource(resource))).toEqual(['target_info{service_name="shop",process_pid="1"} 1'])
  })

  test('may be left out, or chosen', () => {
    expect(samples(withResource(resource), 'text', { targetInfo: false })).toEqual([])
    expect(samples(withResource(resource), 'text', { targetInfo: (name) => name === 'process.owner' })).toEqual([
      'target_info{process_owner="root"} 1',
    ])
  })

  test('is of type info in OpenMetrics, unless that takes the name of a metric', () => {
    expect(render(withResource(resource), 'openmetrics').page).toContain('# TYPE target info\n')
    const clashing = withResource(resource, [gauge('target', [{}, 1]), gauge('target.info', [{}, 2])])
    const { page, problems } = render(clashing, 'openmetrics')
    expect(page).toContain('# TYPE target_info gauge\n')
    expect(page).toContain('target 1\n')
    expect(problems).toEqual([
      'the names of gauge target_info are taken by another metric; it is not on the page: rename one of them',
    ])
  })

  test('is not there when there is nothing to say, and an empty page is valid', () => {
    expect(render(collected()).page).toBe('')
    expect(render(collected(), 'openmetrics').page).toBe('# EOF\n')
  })
})
