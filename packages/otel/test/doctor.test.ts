import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { watch } from 'node:fs'
import { mkdtempDisposable, readFile } from 'node:fs/promises'
import { createServer as createHttpServer } from 'node:http'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'

import { describe, expect, test } from 'vitest'

import { AppProcess, REGISTER, root } from '../../../test/support/app-process.ts'
import { startMockOtlp } from '../../../test/support/mock-otlp.ts'
import type { Finding } from '../src/doctor/finding.ts'

const CLI = path.join(root, 'packages/otel/dist/cli.mjs')
const fixture = (name: string) => path.join(import.meta.dirname, 'fixtures', name)
const ANY_PORT = { MCP_OTEL_PORT: '0' }
const NODE = process.execPath
/** Nothing listens there. */
const NOWHERE = 'http://127.0.0.1:9'

interface Report {
  readonly ok: boolean
  readonly target: object
  readonly counts: Readonly<Record<string, number>>
  readonly findings: readonly Finding[]
}

async function doctor(args: readonly string[], env: Record<string, string> = {}) {
  await using run = new AppProcess([CLI, 'doctor', '--json', ...args], { env: { ...ANY_PORT, ...env } })
  const { code } = await run.exit()
  if (run.stderr !== '') throw new Error(run.stderr)
  const report = JSON.parse(run.stdout) as Report
  const of = (check: string): Finding => {
    const found = report.findings.filter((finding) => finding.check === check)
    if (found.length !== 1) throw new Error(`${found.length} findings on ${check} in ${run.stdout}`)
    return found[0]!
  }
  // The health of an app on a busy machine, or without its collector, is its own matter.
  const bad = report.findings.filter(({ check, status }) => status !== 'ok' && check !== 'health')
  return { code, report, of, bad }
}

