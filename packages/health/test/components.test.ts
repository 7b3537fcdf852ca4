import { createMeterProvider } from '@mcp/otel-core'
import type { CatalogueMeterProvider } from '@mcp/otel-core'
import {
  instrumentCommand,
  listPlugins,
  registerPlugin,
  setPluginUp,
  unregisterPlugin,
} from '@mcp/otel-plugin-instrumentation'
import { instrumentQueue, listQueues } from '@mcp/otel-queue-instrumentation'
import { expect, test } from 'vitest'

import type { Health } from '../src/create-health.ts'
import type { HealthOptions } from '../src/health-options.ts'
import { expectHealthBody } from './support/body-schema.ts'
import { createTestHealth } from './support/create-test-health.ts'
import { pass, useFakeClock } from './support/fake-clock.ts'

interface Setup {
  readonly meterProvider: CatalogueMeterProvider
  readonly health: Health
}

function setUp(options: HealthOptions = {}): Setup {
  const meterProvider = createMeterProvider()
  const health = createTestHealth({
    meterProvider,
    plugins: () => listPlugins({ meterProvider }),
    queues: () => listQueues({ meterProvider }),
    ...options,
  })
  return { meterProvider, health }
}

/** What the page shows of a metric: its value by plugin, summed over the other labels. */
async function pageOf(meterProvider: CatalogueMeterProvider, name: string): Promise<Record<string, number>> {
  const { resourceMetrics } = await meterProvider.producer().collect()
  const shown: Record<string, number> = {}
  for (const { descriptor, dataPoints } of resourceMetrics.scopeMetrics.flatMap(({ metrics }) => metrics)) {
    if (descriptor.name !== name) continue
    for (const { attributes, value } of dataPoints) {
      const key = String(attributes['status'] ?? attributes['component'] ?? attributes['plugin'])
      shown[key] = (shown[key] ?? 0) + (typeof value === 'number' ? value : value.count)
    }
  }
  return shown
}

test('the figures of a plugin are those of the page', async () => {
  useFakeClock()
  const { meterProvider, health } = setUp()
  const run = instrumentCommand(
    (input: string) => {
      if (input === '') throw new Error('nothing to do')
      return input.length
    },
    { plugin: 'checksum', command: 'length', meterProvider },
  )
  const hash = instrumentCommand(async () => 'abc', { plugin: 'checksum', command: 'hash', meterProvider })
  for (let i = 0; i < 6; i++) run('some text')
  expect(() => run('')).toThrow('nothing to do')
  await hash()

  const report = await health.report()
  const { checksum } = report.plugins
  const executions = await pageOf(meterProvider, 'mcp.plugin.executions')
  expect(checksum).toMatchObject({ status: 'degraded', available: true, active: 0, recent_executions: 8 })
  expect(checksum?.executions).toEqual(executions)
  expect(executions).toMatchObject({ success: 7, error: 1, timeout: 0, cancelled: 0 })
  expect(checksum?.error_rate).toBe(1 / 8)
  expect(checksum?.message).toBe('12.5 % of 8 executions failed in 0 s (limit 10 %)')
  expect(checksum?.consecutive_failures).toBe(0)
  expect(checksum?.duration_p95).toBeGreaterThan(0)
  expect(checksum?.last_execution).toBe(new Date().toISOString())
  expectHealthBody(report)

  const gauge = await pageOf(meterProvider, 'mcp.health.check.status')
  expect(gauge).toEqual({ 'plugin:checksum': 0.5, overall: 0.5 })
  expect(await pageOf(meterProvider, 'mcp.health.check.duration')).toEqual({ 'plugin:checksum': 1 })
})

test('a plugin goes by its availability, and leaves report and page when it is unloaded', async () => {
  const { meterProvider, health } = setUp({ pluginPolicy: { ttl: 0, recoverAfter: 1 } })
  registerPlugin('search', { meterProvider, commands: ['find'] })
  expect((await health.report()).plugins['search']).toMatchObject({
    status: 'healthy',
    available: true,
    last_execution: null,
    error_rate: null,
    duration_p95: null,
  })
  setPluginUp('search', false, { meterProvider })
  const report = await health.report()
  expect(report.status).toBe('degraded')
  expect(report.plugins['search']).toMatchObject({ status: 'unhealthy', available: false, message: 'not available' })
  expect(await pageOf(meterProvider, 'mcp.health.check.status')).toEqual({ 'plugin:search': 0, overall: 0.5 })
  setPluginUp('search', true, { meterProvider })
  expect((await health.report()).plugins['search']?.status).toBe('healthy')
  unregisterPlugin('search', { meterProvider })
  expect((await health.report()).plugins).toEqual({})
  expect(await pageOf(meterProvider, 'mcp.health.check.status')).toEqual({ overall: 1 })
})

