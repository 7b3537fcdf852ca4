import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

import { createNoopMeter, metrics } from '@opentelemetry/api'
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'

import {
  createEventRecorder,
  createInstruments,
  createMeterProvider,
  processMeters,
  routeMeters,
} from '../../src/index.ts'
import type { Catalogue } from '../../src/index.ts'
import { collectWarnings } from './diagnostics.ts'
import { collectPoints, pointsOf, valueOf } from './points.ts'

const catalogue = {
  counter: { kind: 'counter', name: 'test.counter', unit: '{item}', help: 'h', attributes: { plugin: 'string' } },
  histogram: {
    kind: 'histogram',
    name: 'test.histogram',
    unit: 's',
    help: 'h',
    attributes: { plugin: 'string' },
    buckets: [1, 2],
  },
  size: { kind: 'observableGauge', name: 'test.size', unit: '{item}', help: 'h', attributes: { plugin: 'string' } },
} as const satisfies Catalogue
const scope = { scope: 'test', version: '1.0.0' }
const plugin = 'a'

const warnings = collectWarnings()
const forget = (): void => {
  metrics.disable()
  Reflect.deleteProperty(globalThis, Symbol.for('@mcp/otel/process-meters.v1'))
}
beforeEach(forget)
afterEach(forget)

function createForeignSdk() {
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE)
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 86_400_000 })
  const provider = new MeterProvider({ readers: [reader] })
  return { provider, points: async () => pointsOf(await reader.collect()) }
}

/** What the distro does at its start. */
function startOwn() {
  const { provider } = processMeters()
  const sdk = createForeignSdk()
  metrics.setGlobalMeterProvider(routeMeters({ catalogued: provider, others: () => sdk.provider }))
  const producer = provider.producer()
  return { sdk, points: () => collectPoints(producer) }
}

test('what is recorded before the start is there after it, and goes on', async () => {
  const { counter, histogram, size } = createInstruments(catalogue, scope)
  const bound = counter.bind({ plugin })
  counter.add(1, { plugin })
  bound.add(1)
  histogram.record(1.5, { plugin })
  size.observe((observe) => observe(7, { plugin }))
  const started = startOwn()
  counter.add(1, { plugin })
  bound.add(1)
  const points = await started.points()
  expect(valueOf(points, 'test.counter', { plugin })).toBe(4)
  expect(valueOf(points, 'test.histogram', { plugin })).toMatchObject({ count: 1, counts: [0, 1, 0] })
  expect(valueOf(points, 'test.size', { plugin })).toBe(7)
  expect((await started.sdk.points()).size).toBe(0)
})

test('a delta reader that comes late is given what was recorded before it, once', async () => {
  const { counter } = createInstruments(catalogue, scope)
  counter.add(5, { plugin })
  const producer = processMeters().provider.producer(() => 0)
  expect(valueOf(await collectPoints(producer), 'test.counter', { plugin })).toBe(5)
  counter.add(1, { plugin })
  expect(valueOf(await collectPoints(producer), 'test.counter', { plugin })).toBe(1)
})

test('two callers of the same scope and catalogue share the series; another version has its own', async () => {
  createInstruments(catalogue, scope).counter.add(1, { plugin })
  createInstruments(catalogue, scope).counter.add(1, { plugin })
  createInstruments(catalogue, { scope: 'test', version: '2.0.0' }).counter.add(1, { plugin })
  const { resourceMetrics } = await processMeters().provider.producer().collect()
  const values = resourceMetrics.scopeMetrics
    .filter((each) => each.scope.name === 'test')
    .map((each) => [each.scope.version, each.metrics[0]?.dataPoints.map(({ value }) => value)])
  expect(values).toEqual([
    ['1.0.0', [2]],
    ['2.0.0', [1]],
  ])
})

test('another SDK that is registered before the first use gets everything', async () => {
  const foreign = createForeignSdk()
  metrics.setGlobalMeterProvider(foreign.provider)
  const { counter, histogram, size } = createInstruments(catalogue, scope)
  counter.add(1, { plugin })
  counter.bind({ plugin }).add(2)
  histogram.record(1.5, { plugin })
  const stop = size.observe((observe) => observe(7, { plugin }))
  const points = await foreign.points()
  expect(valueOf(points, 'test.counter', { plugin })).toBe(3)
  expect(valueOf(points, 'test.histogram', { plugin })).toMatchObject({ counts: [0, 1, 0] })
  expect(valueOf(points, 'test.size', { plugin })).toBe(7)
  stop()
  size.observe((observe) => observe(8, { plugin }))
  expect(valueOf(await foreign.points(), 'test.size', { plugin })).toBe(8)
})

