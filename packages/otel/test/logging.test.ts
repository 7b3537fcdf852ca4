import { readFileSync } from 'node:fs'
import { mkdtempDisposable } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'

import { expect, test } from 'vitest'

import { AppProcess, REGISTER } from '../../../test/support/app-process.ts'
import { startMockOtlp } from '../../../test/support/mock-otlp.ts'

const fixture = (name: string) => path.join(import.meta.dirname, 'fixtures', name)
const ENV = { MCP_OTEL_PORT: '0', MCP_OTEL_BANNER: 'off' }

type Line = Readonly<Record<string, unknown>>
const linesOf = (file: string) =>
  readFileSync(file, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Line)

test("the app's own winston lines carry the trace of the request, and go to the collector once", async () => {
  await using collector = await startMockOtlp()
  await using app = new AppProcess(['--require', REGISTER, fixture('logging.mjs')], {
    env: { ...ENV, OTEL_EXPORTER_OTLP_ENDPOINT: collector.httpUrl },
  })
  const [, url] = await app.sees(/listening on (\S+)/)
  await fetch(`${url}/a`)
  const [line] = await app.sees(/^\{.*"handled".*\}$/m)
  const { trace_id: traceId, ...rest } = JSON.parse(line) as Line
  expect(rest).toMatchObject({ level: 'info', message: 'handled', path: '/a' })
  expect(traceId).toMatch(/^[0-9a-f]{32}$/)
  await app.stop()
  expect(collector.logs.all).toMatchObject([{ body: 'handled', traceId }])
})

test('where a file is set, requests, plugin executions and what ends the process are written to it', async () => {
  await using folder = await mkdtempDisposable(path.join(tmpdir(), 'mcp-otel-'))
  const file = path.join(folder.path, 'mcp.log')
  const script = `
    const { withExecution } = require('@mcp/otel')
    const server = require('node:http').createServer((request, response) => response.end()).listen(0, '127.0.0.1')
    server.on('listening', async () => {
      await withExecution({ plugin: 'p', command: 'c' }, async () => {})
      await fetch('http://127.0.0.1:' + server.address().port + '/a')
      setTimeout(() => { throw new TypeError('nobody catches this') }, 50)
    })`
  await using app = new AppProcess(['--require', REGISTER, '-e', script], { env: { ...ENV, MCP_OTEL_LOG_FILE: file } })
  expect(await app.exit()).toEqual({ code: 1, signal: null })
  expect(app.stdout).toBe('')
  expect(linesOf(file)).toMatchObject([
    { levelname: 'INFO', type: 'plugin', plugin: 'p', command: 'c', status: 'success' },
    { levelname: 'INFO', type: 'access', method: 'GET', path: '/a', status: 200 },
    { levelname: 'ERROR', type: 'error', error: expect.stringContaining('nobody catches this') },
  ])
})

test('an app that makes its loggers with our package is observed without a word, and ends by a signal with all delivered', async () => {
  await using folder = await mkdtempDisposable(path.join(tmpdir(), 'mcp-otel-'))
  const file = path.join(folder.path, 'mcp.log')
  await using collector = await startMockOtlp()
  const script = `
    const logger = require('@mcp/otel-logging').createLogger({ console: false, file: ${JSON.stringify(file)}, batch: true })
    require('@opentelemetry/api').trace.getTracer('app').startSpan('last').end()
    logger.info('last')
    setInterval(() => {}, 1000)
    process.kill(process.pid, 'SIGTERM')`
  await using app = new AppProcess(['--require', REGISTER, '-e', script], {
    env: { ...ENV, OTEL_EXPORTER_OTLP_ENDPOINT: collector.httpUrl, OTEL_BSP_SCHEDULE_DELAY: '60000' },
  })
  expect(await app.exit()).toEqual({ code: null, signal: 'SIGTERM' })
  expect([app.stdout, app.stderr]).toEqual(['', ''])
  expect(linesOf(file)).toMatchObject([{ message: 'last' }])
  expect(collector.spans.all).toMatchObject([{ name: 'last' }])
})

test('without a file and a console nothing is written, and winston is not loaded', async () => {
  const script = `console.log(Object.keys(require.cache).filter((file) => file.includes('/winston/')).length)`
  await using app = new AppProcess(['--require', REGISTER, '-e', script], { env: ENV })
  await app.exit()
  expect([app.stdout, app.stderr]).toEqual(['0\n', ''])
})
