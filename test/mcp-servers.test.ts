import { execFile } from 'node:child_process'
import { mkdtemp, realpath, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'

import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { AppProcess, REGISTER } from './support/app-process.ts'
import { startMockOtlp } from './support/mock-otlp.ts'
import type { ReceivedSpan } from './support/otlp-records.ts'
import { scrapeUntil } from './support/scrape.ts'

const require = createRequire(import.meta.url)
const run = promisify(execFile)

/** A folder from which `@mcp/otel/register` resolves, as in an app that has installed it. */
const WITHIN_REACH = path.dirname(import.meta.filename)
const EVERYTHING = besides(require.resolve('@modelcontextprotocol/server-everything/package.json'), 'dist/index.js')
const FILESYSTEM = besides(require.resolve('@modelcontextprotocol/server-filesystem/package.json'), 'dist/index.js')
const INSPECTOR = besides(
  require.resolve('@modelcontextprotocol/inspector/package.json'),
  'clients/launcher/build/index.js',
)

let folder: string
beforeAll(async () => {
  folder = await realpath(await mkdtemp(path.join(tmpdir(), 'mcp-servers-')))
  await writeFile(path.join(folder, 'note.txt'), 'remember the milk\n')
})
afterAll(() => rm(folder, { recursive: true, force: true }))

interface Call {
  readonly method: string
  readonly params?: object
}

interface Program {
  readonly name: string
  readonly plugin: string
  readonly args: () => readonly string[]
  readonly calls: () => readonly Call[]
  readonly executions: Readonly<Record<string, number>>
  /** Arguments of the Inspector, and the span that must come of them. */
  readonly inspected: () => readonly (readonly [args: readonly string[], span: string])[]
}

const call = (name: string, given: object): Call => ({ method: 'tools/call', params: { name, arguments: given } })

const programs: readonly Program[] = [
  {
    name: 'server-everything',
    plugin: 'mcp-servers/everything',
    args: () => [EVERYTHING, 'stdio'],
    calls: () => [
      { method: 'tools/list' },
      { method: 'prompts/list' },
      { method: 'resources/list' },
      call('echo', { message: 'hello' }),
      call('get-sum', { a: 2, b: 3 }),
      call('get-sum', { a: 'two', b: 3 }),
      call('no-such-tool', {}),
      { method: 'no/such/method' },
    ],
    executions: { 'echo success': 1, 'get-sum success': 1, 'get-sum error': 1, '_OTHER error': 1 },
    inspected: () => [
      [['--method', 'tools/list'], 'tools/list'],
      [['--method', 'tools/call', '--tool-name', 'echo', '--tool-arg', 'message=hello'], 'tools/call echo'],
    ],
  },
  {
    name: 'server-filesystem',
    plugin: 'secure-filesystem-server',
    args: () => [FILESYSTEM, folder],
    calls: () => [
      { method: 'tools/list' },
      call('read_text_file', { path: path.join(folder, 'note.txt') }),
      call('read_text_file', { path: '/etc/passwd' }),
      call('list_directory', { path: folder }),
    ],
    executions: { 'read_text_file success': 1, 'read_text_file error': 1, 'list_directory success': 1 },
    inspected: () => [
      [
        ['--method', 'tools/call', '--tool-name', 'read_text_file', '--tool-arg', `path=${folder}/note.txt`],
        'tools/call read_text_file',
      ],
    ],
  },
]

const HELLO: readonly object[] = [
  {
    jsonrpc: '2.0',
    id: 'hello',
    method: 'initialize',
    params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'raw', version: '1' } },
  },
  { jsonrpc: '2.0', method: 'notifications/initialized' },
]

/** Speaks to a server by hand, one request after the answer to the last. */
async function converse(app: AppProcess, calls: readonly Call[]): Promise<void> {
  const say = (message: object): void => void app.child.stdin?.write(`${JSON.stringify(message)}\n`)
  for (const message of HELLO) say(message)
  await app.sees(/"id":"hello"/)
  for (const [i, { method, params }] of calls.entries()) {
    say({ jsonrpc: '2.0', id: `call-${i}`, method, ...(params && { params }) })
    await app.sees(new RegExp(`"id":"call-${i}"`))
  }
}

describe.each(programs)('$name, unmodified', ({ args, calls, executions, inspected, plugin }) => {
  test('writes the same bytes to stdout with and without us, and each call is measured', async () => {
    await using bare = new AppProcess(args(), { cwd: WITHIN_REACH })
    await using observed = new AppProcess(['--require', REGISTER, ...args()], {
      cwd: WITHIN_REACH,
      env: { OTEL_EXPORTER_PROMETHEUS_PORT: '0' },
    })
    await Promise.all([converse(bare, calls()), converse(observed, calls())])
    expect(observed.stdout).toBe(bare.stdout)

    const wanted = Object.fromEntries(
      Object.entries(executions).map(([key, count]) => {
        const [command, status] = key.split(' ')
        return [`{plugin="${plugin}",command="${command}",status="${status}"}`, count]
      }),
    )
    const page = await scrapeUntil(
      await observed.endpoint(),
      (seen) => Object.keys(counted(seen.of('mcp_plugin_executions_total'))).length === Object.keys(wanted).length,
    )
    expect(counted(page.of('mcp_plugin_executions_total'))).toEqual(wanted)
    expect(counted(page.of('mcp_protocol_active_sessions'))).toEqual({ '{role="server"}': 1 })
    const [bareEnd, observedEnd] = await Promise.all([bare.stop(), observed.stop()])
    expect(observedEnd).toEqual(bareEnd)
  })

  test("gives the Inspector the same answers with and without us, and each call's span reaches a collector", async () => {
    await using collector = await startMockOtlp()
    const env = [
      `OTEL_EXPORTER_OTLP_ENDPOINT=${collector.httpUrl}`,
      'OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf',
      'OTEL_EXPORTER_PROMETHEUS_PORT=0',
    ].flatMap((pair) => ['-e', pair])
    for (const [asked, name] of inspected()) {
      const bare = await inspect(['node', ...args(), ...asked])
      const observed = await inspect([...env, 'node', '--require', REGISTER, ...args(), ...asked])
      expect(observed).toBe(bare)
      expect(observed.length).toBeGreaterThan(10)
      const isIt = (span: ReceivedSpan): boolean => span.name === name && span.kind === 'SPAN_KIND_SERVER'
      const span = await collector.spans.next(isIt)
      expect(span.attributes).toMatchObject({ 'network.transport': 'pipe', 'mcp.protocol.version': expect.any(String) })
      const point = await collector.points.next(({ name: metric }) => metric === 'mcp.server.operation.duration')
      expect(point.count).toBeGreaterThan(0)
    }
  })
})

async function inspect(args: readonly string[]): Promise<string> {
  return (await run(process.execPath, [INSPECTOR, '--cli', ...args], { cwd: WITHIN_REACH })).stdout
}

function counted(values: Readonly<Record<string, number>>): Record<string, number> {
  return Object.fromEntries(Object.entries(values).filter(([, count]) => count > 0))
}

function besides(manifest: string, file: string): string {
  return path.join(path.dirname(manifest), file)
}