test('another SDK that is registered later gets what is recorded from then on, by instruments, handles and callbacks made before', async () => {
  const { counter, size } = createInstruments(catalogue, scope)
  const bound = counter.bind({ plugin })
  counter.add(100, { plugin })
  bound.add(100)
  size.observe((observe) => observe(7, { plugin }))
  const foreign = createForeignSdk()
  metrics.setGlobalMeterProvider(foreign.provider)
  counter.add(1, { plugin })
  bound.add(2)
  const points = await foreign.points()
  expect(valueOf(points, 'test.counter', { plugin })).toBe(3)
  expect(valueOf(points, 'test.size', { plugin })).toBe(7)
})

test('an observable that is alone finds an SDK registered in the same turn', async () => {
  const { size } = createInstruments({ size: catalogue.size }, scope)
  size.observe((observe) => observe(7, { plugin }))
  const foreign = createForeignSdk()
  metrics.setGlobalMeterProvider(foreign.provider)
  await vi.waitFor(async () => expect(valueOf(await foreign.points(), 'test.size', { plugin })).toBe(7))
})

test('on another SDK nothing invalid gets through, and nothing that it throws reaches the app', async () => {
  const add = vi.fn<(value: number, attributes?: object) => void>(() => {
    throw new Error('broken SDK')
  })
  const meter = { ...createNoopMeter(), createCounter: () => ({ add }) }
  const meterProvider = { getMeter: () => meter as unknown as ReturnType<typeof createNoopMeter> }
  const { counter } = createInstruments({ counter: catalogue.counter }, { scope: 'test', meterProvider })
  expect(() => counter.add(1, { plugin })).not.toThrow()
  counter.add(NaN, { plugin })
  counter.add(1, { plugin: 5n as never })
  counter.zero({ plugin })
  counter.remove({ plugin })
  counter.add(2, { plugin: 9 as never })
  expect(add.mock.calls.map(([value, attributes]) => [value, attributes])).toEqual([
    [1, { plugin: 'a' }],
    [2, { plugin: '9' }],
  ])
  expect(warnings.filter((warning) => warning.includes('broken SDK'))).toHaveLength(1)
})

test('an explicit provider that cannot create an instrument leaves that one without effect', () => {
  const meterProvider = {
    getMeter: () => {
      throw new Error('no meters today')
    },
  }
  const { counter, size } = createInstruments(catalogue, { scope: 'test', meterProvider })
  counter.add(1, { plugin })
  counter.bind({ plugin }).add(1)
  size.observe(() => {})()
  expect(warnings.filter((warning) => warning.includes('no meters today'))).toHaveLength(3)
})

test('mode both records in the cells and in the SDK that is registered; own in the cells alone; off nowhere', async () => {
  const foreign = createForeignSdk()
  metrics.setGlobalMeterProvider(foreign.provider)
  const { counter, size } = createInstruments(catalogue, scope)
  size.observe((observe) => observe(7, { plugin }))
  const producer = processMeters().provider.producer()
  const read = async () => [
    valueOf(await collectPoints(producer), 'test.counter', { plugin }),
    valueOf(await foreign.points(), 'test.counter', { plugin }),
  ]
  processMeters().setMode('both')
  counter.add(1, { plugin })
  expect(await read()).toEqual([1, 1])
  expect(valueOf(await collectPoints(producer), 'test.size', { plugin })).toBe(7)
  processMeters().setMode('own')
  counter.add(1, { plugin })
  expect(await read()).toEqual([2, 1])
  processMeters().setMode('off')
  counter.add(1, { plugin })
  counter.bind({ plugin }).add(1)
  expect(await read()).toEqual([2, 1])
  processMeters().setMode('automatic')
  counter.add(1, { plugin })
  expect(await read()).toEqual([2, 2])
})

test.each([
  ['off', 0, undefined],
  ['automatic', 0, 2],
  ['both', 2, 2],
] as const)(
  'handles that write to the cells themselves follow the change from own to %s and back',
  async (mode, own, others) => {
    const foreign = createForeignSdk()
    metrics.setGlobalMeterProvider(foreign.provider)
    processMeters().setMode('own')
    const { counter, histogram } = createInstruments(catalogue, scope)
    const series = ['a', 'b'].map((name) => ({ plugin: name }))
    const counts = series.map((labels) => counter.bind(labels))
    const values = series.map((labels) => histogram.bind(labels))
    const record = (times: number): void => {
      for (let i = 0; i < times; i++) {
        for (const handle of counts) handle.add(1)
        for (const handle of values) handle.record(1.5)
      }
    }
    const producer = processMeters().provider.producer()
    const seen = async () => {
      const [cells, sdk] = [await collectPoints(producer), await foreign.points()]
      return series.flatMap((labels) =>
        [cells, sdk].map((points) => [
          valueOf(points, 'test.counter', labels),
          (valueOf(points, 'test.histogram', labels) as { count: number } | undefined)?.count,
        ]),
      )
    }
    record(10)
    processMeters().setMode(mode)
    record(2)
    const each = [
      [10 + own, 10 + own],
      [others, others],
    ]
    expect(await seen()).toEqual([...each, ...each])
    processMeters().setMode('own')
    record(100)
    const back = [[110 + own, 110 + own], each[1]]
    expect(await seen()).toEqual([...back, ...back])
  },
)