describe.concurrent('the doctor with a command', () => {
  test('finds nothing wrong with a healthy app, and says of each thing what it found', async () => {
    const { bad, code, of, report } = await doctor(['--', NODE, '--require', REGISTER, fixture('server.cjs')])
    expect([code, bad]).toEqual([0, []])
    expect(report.ok).toBe(true)
    expect(report.counts['fail']).toBe(0)
    expect(report.findings.map(({ check }) => check)).toEqual([
      'app',
      'start',
      'configuration',
      'versions',
      'copies',
      'load order',
      'ES modules',
      'instrumentations',
      'requests',
      'endpoint',
      'health',
      'clock',
      'series',
      'dropped',
      'alerts',
      'exports',
    ])
    expect(of('requests').found).toMatch(/^a request to http:\/\/127\.0\.0\.1:\d+ was answered with 200, and counted$/)
    expect(of('endpoint').found).toMatch(/\/metrics is valid: \d{2,} samples/)
    expect(of('alerts').found).toMatch(/^\d\d of \d\d have their metrics/)
    const [, pid] = /runs as process (\d+)$/.exec(of('app').found) ?? []
    expect(() => process.kill(Number(pid), 0)).toThrow('ESRCH')
  })

  test('adds the register entry where the command does not start us, and says so', async () => {
    const { bad, code, of } = await doctor(['--', NODE, fixture('server.mjs')])
    expect(code).toBe(0)
    expect(bad).toEqual([
      {
        check: 'start',
        status: 'warn',
        found: 'the command does not start @mcp/otel; the doctor has added it',
        remedy: expect.stringContaining('--require @mcp/otel/register'),
      },
    ])
    expect(of('ES modules').found).toBe('1 of the app (server.mjs), all loaded under synchronous hooks')
    expect(of('requests').status).toBe('ok')
  })

  test('finds what an ES module has loaded before start(), and is content with --import', async () => {
    const late = fixture('doctor/late-start.mjs')
    const [faulty, mended] = await Promise.all([
      doctor(['--', NODE, late]),
      doctor(['--', NODE, '--import', REGISTER, late]),
    ])
    expect(faulty.code).toBe(1)
    expect(faulty.of('load order')).toEqual({
      check: 'load order',
      status: 'fail',
      found: 'loaded before @mcp/otel, and so unobserved: servers and clients of the Model Context Protocol',
      remedy: 'start with --import @mcp/otel/register, or call instrumentMcp() with their classes',
    })
    expect([mended.code, mended.bad]).toEqual([0, []])
    expect(mended.of('instrumentations').found).toMatch(
      /^http server, .*; found in the app: servers and clients of the Model Context Protocol$/,
    )
  })

  test('names a collector that is down for each signal, and mistakes of the configuration', async () => {
    const env = { OTEL_EXPORTER_OTLP_ENDPOINT: NOWHERE, MCP_OTEL_SERIES_LIMIT: 'many' }
    const { bad, code } = await doctor(['--', NODE, '--require', REGISTER, fixture('server.cjs')], env)
    expect(code).toBe(1)
    const said = bad.filter(({ check }) => check !== 'dropped').map(({ check, found }) => `${check}: ${found}`)
    expect(said).toEqual([
      'configuration: MCP_OTEL_SERIES_LIMIT is "many"; expected an integer from 1 to 1000000; using 2000',
      ...['traces', 'metrics', 'logs'].map(
        (signal) => `export ${signal}: ${NOWHERE} (http/protobuf): connect ECONNREFUSED 127.0.0.1:9`,
      ),
    ])
  })

  test('finds an older API that was registered first', async () => {
    const { bad, code } = await doctor(['--', NODE, fixture('doctor/two-apis.cjs')])
    expect(code).toBe(1)
    expect(bad).toEqual([
      {
        check: 'copies',
        status: 'fail',
        found: expect.stringMatching(
          /^@opentelemetry\/api 1\.9\.0 was registered first, and 1\.10\.0 \(.*\) is deaf to it/,
        ),
        remedy: expect.stringContaining('npm dedupe'),
      },
    ])
  })

  test('says that the port is taken', async () => {
    await using taken = createServer().listen(0, '127.0.0.1')
    await once(taken, 'listening')
    const port = String((taken.address() as AddressInfo).port)
    const env = { MCP_OTEL_PORT: port }
    const { bad, code } = await doctor(['--', NODE, '--require', REGISTER, fixture('server.cjs')], env)
    expect(code).toBe(1)
    expect(bad).toEqual([
      {
        check: 'endpoint',
        status: 'fail',
        found: `nothing is served: port ${port} on 127.0.0.1 cannot be had, most likely because another process has it`,
        remedy: expect.stringContaining('MCP_OTEL_PORT'),
      },
    ])
  })

  test('shows how an app ends that crashes at its start', async () => {
    const { code, of } = await doctor(['--', NODE, '--require', REGISTER, fixture('doctor/crashing.cjs')])
    expect(code).toBe(1)
    expect(of('app').found).toMatch(/ended with exit code 1; its last words: .*Error: there is no database$/)
    expect(of('start').status).toBe('ok')
  })

  test('does not wait for an app that never listens, and stops it though it does not want to', async () => {
    const { bad, code, of } = await doctor(['--', NODE, '--require', REGISTER, fixture('doctor/stubborn.cjs')])
    expect([code, bad]).toEqual([0, []])
    expect(of('requests').found).toBe('the app opened no server in its main thread: there are no requests to count')
    const [, pid] = /runs as process (\d+)$/.exec(of('app').found) ?? []
    expect(() => process.kill(Number(pid), 0)).toThrow('ESRCH')
  })

  test('says what is no app of Node.js, and what cannot be started', async () => {
    const [other, none] = await Promise.all([
      doctor(['--wait', '1', '--', 'sleep', '60']),
      doctor(['--', 'no-such-command']),
    ])
    expect([other.code, none.code]).toEqual([1, 1])
    expect(other.of('start').found).toBe('no process of Node.js has come of sleep 60')
    expect(none.of('app').found).toBe('no-such-command cannot be started: spawn no-such-command ENOENT')
  })

  test('says that the SDK is disabled', async () => {
    const [byVariable, byOption] = await Promise.all([
      doctor(['--', NODE, fixture('server.cjs')], { OTEL_SDK_DISABLED: 'true' }),
      doctor(['--', NODE, '-e', 'require("@mcp/otel").start({ disabled: true })']),
    ])
    for (const { code, of } of [byVariable, byOption]) {
      expect(code).toBe(1)
      expect(of('start').found).toBe('@mcp/otel is disabled: nothing is observed')
    }
  })

  test.each(['SIGINT', 'SIGTERM'] as const)('stopped by %s, it stops the app first', async (signal) => {
    const args = [CLI, 'doctor', '--wait', '60', '--', NODE, '-e', `${ANNOUNCE}; setInterval(() => {}, 10)`]
    await using folder = await pidFolder()
    await using run = new AppProcess(args, { env: { ...ANY_PORT, PID_FILE: folder.file } })
    const pid = await folder.pid()
    expect(await run.stop(signal)).toEqual({ code: null, signal })
    expect([run.stdout, run.stderr]).toEqual(['', ''])
    expect(() => process.kill(pid, 0)).toThrow('ESRCH')
  })
})

