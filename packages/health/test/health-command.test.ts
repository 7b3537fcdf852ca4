import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'

import { expect, onTestFinished, test } from 'vitest'

import { runHealthCommand } from '../src/health-command.ts'
import { createTestHealth } from './support/create-test-health.ts'
import { ask, serve } from './support/serve.ts'

interface Ran {
  readonly code: number
  readonly out: string
  readonly err: string
}

async function run(argv: readonly string[], env: Record<string, string> = {}, isTTY = false): Promise<Ran> {
  let out = ''
  let err = ''
  const code = await runHealthCommand(argv, {
    stdout: { isTTY, write: (text) => (out += text) },
    stderr: { write: (text) => (err += text) },
    env,
  })
  return { code, out, err }
}

async function isColoured(...args: Parameters<typeof run>): Promise<boolean> {
  return (await run(...args)).out.includes('\u001B[')
}

/** Serves a health with a bit of everything. */
async function serveHealth(status: 'healthy' | 'degraded' | 'unhealthy', token?: string): Promise<string> {
  const health = createTestHealth({
    memory: {},
    ...(token !== undefined && { token, details: 'never' as const }),
    plugins: () => [
      { name: 'checksum', up: true, active: 2 },
      { name: 'search', up: false },
    ],
    queues: () => [{ plugin: 'checksum', size: 3, active: 1, oldestJobAge: 1.25 }],
  })
  health.check('redis', () => ({ status, message: 'as the test has it' }))
  return serve((request, response) => void health.handler(request, response))
}

test('a health is shown as a tree, one line for each component', async () => {
  const origin = await serveHealth('unhealthy')
  const { code, out, err } = await run([origin])
  expect([code, err]).toEqual([1, ''])
  const shown = out
    .replace(origin, 'http://host')
    .replace(/up [\d.]+ \w+/, 'up 3 s')
    .replace(/in \d+ ms\n/, 'in 5 ms\n')
    .replace(/pid \d+, Node v[\d.]+/, 'pid 42, Node v24')
    .replaceAll(/memory: rss.*|cpu: .*|event loop: .*|gc: .*/g, (line) => `${line.split(':')[0]}: …`)
    .replaceAll(/took [\d.]+ m?s, [\d.]+ m?s ago/g, 'took 1 ms, 2 ms ago')
  expect(shown)
    .toBe(`✖ unhealthy (redis, plugin search), version 1.2.3, up 3 s, 3 jobs waiting, http://host/health in 5 ms
├─ ✔ server: running, pid 42, Node v24
│  ├─ memory: …
│  ├─ cpu: …
│  ├─ event loop: …
│  └─ gc: …
├─ plugins
│  ├─ ✔ checksum: 2 active
│  └─ ✖ search: not available
├─ queues
│  └─ ✔ checksum: 3 waiting, 1 active, oldest 1.3 s
└─ checks
   ├─ ✔ memory: took 1 ms, 2 ms ago
   └─ ✖ redis: as the test has it, critical, took 1 ms, 2 ms ago
`)
})

test('the exit code is 0 for healthy and degraded, 1 for unhealthy; --strict counts degraded as failure', async () => {
  expect((await run([await serveHealth('degraded')])).code).toBe(0)
  expect((await run([await serveHealth('degraded'), '--strict'])).code).toBe(1)
  expect((await run([await serveHealth('unhealthy')])).code).toBe(1)
  const healthy = createTestHealth()
  const origin = await serve((request, response) => void healthy.handler(request, response))
  for (const path of ['', '/', '/health', '/livez', '/readyz', '/startupz']) {
    expect([path, (await run([`${origin}${path}`, '--strict'])).code]).toEqual([path, 0])
  }
  void healthy.drain()
  const { code, out } = await run([`${origin}/readyz`])
  expect([code, out]).toEqual([1, expect.stringMatching(/^✖ unhealthy, draining, http:/)])
})

test('--json prints the body as it came', async () => {
  const origin = await serveHealth('healthy')
  const { code, out } = await run([origin, '--json'])
  expect(code).toBe(0)
  expect(Object.keys(JSON.parse(out) as object)).toEqual(Object.keys((await ask(`${origin}/health`)).body))
  expect(out.endsWith('}\n')).toBe(true)
})

test('colours are for terminals, unless NO_COLOR, a dumb terminal or --no-color says otherwise', async () => {
  const origin = await serveHealth('healthy')
  expect(await isColoured([origin], {}, true)).toBe(true)
  expect(await isColoured([origin], {}, false)).toBe(false)
  expect(await isColoured([origin], { FORCE_COLOR: '1' }, false)).toBe(true)
  expect(await isColoured([origin], { FORCE_COLOR: '0' }, true)).toBe(false)
  expect(await isColoured([origin], { NO_COLOR: '1' }, true)).toBe(false)
  expect(await isColoured([origin], { NO_COLOR: '', TERM: 'xterm' }, true)).toBe(true)
  expect(await isColoured([origin], { TERM: 'dumb' }, true)).toBe(false)
  expect(await isColoured([origin, '--no-color'], {}, true)).toBe(false)
})

