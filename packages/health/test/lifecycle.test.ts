import { createMeterProvider } from '@mcp/otel-core'
import { expect, test } from 'vitest'

import { healthResource, healthTool } from '../src/protocol-health.ts'
import { publicView } from '../src/report.ts'
import { createTestHealth } from './support/create-test-health.ts'
import { pass, useFakeClock } from './support/fake-clock.ts'

test('a process is ready from the start, unless it says that it will tell', async () => {
  expect(await createTestHealth().probe('readiness')).toEqual({ status: 'healthy', process: 'running', checks: {} })
  const manual = createTestHealth({ manualStart: true })
  for (const group of ['readiness', 'startup']) {
    expect(await manual.probe(group)).toMatchObject({ status: 'unhealthy', process: 'starting' })
  }
  expect(await manual.probe('liveness')).toMatchObject({ status: 'healthy', process: 'starting' })
  manual.started()
  for (const group of ['readiness', 'startup']) {
    expect(await manual.probe(group)).toMatchObject({ status: 'healthy', process: 'running' })
  }
})

test('startup waits for its critical checks once, and never goes back', async () => {
  const health = createTestHealth()
  let isMigrated = false
  health.check('migrations', () => isMigrated, { groups: ['startup'], ttl: 0 })
  health.check('cache_is_warm', () => false, { groups: ['startup'], ttl: 0, critical: false })
  expect(await health.probe('readiness')).toMatchObject({ status: 'unhealthy', process: 'starting' })
  expect(await health.probe('startup')).toMatchObject({
    status: 'unhealthy',
    checks: { migrations: { status: 'unhealthy' } },
  })
  isMigrated = true
  expect(await health.probe('startup')).toMatchObject({ status: 'healthy', process: 'running' })
  isMigrated = false
  expect(await health.probe('startup')).toMatchObject({ status: 'healthy', process: 'running' })
  expect(await health.probe('readiness')).toMatchObject({ status: 'healthy', process: 'running' })
})

test('readiness alone sees the startup through: nobody has to probe startup', async () => {
  const health = createTestHealth()
  health.check('migrations', () => true, { groups: ['startup'] })
  expect(await health.probe('readiness')).toMatchObject({ status: 'healthy', process: 'running' })
})

test('drain turns readiness and health at once, resolves after the grace period, and can be taken back', async () => {
  useFakeClock()
  const health = createTestHealth()
  let isDrained = false
  void health.drain(60).then(() => (isDrained = true))
  expect(await health.probe('readiness')).toMatchObject({ status: 'unhealthy', process: 'draining' })
  expect(await health.probe('liveness')).toMatchObject({ status: 'healthy', process: 'draining' })
  expect(await health.probe('startup')).toMatchObject({ status: 'healthy', process: 'draining' })
  expect(await health.report()).toMatchObject({
    status: 'unhealthy',
    server: { status: 'healthy', process: 'draining' },
  })
  void health.drain(60_000)
  await pass(59)
  expect(isDrained).toBe(false)
  await pass(1)
  expect(isDrained).toBe(true)
  health.resume()
  expect(await health.probe('readiness')).toMatchObject({ status: 'healthy', process: 'running' })
})

test('a drain without a grace period leaves its own to the one that closes the servers', async () => {
  useFakeClock()
  const health = createTestHealth()
  await health.drain()
  let isServed = false
  void health.drain(60).then(() => (isServed = true))
  expect(await health.probe('readiness')).toMatchObject({ status: 'unhealthy', process: 'draining' })
  await pass(59)
  expect(isServed).toBe(false)
  await pass(1)
  expect(isServed).toBe(true)
})

test('who drains within the grace period of another waits for the rest of it, and after a resume there is a new one', async () => {
  useFakeClock()
  const health = createTestHealth()
  const served: string[] = []
  const drain = (name: string, period?: number): void => void health.drain(period).then(() => served.push(name))
  drain('first', 60)
  drain('second')
  await pass(59)
  expect(served).toEqual([])
  await pass(1)
  expect(served).toEqual(['first', 'second'])
  health.resume()
  drain('third', 60)
  await pass(59)
  expect(served).toHaveLength(2)
  await pass(1)
  expect(served).toHaveLength(3)
})

test('a drain is on the page without anybody asking', async () => {
  const meterProvider = createMeterProvider()
  const health = createTestHealth({ meterProvider })
  void health.drain()
  await Promise.resolve()
  expect(meterProvider.readSeries('mcp.health.check.status')).toEqual([
    { attributes: { component: 'overall' }, value: 0 },
  ])
})

test('drain refuses a period that is none', () => {
  const health = createTestHealth()
  for (const period of [-1, Number.NaN, '5s', 2 ** 31]) {
    expect(() => health.drain(period as number)).toThrow('grace period is')
  }
})

test('as a tool it answers the public fields, and the whole where that is switched on', async () => {
  const health = createTestHealth({ plugins: () => [{ name: 'search', up: false }] })
  health.check('db', () => false)
  const tool = healthTool(health)
  expect([tool.name, tool.inputSchema.type, tool.annotations.readOnlyHint]).toEqual(['health', 'object', true])
  const answer = await tool.handler()
  expect(Object.keys(answer.structuredContent)).toEqual(['status', 'version', 'uptime', 'queue_size', 'plugins'])
  expect(JSON.parse(answer.content[0]?.text ?? '')).toEqual(answer.structuredContent)
  expect(answer.structuredContent).toMatchObject({ status: 'unhealthy', plugins: { search: { status: 'unhealthy' } } })
  const detailed = await healthTool(health, { detailed: true }).handler()
  expect(detailed.structuredContent).toMatchObject({ checks: { db: { status: 'unhealthy' } } })
})

test('as a resource it answers the same body', async () => {
  const health = createTestHealth()
  const { uri, mimeType, handler } = healthResource(health, { detailed: true })
  const { contents } = await handler()
  expect(contents).toEqual([{ uri, mimeType, text: expect.any(String) as string }])
  expect(publicView(JSON.parse(contents[0]?.text ?? ''))).toMatchObject({ status: 'healthy', version: '1.2.3' })
})