test('a plugin that is declared critical is asked for by readiness from its first moment', async () => {
  useFakeClock()
  const { meterProvider, health } = setUp({ pluginPolicy: { critical: ['payments'] } })
  expect(await health.probe('readiness')).toMatchObject({ status: 'healthy', checks: {} })
  setPluginUp('payments', false, { meterProvider })
  expect(await health.probe('readiness')).toMatchObject({ status: 'unhealthy' })
})

test('a plugin that is declared critical makes the whole unhealthy', async () => {
  const { meterProvider, health } = setUp({ pluginPolicy: { critical: ['payments'] } })
  setPluginUp('payments', false, { meterProvider })
  setPluginUp('thumbnails', false, { meterProvider })
  expect((await health.report()).status).toBe('unhealthy')
  expect(await health.probe('readiness')).toMatchObject({
    status: 'unhealthy',
    checks: { 'plugin:payments': { status: 'unhealthy', critical: true } },
  })
})

test('a probe is judged together with the figures, and its failure is told', async () => {
  let isThere = true
  const probe = async (): Promise<void> => {
    if (!isThere) throw new Error('executable is missing')
  }
  const { meterProvider, health } = setUp({ pluginPolicy: { ttl: 0, probes: { search: probe } } })
  registerPlugin('search', { meterProvider })
  registerPlugin('other', { meterProvider })
  expect((await health.report()).status).toBe('healthy')
  isThere = false
  const { plugins } = await health.report()
  expect(plugins['search']).toMatchObject({ status: 'unhealthy', available: true, message: 'executable is missing' })
  expect(plugins['other']?.status).toBe('healthy')
})

test('a few executions say nothing about the error rate until there are enough', async () => {
  const { meterProvider, health } = setUp({ pluginPolicy: { ttl: 0, minExecutions: 3 } })
  const fail = instrumentCommand(async () => Promise.reject(new Error('no')), {
    plugin: 'p',
    command: 'c',
    meterProvider,
  })
  const statuses: (string | undefined)[] = []
  for (let i = 0; i < 3; i++) {
    await fail().catch(() => {})
    statuses.push((await health.report()).plugins['p']?.status)
  }
  expect(statuses).toEqual(['healthy', 'healthy', 'unhealthy'])
})

test('failures that are older than the window count no more', async () => {
  useFakeClock()
  const { meterProvider, health } = setUp({
    window: 200,
    sampleInterval: 20,
    pluginPolicy: { ttl: 0, minExecutions: 1, recoverAfter: 1 },
  })
  const fail = instrumentCommand(async () => Promise.reject(new Error('no')), {
    plugin: 'p',
    command: 'c',
    meterProvider,
  })
  await fail().catch(() => {})
  expect((await health.report()).plugins['p']).toMatchObject({ status: 'unhealthy', error_rate: 1 })
  await pass(180)
  expect((await health.report()).plugins['p']).toMatchObject({ status: 'unhealthy', error_rate: 1 })
  await pass(40)
  expect((await health.report()).plugins['p']).toMatchObject({
    status: 'healthy',
    error_rate: null,
    consecutive_failures: 1,
  })
  expect((await health.report()).plugins['p']?.executions).toMatchObject({ error: 1 })
})

