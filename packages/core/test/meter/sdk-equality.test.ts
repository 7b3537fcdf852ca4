import {
  AggregationTemporality,
  InMemoryMetricExporter,
  InstrumentType,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics'
import type { MetricProducer, ResourceMetrics } from '@opentelemetry/sdk-metrics'
import * as fc from 'fast-check'
import { expect, expectTypeOf, test } from 'vitest'

import { createInstruments, createMeterProvider } from '../../src/index.ts'
import type { Catalogue, CatalogueMeterProvider, CollectionResult, SeriesProducer } from '../../src/index.ts'
import { keyOf } from './points.ts'

const labels = { plugin: 'string', command: 'string' } as const
const catalogue = {
  counter: { kind: 'counter', name: 'c', unit: '{item}', help: 'Counter', attributes: labels },
  upDown: { kind: 'upDownCounter', name: 'u', unit: '{item}', help: 'Up-down counter', attributes: labels },
  gauge: { kind: 'gauge', name: 'g', unit: '{item}', help: 'Gauge', attributes: labels },
  histogram: { kind: 'histogram', name: 'h', unit: 's', help: 'Histogram', attributes: labels, buckets: [1, 4, 16] },
  standard: { kind: 'histogram', name: 'hs', unit: 'ms', help: 'Standard buckets', attributes: labels },
  observed: { kind: 'observableCounter', name: 'oc', unit: '{item}', help: 'Observed', attributes: labels },
  level: { kind: 'observableGauge', name: 'og', unit: '{item}', help: 'Level', attributes: labels },
  balance: { kind: 'observableUpDownCounter', name: 'ou', unit: '{item}', help: 'Balance', attributes: labels },
} as const satisfies Catalogue

const DELTA: (type: InstrumentType) => AggregationTemporality = (type) =>
  type === InstrumentType.UP_DOWN_COUNTER || type === InstrumentType.OBSERVABLE_UP_DOWN_COUNTER
    ? AggregationTemporality.CUMULATIVE
    : AggregationTemporality.DELTA
const CUMULATIVE = (): AggregationTemporality => AggregationTemporality.CUMULATIVE

class Exporter extends InMemoryMetricExporter {
  readonly #select: (type: InstrumentType) => AggregationTemporality

  constructor(select: (type: InstrumentType) => AggregationTemporality) {
    super(AggregationTemporality.CUMULATIVE)
    this.#select = select
  }

  override selectAggregationTemporality(type: InstrumentType): AggregationTemporality {
    return this.#select(type)
  }
}

/** A stock reader and exporter; with a provider of ours it reads that one's cells, otherwise the SDK's instruments. */
function createPipeline(
  select: (type: InstrumentType) => AggregationTemporality,
  ours?: CatalogueMeterProvider,
  limit = 2000,
) {
  const exporter = new Exporter(select)
  const reader = new PeriodicExportingMetricReader({
    exporter,
    exportIntervalMillis: 86_400_000,
    cardinalityLimits: { default: limit },
    metricProducers: ours ? [ours.producer(select)] : [],
  })
  const sdk = new MeterProvider({ readers: [reader] })
  return {
    sdk,
    async read(): Promise<ResourceMetrics | undefined> {
      exporter.reset()
      await reader.forceFlush()
      return exporter.getMetrics()[0]
    },
  }
}

/** What two collections must have in common: everything but the times, and points without any increment. */
function comparable(collected: ResourceMetrics | undefined, isDelta: boolean) {
  return (collected?.scopeMetrics ?? []).flatMap(({ scope, metrics }) =>
    metrics.flatMap((metric) => {
      const { name, description, unit, valueType } = metric.descriptor
      const points = metric.dataPoints
        .map(({ attributes, value }) => ({ attributes: keyOf(attributes), value: withoutAbsent(value) }))
        .filter(({ value }) => !isDelta || value !== 0)
        .toSorted((a, b) => (a.attributes < b.attributes ? -1 : 1))
      const isGauge = name === 'g' || name === 'og'
      if (points.length === 0 || (isGauge && isDelta)) return []
      const { dataPointType } = metric
      const isMonotonic = 'isMonotonic' in metric ? metric.isMonotonic : undefined
      const temporality = isGauge ? undefined : metric.aggregationTemporality
      return [{ scope, name, description, unit, valueType, dataPointType, isMonotonic, temporality, points }]
    }),
  )
}

function withoutAbsent(value: unknown): unknown {
  return typeof value === 'object' ? (JSON.parse(JSON.stringify(value)) as unknown) : value
}

const attributes = fc.record({ plugin: fc.constantFrom('a', 'b', 'c'), command: fc.constantFrom('x', 'y') })
// Eighths add up exactly in any order.
const amount = fc.integer({ min: 1, max: 400 }).map((eighths) => eighths / 8)
const record = fc.record({
  do: fc.constantFrom('counter', 'upDown', 'gauge', 'histogram', 'standard', 'observe'),
  attributes,
  value: amount,
  negative: fc.boolean(),
})
const step = fc.oneof({ weight: 5, arbitrary: record }, { weight: 1, arbitrary: fc.constant('collect' as const) })

test.each([
  ['cumulative', CUMULATIVE, 0],
  ['delta', DELTA, 1],
])(
  'through the stock reader and exporter, %s data is what the SDK itself makes of the same records',
  async (_, select, isDelta) => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60, size: 'max' }), async (steps) => {
        const provider = createMeterProvider({ telemetry: false })
        const ours = createPipeline(select, provider)
        const theirs = createPipeline(select)
        const sides = [provider, theirs.sdk].map((meterProvider) =>
          createInstruments(catalogue, { scope: 's', version: '1', meterProvider }),
        )
        const observed = new Map<string, { plugin: string; command: string; total: number; level: number }>()
        for (const side of sides) {
          side.observed.observe((observe) => {
            for (const { total, level: _level, ...set } of observed.values()) observe(total, set)
          })
          side.balance.observe((observe) => {
            for (const { total: _total, level, ...set } of observed.values()) observe(-level, set)
          })
          side.level.observe((observe) => {
            for (const { total: _total, level, ...set } of observed.values()) observe(level, set)
          })
        }
        const compare = async (): Promise<void> => {
          expect(comparable(await ours.read(), isDelta === 1)).toEqual(comparable(await theirs.read(), isDelta === 1))
        }
        for (const next of steps) {
          if (next === 'collect') {
            await compare()
            continue
          }
          const { attributes: set, value } = next
          if (next.do === 'observe') {
            const total = (observed.get(keyOf(set))?.total ?? 0) + value
            observed.set(keyOf(set), { ...set, total, level: value })
          }
          for (const side of sides) {
            if (next.do === 'counter') side.counter.add(value, set)
            else if (next.do === 'upDown') side.upDown.add(next.negative ? -value : value, set)
            else if (next.do === 'gauge') side.gauge.record(next.negative ? -value : value, set)
            else if (next.do === 'histogram') side.histogram.record(value, set)
            else if (next.do === 'standard') side.standard.record(value * 100, set)
          }
        }
        await compare()
      }),
      { numRuns: 60 },
    )
  },
)