test('switched off, nothing is kept, whichever way it is recorded; switched on again, everything is', async () => {
  processMeters().setMode('off')
  const { counter, histogram } = createInstruments(catalogue, scope)
  const bound = counter.bind({ plugin })
  const record = createEventRecorder(counter, histogram)
  const recordAll = (): void => {
    counter.add(1, { plugin })
    bound.add(1)
    record(1.5, { plugin })
  }
  recordAll()
  const producer = processMeters().provider.producer()
  expect(valueOf(await collectPoints(producer), 'test.counter', { plugin })).toBeUndefined()
  processMeters().setMode('own')
  recordAll()
  recordAll()
  const points = await collectPoints(producer)
  expect(valueOf(points, 'test.counter', { plugin })).toBe(6)
  expect(valueOf(points, 'test.histogram', { plugin })).toMatchObject({ count: 2 })
})

test('after our own telemetry has stopped, another SDK that is registered gets the records', async () => {
  const { counter, size } = createInstruments(catalogue, scope)
  size.observe((observe) => observe(7, { plugin }))
  startOwn()
  processMeters().setMode('own')
  counter.add(1, { plugin })
  metrics.disable()
  processMeters().setMode('automatic')
  counter.add(1, { plugin })
  for (const expected of [3, 4]) {
    const foreign = createForeignSdk()
    metrics.disable()
    metrics.setGlobalMeterProvider(foreign.provider)
    processMeters().setMode('automatic')
    counter.add(expected, { plugin })
    const points = await foreign.points()
    expect(valueOf(points, 'test.counter', { plugin })).toBe(expected)
    expect(valueOf(points, 'test.size', { plugin })).toBe(7)
  }
})

test('an explicit provider of ours gets the records whatever is registered globally', async () => {
  metrics.setGlobalMeterProvider(createForeignSdk().provider)
  const meterProvider = createMeterProvider()
  createInstruments(catalogue, { ...scope, meterProvider }).counter.add(1, { plugin })
  expect(valueOf(await collectPoints(meterProvider.producer()), 'test.counter', { plugin })).toBe(1)
})

test('a second copy of the package, loaded beside the first, records in the same series', async () => {
  const first = createInstruments(catalogue, scope)
  vi.resetModules()
  const second = await import('../../src/index.ts')
  expect(second.createInstruments).not.toBe(createInstruments)
  const copy = second.createInstruments(catalogue, scope)
  first.counter.add(1, { plugin })
  copy.counter.add(2, { plugin })
  copy.counter.bind({ plugin }).add(3)
  copy.size.observe((observe) => observe(7, { plugin }))
  const points = await startOwn().points()
  expect(valueOf(points, 'test.counter', { plugin })).toBe(6)
  expect(valueOf(points, 'test.size', { plugin })).toBe(7)
  copy.counter.remove({ plugin })
  first.counter.add(1, { plugin })
  expect(valueOf(await collectPoints(second.processMeters().provider.producer()), 'test.counter', { plugin })).toBe(1)
})

test('the built ESM and CommonJS copies, both loaded in one process, record in the same series', async () => {
  const dist = fileURLToPath(new URL('../../dist/', import.meta.url))
  if (!existsSync(`${dist}index.cjs`)) throw new Error('packages/core/dist is missing: run `npm run build` first')
  const program = `
    import * as esm from ${JSON.stringify(`${dist}index.mjs`)}
    import { createRequire } from 'node:module'
    const cjs = createRequire(import.meta.url)(${JSON.stringify(`${dist}index.cjs`)})
    const catalogue = ${JSON.stringify(catalogue)}
    for (const copy of [esm, cjs, esm, cjs]) copy.createInstruments(catalogue, ${JSON.stringify(scope)}).counter.add(1, { plugin: 'a' })
    const { provider } = cjs.processMeters()
    console.log(esm === cjs, JSON.stringify(provider.readSeries('test.counter')))`
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', program])
  expect(stdout.trim()).toBe('false [{"attributes":{"plugin":"a"},"value":4}]')
})
