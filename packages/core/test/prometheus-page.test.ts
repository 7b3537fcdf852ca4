import { describe, expect, test } from 'vitest'

import { findPrometheus, findPythonClient } from '../../../test/support/components.ts'
import { promtoolCheckMetrics } from '../../../test/support/promtool.ts'
import { pythonParse } from '../../../test/support/python-parser.ts'
import { testWith } from '../../../test/support/test-with.ts'
import { createPageRenderer } from '../src/index.ts'
import type { PageFormat } from '../src/index.ts'
import { guideMetrics } from './support/guide-metrics.ts'
import { buckets, collected, counter, gauge, histogram, withResource } from './support/metrics.ts'
import { render, samples } from './support/render.ts'

const prometheus = await findPrometheus()
const python = await findPythonClient()

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
    for await (const piece of createPageRenderer().renderInPieces(guideMetrics, 'text'))
      page += Buffer.from(piece).toString()
    expect(page).toBe(render(guideMetrics).page)
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