/** An app whose output nobody sees tells its pid by a file. */
const ANNOUNCE = `require('node:fs').writeFileSync(process.env.PID_FILE, String(process.pid))`

async function pidFolder() {
  const folder = await mkdtempDisposable(path.join(tmpdir(), 'mcp-otel-pid-'))
  const file = path.join(folder.path, 'pid')
  const watcher = watch(folder.path)
  return {
    file,
    async pid(): Promise<number> {
      for (;;) {
        const changed = once(watcher, 'change')
        const text = await readFile(file, 'utf8').catch(() => '')
        if (text !== '') return Number(text)
        await changed
      }
    },
    async [Symbol.asyncDispose]() {
      watcher.close()
      await folder.remove()
    },
  }
}

test('a collector gets a span, a metric and a log record, and its clock is compared', async () => {
  await using collector = await startMockOtlp()
  const env = { OTEL_EXPORTER_OTLP_ENDPOINT: collector.httpUrl }
  const command = ['--', NODE, '--require', REGISTER, fixture('server.cjs')]
  const [byHttp, byGrpc] = [
    await doctor(command, env),
    await doctor(command, { OTEL_EXPORTER_OTLP_ENDPOINT: collector.grpcUrl, OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' }),
  ]
  expect([byHttp.code, byHttp.bad, byGrpc.code, byGrpc.bad]).toEqual([0, [], 0, []])
  expect(byHttp.of('export traces').found).toMatch(/\(http\/protobuf\) took a test span in \d+ ms$/)
  expect(byGrpc.of('export logs').found).toMatch(/\(grpc\) took a test log record in \d+ ms$/)
  expect(byHttp.report.findings).toContainEqual({
    check: 'clock',
    status: 'ok',
    found: `${collector.httpUrl} has the time of this machine`,
  })
  expect(collector.spans.all.filter(({ name }) => name === 'mcp-otel doctor')).toHaveLength(2)
  expect(collector.points.all.filter(({ name }) => name === 'mcp.telemetry.doctor')).toHaveLength(2)
  expect(collector.logs.all.filter(({ body }) => body === 'mcp-otel doctor')).toHaveLength(2)
})

describe('the doctor with what runs already', () => {
  test('looks at it by its URL, by its process, and where the environment has it', async () => {
    await using app = new AppProcess(['--require', REGISTER, fixture('server.cjs')], {
      env: { ...ANY_PORT, MCP_OTEL_TOKEN: 'secret' },
    })
    const url = await app.endpoint()
    const port = new URL(url).port
    const token = { MCP_OTEL_TOKEN: 'secret' }
    const [byUrl, byPid, byEnv, without] = await Promise.all([
      doctor([`${url}/metrics`], token),
      doctor([String(app.child.pid)]),
      doctor([], { ...token, MCP_OTEL_PORT: port }),
      doctor([url]),
    ])
    for (const { bad, code, of } of [byUrl, byPid, byEnv]) {
      expect([code, bad]).toEqual([0, []])
      expect(of('endpoint').found).toContain(`${url}/metrics is valid`)
    }
    expect(without.code).toBe(1)
    expect(without.of('endpoint').found).toBe(`${url}/metrics asks for a token`)
  })

  test('finds invalid pages, clocks that are wrong, metrics at their limit and what was dropped', async () => {
    const page =
      '# TYPE mcp_build_info gauge\nmcp_build_info{version="1"} 1\nmcp_build_info{version="1"} 1\n' +
      'mcp_telemetry_series{instrument="mcp.requests"} 1900\n' +
      'mcp_telemetry_failed_exports_total{signal="traces"} 3\n'
    await using server = createHttpServer((request, response) => {
      const isMetrics = request.url === '/metrics'
      response.setHeader('Date', new Date(Date.now() - 3600_000).toUTCString())
      response.setHeader('Content-Type', isMetrics ? 'text/plain' : 'application/json')
      response.statusCode = isMetrics ? 200 : 503
      response.end(isMetrics ? page : '{"status":"unhealthy"}')
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { code, of } = await doctor([`http://127.0.0.1:${(server.address() as AddressInfo).port}`])
    expect(code).toBe(1)
    expect(of('endpoint').found).toContain(
      'is no valid page: line 3: mcp_build_info is there twice with the same labels',
    )
    expect(of('health').found).toMatch(/is unhealthy$/)
    // The header has whole seconds, and takes its time to come.
    expect(of('clock').found).toMatch(/is (?:359\d|3600)\.\d s behind this one$/)
    expect(of('series').found).toBe('near the limit of 2000: mcp.requests has 1900')
    expect(of('dropped').found).toBe('3 exports failed (traces)')
    expect(of('alerts').found).toMatch(/of \d\d have their metrics; the others wait .*mcp_requests_total/)
  })

  test('says what it cannot reach', async () => {
    const [url, pid] = await Promise.all([doctor([NOWHERE]), doctor([String(2 ** 22 + 1)])])
    expect(url.of('endpoint').found).toBe(`${NOWHERE}/metrics: connect ECONNREFUSED 127.0.0.1:9`)
    expect(pid.of('app').found).toBe(`there is no process ${2 ** 22 + 1}`)
  })
})

describe('what the doctor writes', () => {
  const env = { ...process.env, MCP_OTEL_PORT: '0', NO_COLOR: undefined, FORCE_COLOR: undefined }

  test('is a table without colours where it is no terminal', async () => {
    const run = promisify(execFile)(NODE, [CLI, 'doctor', NOWHERE], { env })
    const { code, stderr, stdout } = (await run.catch((error: unknown) => error)) as {
      code: number
      stdout: string
      stderr: string
    }
    expect([code, stderr]).toEqual([1, ''])
    expect(stdout).toMatch(
      /^✔ versions +Node\.js .*\n✖ endpoint +http:.*\n +→ see that the app runs, .*\n✔ exports +none.*\n\n2 ok, 0 to look at, 1 wrong\n$/,
    )
  })

  test.each([
    [['a', 'b'], '"a" and "b" cannot be looked at together'],
    [['--'], 'nothing stands after --'],
    [['app.js'], '"app.js" is neither a URL nor a process id'],
    [['--wait', 'x'], '--wait is "x"; expected a number of seconds'],
    [['--jsn'], "Unknown option '--jsn'"],
  ])('%j is answered by what is expected, and exit code 2', async (args, words) => {
    await using run = new AppProcess([CLI, 'doctor', ...args])
    expect(await run.exit()).toEqual({ code: 2, signal: null })
    expect(run.stdout).toBe('')
    expect(run.stderr).toMatch(/^mcp-otel doctor: [^\n]+\n$/)
    expect(run.stderr).toContain(words)
  })
})
