import { setTimeout as pause } from 'node:timers/promises'

import { diag } from '@opentelemetry/api'
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics'
import { onTestFinished, expect, test, vi } from 'vitest'

import { AppProcess, REGISTER } from '../../../test/support/app-process.ts'
import { scrape } from '../../../test/support/scrape.ts'
import { start } from '../src/index.ts'

const WAIT = { timeout: 20_000, interval: 20 }

test('what has blocked the event loop is on the page and in /health, and is the same there', async () => {
  const telemetry = start({ endpoint: { port: 0 }, banner: false })
  onTestFinished(async () => {
    await telemetry.shutdown()
    diag.disable()
  })
  const url = (await telemetry.endpoint.ready)!
  const longest = async (): Promise<number> => {
    const { server } = await telemetry.health.report()
    return server.event_loop.delay?.max ?? 0
  }
  const end = performance.now() + 150
  while (performance.now() < end);
  await vi.waitFor(async () => expect(await longest()).toBeGreaterThan(0.128), WAIT)

  const before = await longest()
  const onPage = (await scrape(url)).of('nodejs_eventloop_lag_max_seconds')['']!
  expect(onPage).toBeGreaterThanOrEqual(before)
  expect(onPage).toBeLessThanOrEqual(await longest())
})

test('a reader that collects takes nothing from another', async () => {
  const reader = new PeriodicExportingMetricReader({
    exporter: new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE),
    exportIntervalMillis: 3_600_000,
  })
  const telemetry = start({ endpoint: { port: 0 }, banner: false, sdk: { metricReaders: [reader] } })
  onTestFinished(async () => {
    await telemetry.shutdown()
    diag.disable()
  })
  const url = (await telemetry.endpoint.ready)!
  const onPage = async (): Promise<number> => (await scrape(url)).of('nodejs_eventloop_lag_max_seconds')['']!
  const exported = async (): Promise<unknown> => {
    const { resourceMetrics } = await reader.collect()
    const metrics = resourceMetrics.scopeMetrics.flatMap((scope) => scope.metrics)
    return metrics.find(({ descriptor }) => descriptor.name === 'nodejs.eventloop_lag_max')?.dataPoints[0]?.value
  }
  await Promise.all([onPage(), exported()])
  const end = performance.now() + 150
  while (performance.now() < end);
  await pause(100)
  expect(await onPage()).toBeGreaterThan(0.128)
  expect(await exported()).toBeGreaterThan(0.128)
})

test('a process that waits is left alone', async () => {
  const program = `
    const turns = () => performance.nodeTiming.uvMetricsInfo.loopCount
    setTimeout(() => {
      const start = turns()
      setTimeout(() => {
        console.log('turns', turns() - start)
        process.exit()
      }, 2000)
    }, 500)`
  await using app = new AppProcess(['--require', REGISTER, '-e', program], { env: { MCP_OTEL_PORT: '0' } })
  const [, turns] = await app.sees(/turns (\d+)/)
  expect(Number(turns)).toBeLessThan(20)
})
