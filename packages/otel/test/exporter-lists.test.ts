import path from 'node:path'

import { expect, test } from 'vitest'

import { AppProcess, REGISTER } from '../../../test/support/app-process.ts'
import { startMockOtlp, type MockOtlp } from '../../../test/support/mock-otlp.ts'
import { scrape } from '../../../test/support/scrape.ts'
import { serve } from '../../../test/support/serve.ts'

const SIGNALS = ['TRACES', 'METRICS', 'LOGS'] as const
type Signal = (typeof SIGNALS)[number]

/** Records one of each, and lives as long as its stdin. */
const APP = `
  const { trace, metrics, logs } = require('@opentelemetry/api')
  trace.getTracer('app').startSpan('a.span').end()
  metrics.getMeter('app').createCounter('a.counter').add(1)
  logs.getLogger('app').emit({ body: 'a.record' })
  console.log('the app is up')
  process.stdin.resume()`

/** How the console exporters print each. */
const PRINTED: Readonly<Record<Signal, RegExp>> = {
  TRACES: /name: 'a\.span'/g,
  METRICS: /name: 'a\.counter'/g,
  LOGS: /body: 'a\.record'/g,
}

interface Run {
  readonly name: string
  readonly exporters: Readonly<Record<Signal, string>>
  readonly env?: Readonly<Record<string, string>>
}

/** Runs the app to its end, and returns where each signal's record has arrived. */
async function run(collector: MockOtlp, { env = {}, exporters, name }: Run) {
  await using app = new AppProcess(['--require', REGISTER, '-e', APP], {
    env: {
      MCP_OTEL_PORT: '0',
      OTEL_SERVICE_NAME: name,
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.httpUrl,
      ...Object.fromEntries(SIGNALS.map((signal) => [`OTEL_${signal}_EXPORTER`, exporters[signal]])),
      ...env,
    },
  })
  await app.sees(/the app is up/)
  await app.sees(/ observes /)
  const [, endpoint] = /(http:\/\/127\.0\.0\.1:\d+)\/metrics/.exec(app.stderr) ?? []
  const page = endpoint === undefined ? undefined : await scrape(endpoint)
  app.child.stdin?.end()
  expect(await app.exit()).toEqual({ code: 0, signal: null })

  const ofIt = ({ resource }: { readonly resource: Readonly<Record<string, unknown>> }) =>
    resource['service.name'] === name
  const pushed = {
    TRACES: collector.spans.all.filter(ofIt).map((span) => span.name),
    METRICS: [...new Set(collector.points.all.filter(ofIt).map((point) => point.name))],
    LOGS: collector.logs.all.filter(ofIt).map(({ body }) => body),
  }
  const printed = Object.fromEntries(SIGNALS.map((signal) => [signal, app.stdout.match(PRINTED[signal])?.length ?? 0]))
  return { app, page, pushed, printed }
}

const accepted = (words: string) => `expected one or more, separated by commas, of ${words}, or none`
const everySignal = (exporters: string) => Object.fromEntries(SIGNALS.map((it) => [it, exporters])) as Run['exporters']

test.each(SIGNALS)('OTEL_%s_EXPORTER=otlp,console reaches both, and other signals neither', async (signal) => {
  await using collector = await startMockOtlp()
  const exporters = { ...everySignal('none'), [signal]: 'otlp,console' }
  const { app, printed, pushed } = await run(collector, { name: `both ${signal}`, exporters })
  expect(printed).toEqual({ TRACES: 0, METRICS: 0, LOGS: 0, [signal]: 1 })
  const own = {
    TRACES: ['a.span'],
    METRICS: expect.arrayContaining(['a.counter', 'mcp.build_info']),
    LOGS: ['a.record'],
  }
  expect(pushed).toEqual({ TRACES: [], METRICS: [], LOGS: [], [signal]: own[signal] })
  expect(app.stderr).toContain(`${signal.toLowerCase()} to console`)
})

test.each([
  ['process.exit()', 'process.exit(3)', 3],
  ['an error that nothing catches', `throw new Error('of the app')`, 1],
])('what is left to print is printed when the app ends by %s', async (_how, end, code) => {
  const script = APP.replace('process.stdin.resume()', end)
  const env = Object.fromEntries(SIGNALS.map((signal) => [`OTEL_${signal}_EXPORTER`, 'console']))
  await using app = new AppProcess(['--require', REGISTER, '-e', script], { env: { MCP_OTEL_PORT: '0', ...env } })
  expect(await app.exit()).toEqual({ code, signal: null })
  for (const signal of SIGNALS) expect(app.stdout.match(PRINTED[signal]), signal).toHaveLength(1)
})