test('the figures of a queue are those of the page', async () => {
  useFakeClock()
  const { meterProvider, health } = setUp({
    window: 2000,
    sampleInterval: 20,
    queuePolicy: { degradedSize: 3, ttl: 0 },
  })
  const queue = instrumentQueue({ plugin: 'checksum', meterProvider })
  const tasks = Array.from({ length: 6 }, () => queue.wrap(async () => 'done'))
  const running = queue.wrap(() => new Promise<void>(() => {}))
  await pass(30)
  void running()
  await tasks[0]?.()
  await pass(70)
  const report = await health.report()
  expect(report.queue_size).toBe(5)
  expect(report.queues['checksum']).toMatchObject({ status: 'degraded', size: 5, active: 1 })
  expect(report.queues['checksum']?.message).toBe('5 jobs wait (limit 3), shrinking')
  expect(report.queues['checksum']).toMatchObject({ oldest_age: 0.1, processing_rate: 10, window: 0.1 })
  expect(report.queues['checksum']?.wait_p50).toBeGreaterThan(0)
  expect(await pageOf(meterProvider, 'mcp.queue.size')).toEqual({ checksum: 5 })
  expect(await pageOf(meterProvider, 'mcp.queue.active_jobs')).toEqual({ checksum: 1 })
  expect(await pageOf(meterProvider, 'mcp.queue.jobs')).toMatchObject({ success: 1 })
  expectHealthBody(report)
  expect(await pageOf(meterProvider, 'mcp.health.check.status')).toEqual({ 'queue:checksum': 0.5, overall: 0.5 })
})

test('a queue whose size nobody knows is shown as such, and counts as nothing', async () => {
  const { meterProvider, health } = setUp()
  instrumentQueue({ plugin: 'remote', scope: 'shared', engine: 'bullmq', meterProvider })
  const report = await health.report()
  expect(report.queue_size).toBe(0)
  expect(report.queues['remote']).toMatchObject({ status: 'healthy', size: null, oldest_age: null, trend: null })
  expectHealthBody(report)
})

test('the size of a queue that fills and empties has a trend', async () => {
  useFakeClock()
  let size = 0
  const health = createTestHealth({ window: 300, sampleInterval: 10, queues: () => [{ plugin: 'q', size }] })
  const queueAfter = async (step: number, samples: number) => {
    for (let sample = 0; sample < samples; sample++) {
      size += step
      await pass(10)
    }
    return (await health.report()).queues['q']
  }
  expect(await queueAfter(0, 1)).toMatchObject({ trend: 'steady', growth: 0 })
  expect(await queueAfter(5, 40)).toMatchObject({ trend: 'growing', growth: 500 })
  expect(await queueAfter(-2, 40)).toMatchObject({ trend: 'shrinking', growth: -200 })
  expect(await queueAfter(0, 40)).toMatchObject({ trend: 'steady', growth: 0 })
})

test('on another SDK the figures that listPlugins and listQueues have are shown all the same', async () => {
  const health = createTestHealth({
    meterProvider: { getMeter: () => ({}) as never },
    plugins: () => [
      {
        name: 'p',
        up: true,
        active: 2,
        executions: { success: 8, error: 2 },
        lastExecution: new Date(0),
        consecutiveFailures: 2,
      },
    ],
    queues: () => [{ plugin: 'p', size: 4, active: 2, oldestJobAge: 1.5, jobs: { success: 8 } }],
  })
  const { plugins, queues } = await health.report()
  expect(plugins['p']).toMatchObject({ active: 2, executions: { success: 8, error: 2 }, consecutive_failures: 2 })
  expect(queues['p']).toMatchObject({ size: 4, active: 2, oldest_age: 1.5 })
})

test('a source that throws is left out, and the rest is answered', async () => {
  const health = createTestHealth({
    plugins: () => {
      throw new Error('not ready')
    },
    queues: () => [{ plugin: 'p', size: 4 }],
  })
  const { status, plugins, queue_size } = await health.report()
  expect({ status, plugins, queue_size }).toEqual({ status: 'healthy', plugins: {}, queue_size: 4 })
})

test('plugins and queues are on the page without anybody asking, new ones within a second', async () => {
  useFakeClock()
  const { meterProvider } = setUp()
  registerPlugin('early', { meterProvider })
  await pass(0)
  expect(await pageOf(meterProvider, 'mcp.health.check.status')).toEqual({ 'plugin:early': 1, overall: 1 })
  registerPlugin('late', { meterProvider })
  setPluginUp('late', false, { meterProvider })
  instrumentQueue({ plugin: 'late', meterProvider })
  await pass(1000)
  const shown = { 'plugin:early': 1, 'plugin:late': 0, 'queue:late': 1, overall: 0.5 }
  expect(await pageOf(meterProvider, 'mcp.health.check.status')).toEqual(shown)
})
