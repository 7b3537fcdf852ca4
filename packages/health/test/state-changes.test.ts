import { subscribe, unsubscribe } from 'node:diagnostics_channel'

import { createMeterProvider } from '@mcp/otel-core'
import { context, diag, DiagLogLevel, logs, propagation, trace } from '@opentelemetry/api'
import type { Attributes, DiagLogger } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { InMemoryLogRecordExporter, LoggerProvider, SimpleLogRecordProcessor } from '@opentelemetry/sdk-logs'
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace'
import { afterEach, beforeEach, expect, test } from 'vitest'

import { describeChange, HEALTH_CHANGE_CHANNEL } from '../src/state-change.ts'
import type { HealthChange } from '../src/state-change.ts'
import { createTestHealth } from './support/create-test-health.ts'
import { pass, useFakeClock } from './support/fake-clock.ts'

const spans = new InMemorySpanExporter()
const records = new InMemoryLogRecordExporter()
const tracerProvider = new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter: spans })] })

beforeEach(() => {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
  trace.setGlobalTracerProvider(tracerProvider)
  logs.setGlobalLoggerProvider(
    new LoggerProvider({ processors: [new SimpleLogRecordProcessor({ exporter: records })] }),
  )
})

afterEach(() => {
  for (const api of [context, trace, logs, propagation, diag]) api.disable()
  spans.reset()
  records.reset()
})

test('a change is told to onChange, the channel, the log and a span, each time once', async () => {
  const told: HealthChange[] = []
  const heard: HealthChange[] = []
  const onMessage = (message: unknown): void => void heard.push(message as HealthChange)
  subscribe(HEALTH_CHANGE_CHANNEL, onMessage)
  const health = createTestHealth({ onChange: (change) => told.push(change), tracerProvider })
  let error: Error | undefined
  health.check(
    'redis',
    () => {
      if (error) throw error
    },
    { ttl: 0 },
  )
  await health.report()
  error = new Error('connect redis://u:hunter2@db refused')
  await health.report()
  await health.report()
  error = undefined
  await health.report()
  unsubscribe(HEALTH_CHANGE_CHANNEL, onMessage)

  expect(told.map(describeChange)).toEqual([
    'health of redis: healthy -> unhealthy (connect redis://[redacted]@db refused)',
    'health of overall: healthy -> unhealthy',
    'health of redis: unhealthy -> healthy',
    'health of overall: unhealthy -> healthy',
  ])
  expect(heard).toEqual(told)
  const lines = records.getFinishedLogRecords()
  expect(lines.map(({ eventName, severityText, body }) => [eventName, severityText, body])).toEqual(
    told.map((change) => [HEALTH_CHANGE_CHANNEL, change.to === 'healthy' ? 'INFO' : 'ERROR', describeChange(change)]),
  )
  expect(lines[0]?.attributes).toMatchObject({
    'mcp.health.component': 'redis',
    'mcp.health.status': 'unhealthy',
    'mcp.health.previous_status': 'healthy',
  })
  const events = spans
    .getFinishedSpans()
    .flatMap((span) =>
      span.events.map(({ name, attributes }) => [span.name, name, attributes?.['mcp.health.component']]),
    )
  expect(events).toEqual(told.map(({ component }) => ['health change', HEALTH_CHANGE_CHANNEL, component]))
})

test('a change that a request finds out is an event of its span', async () => {
  const health = createTestHealth({ tracerProvider })
  health.check('redis', () => false)
  const tracer = tracerProvider.getTracer('test')
  await tracer.startActiveSpan('GET /health', async (span) => {
    await health.report()
    span.end()
  })
  const [span, ...others] = spans.getFinishedSpans()
  expect(others).toEqual([])
  expect(
    span?.events.map(({ attributes }: { attributes?: Attributes }) => attributes?.['mcp.health.component']),
  ).toEqual(['redis', 'overall'])
})

test('the first state is told only when it is not healthy', async () => {
  const told: string[] = []
  const health = createTestHealth({ onChange: (change) => told.push(describeChange(change)) })
  health.check('good', () => true)
  health.check('bad', () => 'degraded')
  await health.report()
  expect(told).toEqual(['health of bad: degraded', 'health of overall: healthy -> degraded'])
})

test('a drain says that it is one, and is no error in the log', async () => {
  const health = createTestHealth()
  await health.report()
  void health.drain()
  await health.report()
  health.resume()
  await health.report()
  expect(records.getFinishedLogRecords().map(({ body, severityText }) => [body, severityText])).toEqual([
    ['health of overall: healthy -> unhealthy (the process is draining)', 'INFO'],
    ['health of overall: unhealthy -> healthy', 'INFO'],
  ])
})

test('what a check does leaves no spans', async () => {
  const health = createTestHealth({ tracerProvider })
  const tracer = tracerProvider.getTracer('some-instrumentation')
  health.check('db', async () => {
    tracer.startSpan('SELECT 1').end()
    await Promise.resolve()
    tracer.startSpan('SELECT 2').end()
  })
  await health.report()
  expect(spans.getFinishedSpans()).toEqual([])
})

test('listeners and loggers that throw change nothing, and are told of through diag', async () => {
  const said: string[] = []
  const logger: DiagLogger = {
    error: (text) => said.push(text),
    warn: () => {},
    info: () => {},
    debug: () => {},
    verbose: () => {},
  }
  diag.setLogger(logger, DiagLogLevel.ERROR)
  const health = createTestHealth({
    onChange: () => {
      throw new Error('token=hunter2')
    },
  })
  health.check('bad', () => false)
  expect((await health.report()).status).toBe('unhealthy')
  expect(said.filter((text) => text.includes('onChange'))).toEqual([
    '[mcp-otel] telling a health change failed in the onChange: token=[redacted]; the check itself goes on',
    '[mcp-otel] telling a health change failed in the onChange: token=[redacted]; the check itself goes on',
  ])
})

test('the state is on the page from the start, without anybody asking', async () => {
  useFakeClock()
  const meterProvider = createMeterProvider()
  const page = () => meterProvider.readSeries('mcp.health.check.status').map(({ value }) => value)
  const health = createTestHealth({ meterProvider })
  await Promise.resolve()
  expect(page()).toEqual([1])
  health.check('redis', () => 'degraded')
  await pass(0)
  expect(page()).toEqual([0.5, 0.5])
})

test('state and duration are on the page, and gone with the check', async () => {
  const meterProvider = createMeterProvider()
  const health = createTestHealth({ meterProvider })
  const remove = health.check('redis', () => 'degraded', { ttl: 0 })
  await health.report()
  await health.report()
  const series = (name: string) =>
    meterProvider
      .readSeries(name)
      .map(({ attributes, value }) => [attributes['component'], typeof value === 'number' ? value : value.count])
  expect(series('mcp.health.check.status')).toEqual([
    ['overall', 0.5],
    ['redis', 0.5],
  ])
  expect(series('mcp.health.check.duration')).toEqual([['redis', 2]])
  remove()
  await Promise.resolve()
  expect(series('mcp.health.check.status')).toEqual([['overall', 1]])
  expect(series('mcp.health.check.duration')).toEqual([])
  health.stop()
  expect(series('mcp.health.check.status')).toEqual([])
  await health.report()
  expect(series('mcp.health.check.status')).toEqual([])
})
