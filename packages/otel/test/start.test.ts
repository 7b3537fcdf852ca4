import { registerPlugin, withExecution } from '@mcp/otel-plugin-instrumentation'
import { context, diag, logs, metrics, propagation, trace } from '@opentelemetry/api'
import { resourceFromAttributes } from '@opentelemetry/resources'
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics'
import { NodeSDK } from '@opentelemetry/sdk-node'
import { AlwaysOffSampler, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

import { freePort } from '../../../test/support/free-port.ts'
import { scrape } from '../../../test/support/scrape.ts'
import { serve } from '../../../test/support/serve.ts'
import { withVariables } from '../src/export/with-variables.ts'
import { mcpParts, start, type StartOptions, type Telemetry } from '../src/index.ts'

process.env['MCP_OTEL_PORT'] = '0'
process.env['MCP_OTEL_BANNER'] = 'off'

const said: string[] = []
beforeEach(() => {
  said.length = 0
  const say = (text: string) => void said.push(text)
  diag.setLogger({ error: say, warn: say, info() {}, debug() {}, verbose() {} }, { suppressOverrideMessage: true })
})

let running: Telemetry | undefined
afterEach(async () => {
  await running?.shutdown()
  for (const api of [trace, metrics, logs, propagation, context, diag]) api.disable()
})

function started(options: StartOptions = {}): Telemetry {
  return (running = start(options))
}

const inMemory = (temporality = AggregationTemporality.CUMULATIVE) => {
  const exporter = new InMemoryMetricExporter(temporality)
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 1e6 })
  const names = () =>
    new Set(
      exporter
        .getMetrics()
        .flatMap(({ scopeMetrics }) => scopeMetrics.flatMap((scope) => scope.metrics.map((it) => it.descriptor.name))),
    )
  return { exporter, reader, names }
}