test('at its limit an instrument keeps as many series as the SDK, and its overflow series has the same total', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(record, { maxLength: 40, size: 'max' }), async (records) => {
      const provider = createMeterProvider({ telemetry: false, seriesLimit: 4 })
      const ours = createPipeline(CUMULATIVE, provider, 4)
      const theirs = createPipeline(CUMULATIVE, undefined, 4)
      const meter = theirs.sdk.getMeter('s')
      const counter = meter.createCounter('c', { unit: '{item}', description: 'Counter' })
      const instruments = createInstruments({ counter: catalogue.counter }, { scope: 's', meterProvider: provider })
      for (const { attributes: set, value } of records) {
        counter.add(value, set)
        instruments.counter.add(value, set)
      }
      const [mine, sdks] = [comparable(await ours.read(), false), comparable(await theirs.read(), false)]
      expect(mine.map(({ scope: _, ...rest }) => rest)).toEqual(sdks.map(({ scope: _, ...rest }) => rest))
    }),
    { numRuns: 100 },
  )
})

test('a producer fits the SDK by its types alone, and its data the page', () => {
  expectTypeOf<SeriesProducer>().toExtend<MetricProducer>()
  expectTypeOf<Awaited<ReturnType<SeriesProducer['collect']>>>().toExtend<CollectionResult>()
  const reader = new PeriodicExportingMetricReader({ exporter: new Exporter(DELTA) })
  createMeterProvider()
    .producer((type: InstrumentType) => reader.selectAggregationTemporality(type))
    .close()
})