test('none is neither pushed nor printed, though an endpoint is set', async () => {
  await using collector = await startMockOtlp()
  const { app, page, printed, pushed } = await run(collector, { name: 'none', exporters: everySignal('none') })
  expect(pushed).toEqual({ TRACES: [], METRICS: [], LOGS: [] })
  expect(printed).toEqual({ TRACES: 0, METRICS: 0, LOGS: 0 })
  expect(page).toBeUndefined()
  expect(app.stdout).toBe('the app is up\n')
  expect(app.stderr).toMatch(/^\[mcp-otel\] .*: no endpoint of its own; exports nothing; .*\n$/)
})

test('prometheus alone serves metrics and pushes none, while traces and logs go where the endpoint says', async () => {
  await using collector = await startMockOtlp()
  const exporters = { TRACES: '', LOGS: '', METRICS: 'prometheus' }
  const { page, printed, pushed } = await run(collector, { name: 'pulled', exporters })
  expect(page?.of('a_counter_total')).toEqual({ '': 1 })
  expect(pushed).toEqual({ TRACES: ['a.span'], METRICS: [], LOGS: ['a.record'] })
  expect(printed).toEqual({ TRACES: 0, METRICS: 0, LOGS: 0 })
})

test('what is no exporter is named with what is accepted, the others in the list are used, and the app goes on', async () => {
  await using collector = await startMockOtlp()
  const posted: string[] = []
  await using zipkin = await serve(async (request, response) => {
    for await (const chunk of request) posted.push(String(chunk))
    response.writeHead(202).end()
  })
  const { app, page, printed, pushed } = await run(collector, {
    name: 'mistaken',
    exporters: { TRACES: 'console,statsd,zipkin', METRICS: 'statsd,otlp,prometheus', LOGS: 'prometheus' },
    env: { OTEL_EXPORTER_ZIPKIN_ENDPOINT: `${zipkin.url}/api/v2/spans` },
  })
  expect(app.stderr.split('\n').filter((line) => line.includes(' is "'))).toEqual([
    `[mcp-otel] OTEL_METRICS_EXPORTER is "statsd,otlp,prometheus"; ${accepted('otlp, console and prometheus')}; using otlp,prometheus from OTEL_METRICS_EXPORTER`,
    `[mcp-otel] OTEL_TRACES_EXPORTER is "console,statsd,zipkin"; ${accepted('otlp, console and zipkin')}; using console,zipkin from OTEL_TRACES_EXPORTER`,
    `[mcp-otel] OTEL_LOGS_EXPORTER is "prometheus"; ${accepted('otlp and console')}; using otlp`,
  ])
  expect(posted.join('')).toContain('"name":"a.span"')
  expect(page?.of('a_counter_total')).toEqual({ '': 1 })
  expect(printed).toEqual({ TRACES: 1, METRICS: 0, LOGS: 0 })
  expect(pushed).toEqual({ TRACES: [], METRICS: expect.arrayContaining(['a.counter']), LOGS: ['a.record'] })
})

test('an exporter that prints to the stdout of a server over stdio is named, or moved to stderr where that is wished for', async () => {
  const server = path.join(import.meta.dirname, 'fixtures', 'stdio-server.mjs')
  const hello = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'raw', version: '1' } }
  const start = (env: Record<string, string>) =>
    new AppProcess(['--require', REGISTER, server], {
      cwd: path.dirname(server),
      env: { MCP_OTEL_PORT: '0', OTEL_TRACES_EXPORTER: 'console', OTEL_LOGS_EXPORTER: 'console', ...env },
    })
  await using mixed = start({})
  await using guarded = start({ MCP_OTEL_MCP_GUARD_STDOUT: 'on' })
  for (const app of [mixed, guarded]) {
    app.child.stdin?.write(`${JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'initialize', params: hello })}\n`)
    await app.sees(/name: 'initialize'/)
    await app.sees(/"jsonrpc":"2\.0"/)
    app.child.stdin?.end()
    await app.exit()
  }
  expect(mixed.stdout).toContain("name: 'initialize'")
  expect(mixed.stderr).toContain(
    '[mcp-otel] the console exporter of traces, logs prints to the stdout on which an MCP server speaks',
  )
  expect(guarded.stderr).toContain("name: 'initialize'")
  expect(guarded.stderr).not.toContain('the console exporter')
  for (const line of guarded.stdout.trim().split('\n')) expect(JSON.parse(line)).toHaveProperty('jsonrpc')
})
