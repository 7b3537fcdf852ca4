import { readFileSync } from 'node:fs'
import { mkdtempDisposable } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'

import { describe, expect, test } from 'vitest'

import { AppProcess, REGISTER } from '../../../test/support/app-process.ts'
import { startMockOtlp } from '../../../test/support/mock-otlp.ts'

const ENV = { MCP_OTEL_PORT: '0' }

const sorted = (records: readonly (readonly unknown[])[]) =>
  records.toSorted((a, b) => String(a[1]).localeCompare(String(b[1])))

/** An app that drains until it is told to end, by a line; it does so only once. */
const draining = (signal: string, listen = 'once') => `
  const server = require('node:http').createServer().listen(0, '127.0.0.1', () => console.log('up'))
  process.${listen}('${signal}', () => {
    console.log('draining, heard by', process.listenerCount('${signal}'))
    process.stdin.once('data', () => {
      process.stdin.destroy()
      server.close()
    })
  })`

describe.concurrent.each(['SIGTERM', 'SIGINT'] as const)('an app that drains on %s', (signal) => {
  test.each([
    ['on', /heard by 1$/m],
    ['once', /heard by 0$/m],
    ['prependListener', /heard by \d$/m],
  ])('by %s is not ready meanwhile, lives on, and ends as it wanted', async (listen, heard) => {
    await using app = new AppProcess(['--require', REGISTER, '-e', draining(signal, listen)], { env: ENV })
    const [endpoint] = await Promise.all([app.endpoint(), app.sees(/up/)])
    const status = async (of: string) => (await fetch(endpoint + of)).status
    expect([await status('/readyz'), await status('/livez')]).toEqual([200, 200])

    app.child.kill(signal)
    await app.sees(/draining/)
    expect([await status('/readyz'), await status('/health'), await status('/livez')]).toEqual([503, 503, 200])
    app.child.stdin?.write('end\n')
    expect(await app.exit()).toEqual({ code: 0, signal: null })
    expect(app.stdout).toMatch(heard)
  })
})

test('while the app listens to no signal, neither do we, so that even an app that is busy ends at once', async () => {
  const script = `
    const listener = () => {}
    process.on('SIGTERM', listener)
    process.removeListener('SIGTERM', listener)
    process.once('SIGTERM', listener)
    process.removeAllListeners('SIGTERM')
    setTimeout(() => {
      require('node:fs').writeSync(1, 'busy\\n')
      for (;;);
    }, 50)`
  await using app = new AppProcess(['--require', REGISTER, '-e', script], { env: ENV })
  await app.sees(/busy/)
  expect(await app.stop('SIGTERM')).toEqual({ code: null, signal: 'SIGTERM' })
})

test('what is recorded at the very end of a drain arrives, and the process ends by its signal', async () => {
  await using collector = await startMockOtlp()
  const script = `
    const { drainOnSignal, getTelemetry } = require('@mcp/otel')
    const { trace } = require('@opentelemetry/api')
    const server = require('node:http').createServer().listen(0, '127.0.0.1', () => console.log('up'))
    const onDrained = () => trace.getTracer('app').startSpan('last').end()
    drainOnSignal(getTelemetry().health, { servers: [server], gracePeriod: 1, onDrained })`
  const env = { ...ENV, OTEL_EXPORTER_OTLP_ENDPOINT: collector.httpUrl, OTEL_BSP_SCHEDULE_DELAY: '60000' }
  await using app = new AppProcess(['--require', REGISTER, '-e', script], { env })
  await app.sees(/up/)
  expect(await app.stop('SIGTERM')).toEqual({ code: null, signal: 'SIGTERM' })
  expect(collector.spans.all.map(({ name }) => name)).toContain('last')
})

test('changes of health are lines of the log file, and records of the collector once', async () => {
  await using folder = await mkdtempDisposable(path.join(tmpdir(), 'mcp-otel-'))
  await using collector = await startMockOtlp()
  const file = path.join(folder.path, 'mcp.log')
  const script = `
    const { health } = require('@mcp/otel').getTelemetry()
    let isUp = true
    health.check('store', () => isUp || { status: 'unhealthy', message: 'no answer' }, { ttl: 0 })
    process.on('SIGTERM', () => setTimeout(() => process.exit(0), 100))
    setInterval(() => {}, 1000)
    void health.report().then(async () => {
      for (isUp of [false, true]) await health.report()
      console.log('reported')
    })`
  await using app = new AppProcess(['--require', REGISTER, '-e', script], {
    env: { ...ENV, MCP_OTEL_LOG_FILE: file, OTEL_EXPORTER_OTLP_ENDPOINT: collector.httpUrl },
  })
  await app.sees(/reported/)
  expect(await app.stop()).toEqual({ code: 0, signal: null })

  const told = [
    ['INFO', 'health of overall: unhealthy -> healthy'],
    ['INFO', 'health of overall: healthy -> unhealthy (the process is draining)'],
    ['ERROR', 'health of store: healthy -> unhealthy (no answer)'],
    ['ERROR', 'health of overall: healthy -> unhealthy'],
    ['INFO', 'health of store: unhealthy -> healthy'],
  ]
  const lines = readFileSync(file, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>)
  expect(lines[0]).toMatchObject({
    levelname: 'ERROR',
    name: 'mcp.health',
    type: 'health',
    component: 'store',
    status: 'unhealthy',
    previous_status: 'healthy',
  })
  expect(sorted(lines.map(({ levelname, message }) => [levelname, message]))).toEqual(sorted(told))
  expect(sorted(collector.logs.all.map(({ severityText, body }) => [severityText, body]))).toEqual(sorted(told))
})