test('the url and the token are those of the environment, and the token goes nowhere else', async () => {
  const origin = await serveHealth('healthy', 'correct-horse')
  const { port } = new URL(origin)
  const env = {
    OTEL_EXPORTER_PROMETHEUS_PORT: port,
    OTEL_EXPORTER_PROMETHEUS_HOST: '0.0.0.0',
    MCP_OTEL_TOKEN: 'correct-horse',
  }
  expect((await run([], env)).out).toMatch(/redis/)
  expect((await run([origin], env)).out).not.toMatch(/redis/)
  expect((await run([origin, '--token', 'correct-horse'])).out).toMatch(/redis/)
  expect((await run([`127.0.0.1:${port}`])).out).toMatch(/checksum/)
})

test('a server that cannot be reached, or does not answer in time, or answers something else, is exit code 1 and one line', async () => {
  const silent = createServer((socket) => socket.resume())
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void silent.close())
  const { port } = silent.address() as AddressInfo
  expect(await run([`http://127.0.0.1:${port}`, '--timeout', '0.1'])).toEqual({
    code: 1,
    out: '',
    err: `mcp-otel health: http://127.0.0.1:${port}/health is unreachable: no answer within 0.1 s\n`,
  })
  const closed = await serve((_request, response) => void response.end())
  expect((await run(['http://127.0.0.1:9'])).err).toBe(
    'mcp-otel health: http://127.0.0.1:9/health is unreachable: connect ECONNREFUSED 127.0.0.1:9\n',
  )
  expect((await run([closed])).err).toBe(
    `mcp-otel health: ${closed}/health answered 200 with no body; expected a health body\n`,
  )
  const other = await serve((_request, response) => void response.writeHead(404).end('<h1>Not here</h1>'))
  expect(await run([other])).toEqual({
    code: 1,
    out: '',
    err: `mcp-otel health: ${other}/health answered 404 with "<h1>Not here</h1>"; expected a health body\n`,
  })
})

test('what makes the whole unhealthy is named first, and a long list of faults is cut', async () => {
  const plugins = ['a', 'b', 'c', 'd', 'e'].map((name) => ({ name, up: false }))
  const health = createTestHealth({ plugins: () => plugins })
  health.check('cache', () => 'unhealthy', { critical: false })
  health.check('redis', () => 'degraded')
  health.check('db', () => 'unhealthy')
  const origin = await serve((request, response) => void health.handler(request, response))
  const { out } = await run([origin])
  expect(out).toMatch(/^✖ unhealthy \(db, cache, plugin a, plugin b, plugin c, 3 more\), /)
})

test('any port is asked, those too that fetch refuses', async () => {
  expect((await run(['http://127.0.0.1:1'])).err).toBe(
    'mcp-otel health: http://127.0.0.1:1/health is unreachable: connect ECONNREFUSED 127.0.0.1:1\n',
  )
})

test('what a server sends cannot steer the terminal', async () => {
  const body = { status: 'healthy', version: '\u001B[2J\u0007', plugins: { 'a\nb\u009B31m': { status: 'healthy' } } }
  const origin = await serve((_request, response) => void response.end(JSON.stringify(body)))
  const { code, out } = await run([origin])
  expect(code).toBe(0)
  // oxlint-disable-next-line no-control-regex -- control characters are what must not be there
  expect(out).not.toMatch(/[\u0000-\u0009\u000B-\u001F\u007F-\u009F]/)
  expect(out.split('\n')).toHaveLength(4)
})

test('a body of another shape is no crash', async () => {
  for (const body of [
    { status: 'healthy', server: {} },
    { status: 'healthy', plugins: { a: null }, queues: [1], checks: { b: { status: 'odd' } } },
    { status: 'degraded', plugins: 'none', uptime: 'long', server: null },
  ]) {
    const origin = await serve((_request, response) => void response.end(JSON.stringify(body)))
    const { code, out, err } = await run([origin])
    expect([code, err]).toEqual([0, ''])
    expect(out).toContain(body.status)
    expect(out).toContain(`${origin}/health in `)
  }
})

test('a healthy body under another code than that of health, as of an error page, is exit code 1', async () => {
  for (const [code, expected] of [
    [200, 0],
    [500, 1],
    [404, 1],
  ] as const) {
    const origin = await serve((_request, response) => void response.writeHead(code).end('{"status":"healthy"}'))
    expect([code, (await run([origin])).code]).toEqual([code, expected])
  }
})

test('wrong arguments are told with the usage, and --help is the usage', async () => {
  const wrong: [string[], string][] = [
    [['--timeout', 'soon'], 'mcp-otel health: --timeout is "soon"; expected seconds, more than 0 and at most 3600\n'],
    [['--timeout', '0'], 'mcp-otel health: --timeout is "0"; expected seconds, more than 0 and at most 3600\n'],
    [['--timeout', '3601'], 'mcp-otel health: --timeout is "3601"; expected seconds, more than 0 and at most 3600\n'],
    [['a', 'b'], 'mcp-otel health: 2 urls are given; expected one\n'],
    [['ftp://host'], 'mcp-otel health: url is "ftp://host"; expected http://host:port/path\n'],
    [['http://'], 'mcp-otel health: url is "http://"; expected http://host:port/path\n'],
    [['--jsn'], "mcp-otel health: TypeError: Unknown option '--jsn'"],
  ]
  for (const [argv, message] of wrong) {
    const { code, out, err } = await run(argv)
    expect([code, out]).toEqual([1, ''])
    expect(err.slice(0, message.length)).toBe(message)
    expect(err).toContain('\n\nUsage: mcp-otel health [url] [options]\n')
  }
  const help = await run(['--help'])
  expect([help.code, help.err, help.out.startsWith('Usage: mcp-otel health [url]')]).toEqual([0, '', true])
})
