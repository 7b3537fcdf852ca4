import { ROOT_CONTEXT, trace, TraceFlags } from '@opentelemetry/api'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'

import { createInstruments, createMeterProvider, createPageRenderer } from '../../src/index.ts'
import type { Catalogue, MetricData, ResourceMetrics } from '../../src/index.ts'
import { anyText } from '../support/hostile-metrics.ts'
import { firstData } from './points.ts'

const catalogue = {
  runs: {
    kind: 'counter',
    name: 'test.runs',
    unit: '{run}',
    help: 'h',
    attributes: { plugin: 'string', otel_metric_overflow: 'string' },
    optional: ['otel_metric_overflow'],
  },
  time: { kind: 'histogram', name: 'test.time', unit: 's', help: 'h', attributes: { plugin: 'string' }, buckets: [1] },
  level: { kind: 'gauge', name: 'test.level', unit: '1', help: 'h', attributes: { plugin: 'string' } },
  seen: { kind: 'observableCounter', name: 'test.seen', unit: '1', help: 'h', attributes: { plugin: 'string' } },
} as const satisfies Catalogue

const FORMATS = ['text', 'openmetrics'] as const
const SCOPES = ['a', 'b'] as const

function setUp(seriesLimit = 2000) {
  const meterProvider = createMeterProvider({ seriesLimit, telemetry: false })
  const [a, b] = SCOPES.map((scope) => createInstruments(catalogue, { scope, meterProvider }))
  return { producer: meterProvider.producer(), a: a as NonNullable<typeof a>, b: b as NonNullable<typeof b> }
}

/** The same data, as any collector has it. */
function withPlainPoints({ resource, scopeMetrics }: ResourceMetrics): ResourceMetrics {
  return {
    resource,
    scopeMetrics: scopeMetrics.map(({ scope, metrics }) => ({
      scope,
      metrics: metrics.map((metric) => ({ ...metric, dataPoints: [...metric.dataPoints] }) as MetricData),
    })),
  }
}

const plugin = fc.oneof(fc.constantFrom('', 'a', 'ä', '日本', '💥', '\uDCA5', 'a"\\\n'), anyText)
const step = fc.record({
  of: fc.constantFrom('runs', 'time', 'level', 'seen', 'remove', 'collect'),
  scope: fc.constantFrom(...SCOPES),
  plugin,
  overflow: fc.constantFrom('', 'true', 'ü'),
  value: fc.oneof(fc.nat(), fc.double({ min: 0, max: 1e6, noNaN: true })),
})

test('the page is that of the data points, whatever comes, goes and is written in whichever letters', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { maxLength: 60 }),
      fc.constantFrom(3, 2000),
      fc.boolean(),
      async (steps, limit, scopeLabels) => {
        const { producer, ...instruments } = setUp(limit)
        const seen = new Map<string, number>()
        instruments.a.seen.observe((observe) => {
          for (const [of, value] of seen) observe(value, { plugin: of })
        })
        const options = { scopeLabels, onProblem: () => {} }
        const renderer = createPageRenderer(options)
        const check = async (): Promise<void> => {
          const { resourceMetrics } = await producer.collect()
          const pages: string[] = []
          for (const format of FORMATS) {
            let page = ''
            for await (const piece of renderer.renderInPieces(resourceMetrics, format)) {
              page += new TextDecoder('utf-8', { fatal: true }).decode(piece)
            }
            pages.push(page)
          }
          const plain = withPlainPoints(resourceMetrics)
          expect(pages).toEqual(FORMATS.map((format) => createPageRenderer(options).render(plain, format)))
        }
        for (const { of, scope, plugin: name, overflow, value } of steps) {
          const { runs, time, level } = instruments[scope]
          const attributes = { plugin: name }
          if (of === 'runs') runs.add(value, { ...attributes, otel_metric_overflow: overflow }, sampled)
          else if (of === 'time') time.record(value, attributes, sampled)
          else if (of === 'level') level.record(value, attributes)
          else if (of === 'seen') seen.set(name, value)
          else if (of === 'collect') await check()
          else for (const it of [runs, time, level]) it.remove(attributes)
        }
        await check()
      },
    ),
    { numRuns: 300 },
  )
})

const sampled = trace.setSpanContext(ROOT_CONTEXT, {
  traceId: '0af7651916cd43dd8448eb211c80319c',
  spanId: 'b7ad6b7169203331',
  traceFlags: TraceFlags.SAMPLED,
})

test('data points that are asked for later are those of the collection', async () => {
  const { producer, a } = setUp()
  a.runs.add(1, { plugin: 'x', otel_metric_overflow: '' }, sampled)
  a.time.record(0.5, { plugin: 'x' })
  const { resourceMetrics, errors } = await producer.collect()
  a.runs.remove({ plugin: 'x' })
  a.runs.add(5, { plugin: 'y', otel_metric_overflow: '' })
  a.time.record(7, { plugin: 'x' })
  const collection = { resourceMetrics, errors }
  const [run] = firstData(collection, 'test.runs').dataPoints
  expect(run).toMatchObject({ attributes: { plugin: 'x' }, value: 1, exemplars: [{ value: 1 }] })
  const { dataPoints } = firstData(collection, 'test.time')
  expect(dataPoints.map(({ value }) => value)).toEqual([
    { buckets: { boundaries: [1], counts: [1, 0] }, count: 1, sum: 0.5, min: 0.5, max: 0.5 },
  ])
  expect(firstData(collection, 'test.time').dataPoints).toBe(dataPoints)
})

test('the page shows what somebody has made of the data points in the meantime', async () => {
  const { producer, a } = setUp()
  for (const name of ['x', 'y']) a.level.record(1, { plugin: name })
  const { resourceMetrics } = await producer.collect()
  const metric = resourceMetrics.scopeMetrics[0]?.metrics[0] as { dataPoints: unknown[] }
  metric.dataPoints.pop()
  expect(createPageRenderer().render(resourceMetrics, 'text')).toContain('plugin="x"')
  expect(createPageRenderer().render(resourceMetrics, 'text')).not.toContain('plugin="y"')
  metric.dataPoints = []
  expect(createPageRenderer().render(resourceMetrics, 'text')).not.toContain('plugin="x"')
})

test('a series that has the very labels of the overflow series is one with it on the page', async () => {
  const { producer, a } = setUp(3)
  for (const name of ['', 'x', 'y']) a.runs.add(1, { plugin: name, otel_metric_overflow: 'true' })
  const { resourceMetrics } = await producer.collect()
  const lines = createPageRenderer().render(resourceMetrics, 'text').split('\n')
  expect(lines.filter((line) => line.startsWith('test_runs_total'))).toEqual([
    'test_runs_total{otel_metric_overflow="true"} 2',
    'test_runs_total{plugin="x",otel_metric_overflow="true"} 1',
  ])
})
