import { withExecution } from '@mcp/otel-plugin-instrumentation'
import { diag, metrics } from '@opentelemetry/api'
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics'
import { NodeSDK } from '@opentelemetry/sdk-node'
import { InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace'
import { expect, test } from 'vitest'

import { AppProcess, REGISTER } from '../../../test/support/app-process.ts'
import { scrape } from '../../../test/support/scrape.ts'
import { start } from '../src/index.ts'

test('an SDK that was there first keeps its traces and metrics, and gets mcp_* as the endpoint does', async () => {
  const said: string[] = []
  const say = (text: string) => void said.push(text)
  diag.setLogger({ error: say, warn: say, info() {}, debug() {}, verbose() {} }, { suppressOverrideMessage: true })
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE)
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 1e6 })
  const spans = new InMemorySpanExporter()
  const spanProcessors = [new SimpleSpanProcessor({ exporter: spans })]
  const theirs = new NodeSDK({ metricReaders: [reader], spanProcessors, logRecordProcessors: [] })
  theirs.start()
  const before = metrics.getMeterProvider()
  const telemetry = start({ banner: false, endpoint: { port: 0 } })
  expect(metrics.getMeterProvider()).toBe(before)
  expect(said).toEqual([expect.stringContaining('another OpenTelemetry SDK provides metrics already')])

  await withExecution({ plugin: 'both', command: 'c' }, async () => {})
  await reader.forceFlush()
  const names = exporter
    .getMetrics()
    .flatMap(({ scopeMetrics }) => scopeMetrics.flatMap((scope) => scope.metrics.map((it) => it.descriptor.name)))
  expect(names).toContain('mcp.plugin.executions')
  expect(spans.getFinishedSpans()).toHaveLength(1)
  const page = await scrape((await telemetry.endpoint.ready)!)
  expect(page.of('mcp_plugin_executions_total')['{plugin="both",command="c",status="success"}']).toBe(1)
  await telemetry.shutdown()
  expect(metrics.getMeterProvider()).toBe(before)
  await theirs.shutdown()
})

test('an SDK that comes later is told in our words why it is not heard', async () => {
  const script = `
    const { MeterProvider } = require('@opentelemetry/sdk-metrics')
    require('@opentelemetry/api').metrics.setGlobalMeterProvider(new MeterProvider())`
  await using app = new AppProcess(['--require', REGISTER, '-e', script], {
    cwd: import.meta.dirname,
    env: { MCP_OTEL_PORT: '0', MCP_OTEL_BANNER: 'off' },
  })
  expect(await app.exit()).toEqual({ code: 0, signal: null })
  expect(app.stderr).toBe(
    '[mcp-otel] the app sets up an OpenTelemetry SDK of its own after @mcp/otel did: its metrics provider is ignored; ' +
      'give its options to start({ sdk }), or take ours into it with mcpParts()\n',
  )
})

test('with an older API registered first there are mcp_* on the endpoint, and a line says what is missing', async () => {
  const script = `
    const api = require('opentelemetry-api-1.9')
    api.metrics.setGlobalMeterProvider({ getMeter: () => api.createNoopMeter() })
    const { start, withExecution } = require('@mcp/otel')
    const telemetry = start({ endpoint: { port: 0 }, banner: false, metrics: { seriesLimit: -1 } })
    withExecution({ plugin: 'p', command: 'c' }, async () => {}).then(async () => {
      const page = await (await fetch((await telemetry.endpoint.ready) + '/metrics')).text()
      console.log(page.match(/^mcp_plugin_executions_total\\{plugin="p",command="c",status="success"\\} 1$/m)?.[0])
    })`
  await using app = new AppProcess(['-e', script], { cwd: import.meta.dirname })
  await app.exit()
  expect(app.stdout).toBe('mcp_plugin_executions_total{plugin="p",command="c",status="success"} 1\n')
  expect(app.stderr.split('\n')).toEqual([
    expect.stringMatching(/^\[mcp-otel\] options\.metrics\.seriesLimit is -1; .*; using 2000$/),
    expect.stringMatching(/^\[mcp-otel\] version 1\.9\.0 of @opentelemetry\/api was registered before/),
    '',
  ])
})