describe('start()', () => {
  test('serves mcp_* and the metrics of the app on one page, each once', async () => {
    const telemetry = started()
    metrics.getMeter('the app').createCounter('app.things').add(2, { kind: 'a' })
    await withExecution({ plugin: 'p', command: 'c' }, async () => {})
    const page = await scrape((await telemetry.endpoint.ready)!)
    expect(page.of('app_things_total')).toEqual({ '{kind="a"}': 2 })
    expect(page.of('mcp_plugin_executions_total')['{plugin="p",command="c",status="success"}']).toBe(1)
    expect(page.text.match(/^# TYPE mcp_plugin_executions_total /gm)).toHaveLength(1)
  })

  test('a second call gives the telemetry that runs, and says that its options are not used', () => {
    const first = started()
    expect(start()).toBe(first)
    expect(said).toEqual([])
    expect(start({ endpoint: { port: 1 } })).toBe(first)
    expect(said).toEqual([expect.stringContaining('the options of start() are not used')])
  })

  test('after shutdown() it can be started anew, and its port is free again', async () => {
    const port = await freePort()
    const first = started({ endpoint: { port } })
    const url = (await first.endpoint.ready)!
    await first.shutdown()
    expect([first.state, first.endpoint.url]).toEqual(['stopped', undefined])
    const second = started({ endpoint: { port } })
    expect(await second.endpoint.ready).toBe(url)
    metrics.getMeter('the app').createCounter('app.things').add(1)
    expect((await scrape(url)).of('app_things_total')).toEqual({ '': 1 })
  })

  test('disabled, it does nothing, and the code of the app is the same', async () => {
    const telemetry = started({ disabled: true })
    expect(telemetry.state).toBe('disabled')
    expect(await telemetry.endpoint.ready).toBeUndefined()
    expect(telemetry.handler({} as never, {} as never)).toBe(false)
    telemetry.health.check('database', () => 'healthy')
    expect((await telemetry.health.report()).checks).toHaveProperty('database')
    expect(await telemetry.forceFlush()).toBe(true)
    await telemetry.shutdown()
  })

  test('wrong options are all named, and it starts all the same', () => {
    const options = { endpoint: { port: 'x' }, metrics: { seriesLimit: 0 }, health: { window: -1 }, bannr: true }
    const telemetry = started(options as never)
    expect(telemetry.state).toBe('running')
    expect(said).toEqual([
      expect.stringMatching(/^options\.endpoint\.port is "x"; .*; using 0 from MCP_OTEL_PORT$/),
      expect.stringMatching(/^options\.metrics\.seriesLimit is 0; .*; using 2000$/),
      expect.stringMatching(/^options\.bannr is not an option; did you mean options\.banner/),
      expect.stringMatching(/^options\.health cannot be used: /),
    ])
  })

  test.each([null, 7, 'x', []])('options that are %o do not stop it', (options) => {
    running = start(options as never)
    expect(running.state).toBe('running')
  })

  test('an SDK option that throws leaves the app as it is', () => {
    const broken = { sdk: { metricReaders: [{}] } }
    expect(started(broken as never).state).toBe('failed')
    expect(said.at(-1)).toMatch(/^@mcp\/otel cannot start: .*; the app runs on without it$/)
  })
})

describe('options of NodeSDK', () => {
  test("the app's own readers get mcp_*, with their own temporality", async () => {
    const { exporter, names, reader } = inMemory(AggregationTemporality.DELTA)
    started({ sdk: { metricReaders: [reader] } })
    metrics.getMeter('the app').createCounter('app.things').add(2)
    await withExecution({ plugin: 'p2', command: 'c' }, async () => {})
    await reader.forceFlush()
    expect(names()).toContain('mcp.plugin.executions')
    expect(names()).toContain('app.things')
    exporter.reset()
    await withExecution({ plugin: 'p2', command: 'c' }, async () => {})
    await reader.forceFlush()
    const points = exporter
      .getMetrics()
      .flatMap(({ scopeMetrics }) =>
        scopeMetrics.flatMap((scope) => scope.metrics.filter((it) => it.descriptor.name === 'mcp.plugin.executions')),
      )
    expect(
      points[0]?.dataPoints.find(
        ({ attributes }) => attributes['plugin'] === 'p2' && attributes['status'] === 'success',
      )?.value,
    ).toBe(1)
  })

  test('its span processors take the place of those of the environment, and are flushed', async () => {
    const exporter = new InMemorySpanExporter()
    const telemetry = started({ sdk: { spanProcessors: [new SimpleSpanProcessor({ exporter })] } })
    trace.getTracer('the app').startSpan('one').end()
    expect(await telemetry.forceFlush()).toBe(true)
    expect(exporter.getFinishedSpans().map(({ name }) => name)).toEqual(['one'])
  })

  test('its limits of spans and its resource go before those of the environment', () => {
    const exporter = new InMemorySpanExporter()
    const env = {
      OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT: '5',
      OTEL_SPAN_EVENT_COUNT_LIMIT: '1',
      OTEL_RESOURCE_ATTRIBUTES: 'team=of the environment,region=north',
    }
    withVariables(env, () =>
      started({
        sdk: {
          spanProcessors: [new SimpleSpanProcessor({ exporter })],
          spanLimits: { attributeCountLimit: 2 },
          resource: resourceFromAttributes({ team: 'of the code' }),
        },
      }),
    )
    const span = trace.getTracer('the app').startSpan('one', { attributes: { a: 1, b: 2, c: 3 } })
    span.addEvent('first').addEvent('second').end()
    const [told] = exporter.getFinishedSpans()
    expect(told).toMatchObject({ droppedAttributesCount: 1, droppedEventsCount: 1 })
    expect(told?.resource.attributes).toMatchObject({ team: 'of the code', region: 'north' })
  })

  test('its sampler decides also where nothing exports spans', () => {
    started({ sdk: { sampler: new AlwaysOffSampler() } })
    const span = trace.getTracer('the app').startSpan('one')
    expect(span.spanContext()).toMatchObject({ traceFlags: 0, traceId: expect.stringMatching(/^[0-9a-f]{32}$/) })
    expect(span.isRecording()).toBe(false)
  })
})

describe('without an exporter of spans', () => {
  test('spans record nothing but have ids, and children belong to the trace of their parent', () => {
    started()
    const tracer = trace.getTracer('the app')
    tracer.startActiveSpan('outer', (outer) => {
      const inner = tracer.startSpan('inner').spanContext()
      expect(outer.isRecording()).toBe(false)
      expect(inner.traceId).toBe(outer.spanContext().traceId)
      expect(inner.spanId).not.toBe(outer.spanContext().spanId)
      expect(inner.traceFlags).toBe(1)
      const carrier: Record<string, string> = {}
      propagation.inject(context.active(), carrier)
      expect(carrier['traceparent']).toBe(`00-${inner.traceId}-${outer.spanContext().spanId}-01`)
    })
    expect(tracer.startSpan('root', { root: true }).spanContext().traceId).toMatch(/^[0-9a-f]{32}$/)
  })
})

describe('mcpParts() in an own NodeSDK', () => {
  test('give mcp_* to its readers and to the page, and observe requests', async () => {
    const parts = mcpParts()
    const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE)
    const reader = new PeriodicExportingMetricReader({
      exporter,
      exportIntervalMillis: 1e6,
      metricProducers: [parts.metricProducer()],
    })
    const sdk = new NodeSDK({
      metricReaders: [parts.metricReader, reader],
      instrumentations: [parts.instrumentations],
      spanProcessors: [],
      logRecordProcessors: [],
    })
    sdk.start()
    metrics.getMeter('the app').createCounter('app.things').add(3)
    registerPlugin('parts')
    await using server = await serve((request, response) => {
      if (!parts.handler(request, response)) response.end('the app')
    })
    expect(await (await fetch(`${server.url}/x`)).text()).toBe('the app')
    await scrape(server.url)
    const page = await scrape(server.url)
    expect(page.of('mcp_requests_total')).toMatchObject({ '{method="GET",endpoint="/metrics",status="200"}': 1 })
    expect(page.of('mcp_plugin_up')).toMatchObject({ '{plugin="parts"}': 1 })
    expect(page.of('app_things_total')).toEqual({ '': 3 })
    expect(Object.keys(page.of('mcp_requests_total'))).toContain('{method="GET",endpoint="unmatched",status="200"}')
    await reader.forceFlush()
    const sent = exporter
      .getMetrics()
      .flatMap(({ scopeMetrics }) => scopeMetrics.flatMap((scope) => scope.metrics.map((it) => it.descriptor.name)))
    expect(sent).toContain('mcp.requests')
    expect(sent.filter((name) => name === 'mcp.requests')).toHaveLength(1)
    parts.health.stop()
    for (const instrumentation of parts.instrumentations) instrumentation.disable()
    await sdk.shutdown()
  })
})
