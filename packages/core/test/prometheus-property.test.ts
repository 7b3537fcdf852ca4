import type { Attributes } from '@opentelemetry/api'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import { findPrometheus, findPythonClient } from '../../../test/support/components.ts'
import { pythonParseAll } from '../../../test/support/python-parser.ts'
import type { ParsedFamily } from '../../../test/support/python-parser.ts'
import { serve } from '../../../test/support/serve.ts'
import { startPrometheus } from '../../../test/support/start-prometheus.ts'
import { testWith } from '../../../test/support/test-with.ts'
import { CONTENT_TYPES, createPageRenderer, DATA_POINT_TYPE, labelName, prometheusName } from '../src/index.ts'
import type {
  ExponentialHistogramValue,
  HistogramValue,
  MetricData,
  PageFormat,
  ResourceMetrics,
} from '../src/index.ts'
import { labelValue } from '../src/prometheus/label-value.ts'
import { exponentialValue, hostileMetrics, pageSequence, soundMetrics } from './support/hostile-metrics.ts'
import { collected, exponentialHistogram } from './support/metrics.ts'
import { parseStrictly } from './support/strict-parser.ts'
import type { Sample } from './support/strict-parser.ts'

const prometheus = await findPrometheus()
const python = await findPythonClient()

const FORMATS = ['text', 'openmetrics'] as const

function render(metrics: ResourceMetrics, format: PageFormat, problems: string[] = []): string {
  return createPageRenderer({ onProblem: (problem) => problems.push(problem) }).render(metrics, format)
}

describe('any data at all', () => {
  test.for(FORMATS)('makes a valid page of %s', (format) => {
    fc.assert(
      fc.property(hostileMetrics, fc.boolean(), (metrics, scopeLabels) => {
        const page = createPageRenderer({ scopeLabels, onProblem: () => {} }).render(metrics, format)
        expect(() => parseStrictly(page, format)).not.toThrow()
      }),
      { numRuns: 1500 },
    )
  })

  test('makes the same page in pieces, and when it is rendered again', async () => {
    await fc.assert(
      fc.asyncProperty(hostileMetrics, async (metrics) => {
        const renderer = createPageRenderer({ onProblem: () => {} })
        let page = ''
        for await (const piece of renderer.renderInPieces(metrics, 'openmetrics')) page += Buffer.from(piece).toString()
        expect(renderer.render(metrics, 'openmetrics')).toBe(page)
      }),
      { numRuns: 200 },
    )
  })

  test('makes the same page whatever pages the renderer has made before', () => {
    fc.assert(
      fc.property(pageSequence, fc.boolean(), (pages, scopeLabels) => {
        const options = { scopeLabels, onProblem: () => {} }
        const renderer = createPageRenderer(options)
        for (const metrics of pages) {
          expect(renderer.render(metrics, 'text')).toBe(createPageRenderer(options).render(metrics, 'text'))
        }
      }),
      { numRuns: 1000 },
    )
  })

  testWith(
    python,
    "makes pages that Python's parsers read as ours does",
    async (found) => {
      const pages = fc
        .sample(hostileMetrics, 400)
        .flatMap((metrics) => FORMATS.map((format) => ({ format, page: render(metrics, format) })))
      const parsed = await pythonParseAll(found, pages)
      for (const [index, { page, format }] of pages.entries()) {
        const theirs = parsed[index]
        expect(theirs).not.toHaveProperty('error')
        const { families } = theirs as { families: ParsedFamily[] }
        const ours = parseStrictly(page, format).flatMap(({ samples }) => samples)
        expect(families.flatMap(({ samples }) => samples).map(bare)).toEqual(ours.map(bare))
      }
    },
    60_000,
  )
})

describe('data with names of its own', () => {
  test.for(FORMATS)('is on the page of %s to the last number, and nothing else is', (format) => {
    fc.assert(
      fc.property(soundMetrics, (metrics) => {
        const problems: string[] = []
        const families = parseStrictly(render(metrics, format, problems), format)
        const written = families.filter(({ name }) => !name.startsWith('target')).flatMap(({ samples }) => samples)
        const expected = metrics.scopeMetrics.flatMap((scope) => scope.metrics.flatMap((it) => samplesOf(it, format)))
        expect(written.map(bare).toSorted(byId)).toEqual(expected.toSorted(byId))
        expect(problems).toEqual([])
      }),
      { numRuns: 1000 },
    )
  })
})

describe('an exponential histogram', () => {
  test.for(FORMATS)('has, on the page of %s, the true count up to each bound, and each of its bounds', (format) => {
    fc.assert(
      fc.property(exponentialValue, (value) => {
        const page = render(collected([exponentialHistogram('m', [{}, value])]), format)
        const samples = parseStrictly(page, format).flatMap((family) => family.samples.map(bare))
        const written = samples.filter(({ name }) => name === 'm_bucket')
        const truth = bucketsOf(value)
        for (const { labels, value: count } of written) {
          const below = truth.filter(({ upTo }) => upTo <= Number(labels['le']))
          expect(count).toBe(below.reduce((total, it) => total + it.count, 0))
        }
        const bounds = new Set(written.map(({ labels }) => Number(labels['le'])))
        for (const { upTo, count } of truth) expect(count === 0 || upTo === -Infinity || bounds.has(upTo)).toBe(true)
      }),
      { numRuns: 500 },
    )
  })
})

