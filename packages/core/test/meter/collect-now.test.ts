import { expect, test, vi } from 'vitest'

import { createInstruments, createMeterProvider, type Catalogue, type SeriesCollection } from '../../src/index.ts'

const catalogue = {
  things: { kind: 'counter', name: 'app.things', unit: '{thing}', help: 'Things', attributes: { kind: 'string' } },
  level: { kind: 'observableGauge', name: 'app.level', unit: '1', help: 'Level', attributes: {} },
} as const satisfies Catalogue

function setUp() {
  const meterProvider = createMeterProvider({ telemetry: false })
  const instruments = createInstruments(catalogue, { scope: 'test', meterProvider })
  instruments.level.observe((observe) => observe(0.5))
  return { meterProvider, instruments }
}

test('what is collected at once is what is collected in turns', async () => {
  const { instruments, meterProvider } = setUp()
  instruments.things.add(3, { kind: 'a' })
  const [atOnce, inTurns] = [meterProvider.producer().collectNow(), await meterProvider.producer().collect()]
  const values = ({ resourceMetrics }: typeof atOnce) =>
    resourceMetrics.scopeMetrics.map(({ scope, metrics }) => [
      scope,
      metrics.map(({ descriptor, dataPoints }) => [
        descriptor,
        dataPoints.map(({ attributes, value }) => [attributes, value]),
      ]),
    ])
  expect(values(atOnce)).toEqual(values(inTurns))
  expect(values(atOnce)[0]?.[1]).toHaveLength(2)
})

test('a delta reader sees each increment once, whichever way it collects', async () => {
  const { instruments, meterProvider } = setUp()
  const producer = meterProvider.producer(() => 0)
  const seen = ({ resourceMetrics }: ReturnType<typeof producer.collectNow>) =>
    resourceMetrics.scopeMetrics
      .flatMap(({ metrics }) => metrics)
      .filter(({ descriptor }) => descriptor.name === 'app.things')
      .flatMap(({ dataPoints }) => dataPoints.map(({ value }) => value))
  instruments.things.add(1, { kind: 'a' })
  expect(seen(await producer.collect())).toEqual([1])
  instruments.things.add(2, { kind: 'a' })
  expect(seen(producer.collectNow())).toEqual([2])
  instruments.things.add(4, { kind: 'a' })
  expect(seen(await producer.collect())).toEqual([4])
})

test('a callback that has not ended yet is not started again, and what it sees goes to the collection that waits', async () => {
  const meterProvider = createMeterProvider({ telemetry: false })
  const { level } = createInstruments(catalogue, { scope: 'test', meterProvider })
  const asked = Promise.withResolvers<void>()
  const callback = vi.fn<Parameters<typeof level.observe>[0]>(async (observe) => {
    await asked.promise
    observe(0.25)
  })
  level.observe(callback)
  const producer = meterProvider.producer()
  const waiting = producer.collect()
  expect(producer.collectNow().resourceMetrics.scopeMetrics.flatMap(levels)).toEqual([])
  expect(meterProvider.readSeries('app.level')).toEqual([])
  expect(callback).toHaveBeenCalledTimes(1)
  asked.resolve()
  expect((await waiting).resourceMetrics.scopeMetrics.flatMap(levels)).toEqual([0.25])
  expect(meterProvider.readSeries('app.level')).toEqual([])
  expect(callback).toHaveBeenCalledTimes(2)
})

function levels({ metrics }: SeriesCollection['resourceMetrics']['scopeMetrics'][number]) {
  return metrics
    .filter(({ descriptor }) => descriptor.name === 'app.level')
    .flatMap(({ dataPoints }) => dataPoints.map(({ value }) => value))
}
