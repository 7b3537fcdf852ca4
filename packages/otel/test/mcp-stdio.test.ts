import path from 'node:path'

import { expect, test } from 'vitest'

import { AppProcess, REGISTER, root } from '../../../test/support/app-process.ts'
import { startMockOtlp } from '../../../test/support/mock-otlp.ts'
import { scrapeUntil } from '../../../test/support/scrape.ts'

const SERVER = path.join(root, 'packages/otel/test/fixtures/stdio-server.mjs')

const HELLO = [
  {
    jsonrpc: '2.0',
    id: 'hello',
    method: 'initialize',
    params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'raw', version: '1' } },
  },
  { jsonrpc: '2.0', method: 'notifications/initialized' },
  { jsonrpc: '2.0', id: 'noisy', method: 'tools/call', params: { name: 'noisy' } },
]

function start(env: Record<string, string> = {}, major = '1'): AppProcess {
  return new AppProcess(['--require', REGISTER, SERVER, major], { cwd: path.dirname(SERVER), env })
}

function say(app: AppProcess): void {
  for (const message of HELLO) app.child.stdin?.write(`${JSON.stringify(message)}\n`)
}

test.each(['1', '2'])(
  'a stdio server of major %s, several at once, each serves its metrics and health on a free port of its own',
  async (major) => {
    await using one = start({}, major)
    await using other = start({}, major)
    const urls: string[] = []
    for (const app of [one, other]) {
      say(app)
      const [, url = ''] = await app.sees(/speaks on stdout: its (\S+)\/metrics/)
      await app.sees(/"id":"noisy"/)
      urls.push(url)
      const page = await scrapeUntil(url, (seen) => seen.text.includes('command="noisy",status="success"} 1'))
      expect(page.text).toContain('mcp_plugin_executions_total{plugin="noisy",command="noisy",status="success"} 1')
      expect((await fetch(`${url}/health`)).status).toBe(200)
      expect(app.stdout).not.toContain('[mcp-otel]')
    }
    expect(new Set(urls).size).toBe(2)
  },
)

test('a port that was chosen is kept', async () => {
  await using app = start({ OTEL_EXPORTER_PROMETHEUS_PORT: '0' })
  const endpoint = await app.endpoint()
  say(app)
  await app.sees(/"id":"noisy"/)
  expect((await fetch(`${endpoint}/livez`)).status).toBe(200)
  expect(app.stderr).not.toContain('speaks on stdout')
})

test('when the client closes the pipe, what is pending is sent, though the server lives on', async () => {
  await using collector = await startMockOtlp()
  await using app = start({
    OTEL_EXPORTER_PROMETHEUS_PORT: '0',
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.httpUrl,
    OTEL_BSP_SCHEDULE_DELAY: '600000',
    OTEL_METRIC_EXPORT_INTERVAL: '600000',
    STAY: 'yes',
  })
  say(app)
  await app.sees(/"id":"noisy"/)
  app.child.stdin?.end()
  const span = await collector.spans.next(({ name }) => name === 'tools/call noisy')
  expect(span.kind).toBe('SPAN_KIND_SERVER')
  const point = await collector.points.next(({ name }) => name === 'mcp.plugin.executions')
  expect(point.attributes).toMatchObject({ plugin: 'noisy' })
  expect(app.child.exitCode).toBeNull()
})