describe('a real Prometheus', () => {
  testWith(
    prometheus,
    'stores every series of hostile pages, in either format, as it stands there',
    async (found) => {
      const metrics = united(fc.sample(soundMetrics, 150))
      const pages = { text: render(metrics, 'text'), openmetrics: render(metrics, 'openmetrics') }
      await using server = await serve((request, response) => {
        const format = request.url === '/openmetrics' ? 'openmetrics' : 'text'
        response.setHeader('Content-Type', CONTENT_TYPES[format]).end(pages[format])
      })
      const scrape = Object.fromEntries(FORMATS.map((it) => [it, { targets: [server.host], path: `/${it}` }]))
      await using running = await startPrometheus(found, { scrape })
      for (const format of FORMATS) {
        const at = await running.untilScraped(format)
        const stored = (
          await running.query(`{job="${format}",instance="${server.host}",__name__!~"up|scrape_.*"}`, at)
        ).map(({ metric: { __name__: name = '', job: _job, instance: _instance, ...labels }, value }) => ({
          name,
          labels,
          value,
        }))
        const written = parseStrictly(pages[format], format).flatMap(({ samples }) => samples)
        expect(written.length).toBeGreaterThan(500)
        expect(stored.map(bare).toSorted(byId)).toEqual(written.map(asScraped).map(bare).toSorted(byId))
      }
    },
    60_000,
  )
})

type Bare = Pick<Sample, 'name' | 'labels' | 'value'>

/** Without exemplar, without -0, and with bounds in one spelling. */
function bare({ name, labels, value }: Bare): Bare {
  const { le } = labels
  const bound = le === undefined ? {} : { le: String(Number(le.replace(/Inf(inity)?$/, 'Infinity')) + 0) }
  return { name, labels: { ...labels, ...bound }, value: value + 0 }
}

function byId(a: Bare, b: Bare): number {
  const [idA, idB] = [a, b].map(({ name, labels }) =>
    JSON.stringify([
      name,
      Object.keys(labels)
        .toSorted()
        .map((it) => [it, labels[it]]),
    ]),
  )
  return (idA ?? '') < (idB ?? '') ? -1 : 1
}

/** Prometheus puts its own `job` and `instance` on what it scrapes, and renames those that it finds. */
function asScraped({ name, labels, value }: Bare): Bare {
  const renamed = Object.entries(labels).map(([label, text]) => [
    /^(?:job|instance)$/.test(label) ? `exported_${label}` : label,
    text,
  ])
  return { name, labels: Object.fromEntries(renamed), value }
}

/** What a metric has to be on a page, said anew and without regard to speed. */
function samplesOf(metric: MetricData, format: PageFormat): Bare[] {
  const { name, unit } = metric.descriptor
  switch (metric.dataPointType) {
    case DATA_POINT_TYPE.SUM:
    case DATA_POINT_TYPE.GAUGE: {
      const isSum = metric.dataPointType === DATA_POINT_TYPE.SUM
      const full = prometheusName(name, unit, isSum ? (metric.isMonotonic ? 'counter' : 'upDownCounter') : 'gauge')
      return metric.dataPoints.map(({ attributes, value }) => bare({ name: full, labels: labelsOf(attributes), value }))
    }
    case DATA_POINT_TYPE.HISTOGRAM: {
      const full = prometheusName(name, unit, 'histogram')
      return metric.dataPoints.flatMap(({ attributes, value }) =>
        histogramSamples(full, labelsOf(attributes), value, format),
      )
    }
    default:
      throw new Error('this has no place here')
  }
}

function histogramSamples(name: string, labels: Bare['labels'], value: HistogramValue, format: PageFormat): Bare[] {
  const { boundaries, counts } = value.buckets
  const upTo = (bound: number): number =>
    counts.filter((_count, index) => (boundaries[index] ?? Infinity) <= bound).reduce((total, it) => total + it, 0)
  const samples = [...boundaries, Infinity].map((bound) =>
    bare({ name: `${name}_bucket`, labels: { ...labels, le: String(bound) }, value: upTo(bound) }),
  )
  const { sum } = value
  const mayFall = sum === undefined || Number.isNaN(sum) || sum < 0 || (boundaries[0] ?? 0) < 0
  if (format === 'openmetrics' && mayFall) return samples
  if (sum !== undefined) samples.push(bare({ name: `${name}_sum`, labels, value: sum }))
  return [...samples, bare({ name: `${name}_count`, labels, value: upTo(Infinity) })]
}

function labelsOf(attributes: Attributes): Record<string, string> {
  const labels = new Map<string, string[]>()
  for (const attribute of Object.keys(attributes).toSorted()) {
    const value = labelValue(attributes[attribute])
    if (value === '') continue
    const name = labelName(attribute)
    labels.set(name, [...(labels.get(name) ?? []), value])
  }
  return Object.fromEntries([...labels].map(([name, values]) => [name, values.join(';')]))
}

function bucketsOf({
  scale,
  zeroCount,
  positive,
  negative,
}: ExponentialHistogramValue): Array<{ upTo: number; count: number }> {
  const base = (index: number): number => 2 ** (index * 2 ** -scale)
  return [
    ...negative.bucketCounts.map((count, index) => ({ upTo: -base(negative.offset + index) + 0, count })),
    { upTo: 0, count: zeroCount },
    ...positive.bucketCounts.map((count, index) => ({ upTo: base(positive.offset + index + 1), count })),
  ]
}

/** Many collections as one. */
function united(all: readonly ResourceMetrics[]): ResourceMetrics {
  const scopeMetrics = all.flatMap((one, index) =>
    one.scopeMetrics.map(({ scope, metrics }) => {
      const renamed = metrics.map((it): MetricData => ({
        ...it,
        descriptor: { ...it.descriptor, name: `u${index}.${it.descriptor.name}` },
      }))
      return { scope, metrics: renamed }
    }),
  )
  return { resource: { attributes: { 'service.name': 'hostile' } }, scopeMetrics }
}
