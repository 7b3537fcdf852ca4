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

const ways = (['stdio-server.mjs', 'stdio-server.cjs'] as const).flatMap((file) =>
  (['1', '2'] as const).flatMap((major) =>
    (['--require', '--import'] as const).map((flag) => [file, major, flag] as const),
  ),
)

test.each(ways)('%s of major %s is observed under %s, and says the same as without', async (file, major, flag) => {
  const program = path.join(path.dirname(SERVER), file)
  await using bare = new AppProcess([program, major], { cwd: path.dirname(SERVER) })
  await using app = new AppProcess([flag, REGISTER, program, major], {
    cwd: path.dirname(SERVER),
    env: { OTEL_EXPORTER_PROMETHEUS_PORT: '0' },
  })
  for (const each of [bare, app]) {
    say(each)
    await each.sees(/"id":"noisy"/)
  }
  expect(app.stdout).toBe(bare.stdout)
  const executed = 'mcp_plugin_executions_total{plugin="noisy",command="noisy",status="success"} 1'
  const page = await scrapeUntil(await app.endpoint(), (seen) => seen.text.includes(executed))
  expect(page.text).toContain(executed)
})

test('stray writes to stdout are moved to stderr and counted, where that is wished for', async () => {
  const env = { OTEL_EXPORTER_PROMETHEUS_PORT: '0', STRAY: 'yes' }
  await using bare = start(env)
  await using guarded = start({ ...env, MCP_OTEL_MCP_GUARD_STDOUT: 'on' })
  for (const app of [bare, guarded]) {
    say(app)
    await app.sees(/"id":"noisy"/)
  }
  expect(bare.stdout).toContain('a stray line\n')
  expect(guarded.stdout).toBe(bare.stdout.replace('a stray line\n', ''))
  await guarded.sees(/^a stray line\n/m)
  const page = await scrapeUntil(await guarded.endpoint(), () => true)
  expect(page.of('mcp_protocol_stray_writes_total')).toEqual({ '': 1 })
})

test('stray writes that nobody reads where they are moved to do not end the server', async () => {
  await using app = start({ OTEL_EXPORTER_PROMETHEUS_PORT: '0', STRAY: 'yes', MCP_OTEL_MCP_GUARD_STDOUT: 'on' })
  const endpoint = await app.endpoint()
  app.child.stderr?.destroy()
  say(app)
  await app.sees(/"id":"noisy"/)
  app.child.stdin?.write(`${JSON.stringify({ ...HELLO[2], id: 'again' })}\n`)
  await app.sees(/"id":"again"/)
  const page = await scrapeUntil(endpoint, () => true)
  expect(page.of('mcp_protocol_stray_writes_total')).toEqual({ '': 2 })
})

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
