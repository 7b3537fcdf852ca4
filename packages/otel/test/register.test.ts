import { writeFileSync } from 'node:fs'
import { mkdtempDisposable } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'

import { describe, expect, test } from 'vitest'

import { AppProcess, REGISTER } from '../../../test/support/app-process.ts'
import { scrape, scrapeUntil } from '../../../test/support/scrape.ts'

const fixture = (name: string) => path.join(import.meta.dirname, 'fixtures', name)
const ANY_PORT = { MCP_OTEL_PORT: '0' }

const linesOf = (text: string) => text.split('\n').filter((line) => line !== '')

describe.concurrent.each([
  ['CommonJS under --require', ['--require', REGISTER, fixture('server.cjs')]],
  ['CommonJS under --import', ['--import', REGISTER, fixture('server.cjs')]],
  ['ESM under --require', ['--require', REGISTER, fixture('server.mjs')]],
  ['ESM under --import', ['--import', REGISTER, fixture('server.mjs')]],
  ['CommonJS with start()', [fixture('started.cjs')]],
  ['ESM with start()', [fixture('started.mjs')]],
])('%s', (_how, args) => {
  test('requests are counted, calls to others carry the trace, stdout is untouched, and stderr has one line', async () => {
    await using app = new AppProcess(args, { env: ANY_PORT })
    const [endpoint, [, url]] = await Promise.all([app.endpoint(), app.sees(/listening on (\S+)/)])

    const direct = (await (await fetch(`${url}/direct`)).json()) as Record<string, string>
    const called = (await (await fetch(`${url}/call`)).json()) as Record<string, string>
    const fetched = (await (await fetch(`${url}/fetch`)).json()) as Record<string, string>
    expect(direct['traceparent']).toBeUndefined()
    expect(called['traceparent']).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/)
    expect(fetched['traceparent']).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/)

    const counted = '{method="GET",endpoint="unmatched",status="200"}'
    const page = await scrapeUntil(endpoint, (it) => it.of('mcp_requests_total')[counted] === 5)
    expect(page.of('mcp_requests_total')).toEqual({ [counted]: 5 })
    expect(page.of('mcp_build_info')).toEqual({ '{version="0.0.0"}': 1 })
    expect(page.of('process_start_time_seconds')['']).toBeGreaterThan(1.7e9)

    expect(linesOf(app.stdout)).toEqual([expect.stringMatching(/^listening on/)])
    expect(linesOf(app.stderr)).toEqual([
      expect.stringMatching(/^\[mcp-otel\] @mcp\/otel 0\.0\.0 observes .*http:\/\/127\.0\.0\.1:\d+\/metrics/),
    ])
  })
})

describe('the register entry', () => {
  test('does nothing and loads nothing when the SDK is disabled', async () => {
    const script = `console.log(Object.keys(require.cache).filter((file) => file.includes('opentelemetry')).length)`
    await using app = new AppProcess(['--require', REGISTER, '-e', script], { env: { OTEL_SDK_DISABLED: 'TRUE' } })
    expect(await app.exit()).toEqual({ code: 0, signal: null })
    expect([app.stdout, app.stderr]).toEqual(['0\n', ''])
  })

  test('given twice, by both flags, and beside start(), starts once', async () => {
    const args = ['--require', REGISTER, '--import', REGISTER, fixture('started.mjs')]
    await using app = new AppProcess(args, { env: ANY_PORT })
    await Promise.all([app.endpoint(), app.sees(/listening on/), app.sees(/the options of start\(\) are not used/)])
    expect(linesOf(app.stderr).filter((line) => line.includes('observes'))).toHaveLength(1)
  })

  test('starts neither in worker threads nor a second time in a loader thread', async () => {
    const script = `
      const { Worker } = require('node:worker_threads')
      new Worker('require("node:http").createServer().listen(0, function () { this.close() })', { eval: true })
        .on('exit', (code) => console.log('worker ended with', code))`
    const loader = `data:text/javascript,import { register } from 'node:module'; register('data:text/javascript,')`
    await using app = new AppProcess(['--require', REGISTER, '--import', loader, '-e', script], { env: ANY_PORT })
    expect(await app.exit()).toEqual({ code: 0, signal: null })
    expect(app.stdout).toBe('worker ended with 0\n')
    expect(linesOf(app.stderr)).toHaveLength(1)
  })

  test('leaves a package manager on the way to the app alone', async () => {
    await using folder = await mkdtempDisposable(path.join(tmpdir(), 'mcp-otel-'))
    const file = path.join(folder.path, 'npm-cli.js')
    writeFileSync(file, 'console.log("installed")')
    await using app = new AppProcess(['--require', path.resolve('packages/otel/dist/register.cjs'), file])
    await app.exit()
    expect([app.stdout, app.stderr]).toEqual(['installed\n', ''])
  })

  test('hides its line when asked to', async () => {
    await using app = new AppProcess(['--require', REGISTER, '-e', 'setTimeout(() => {}, 100)'], {
      env: { ...ANY_PORT, MCP_OTEL_BANNER: 'off' },
    })
    await app.exit()
    expect(app.stderr).toBe('')
  })

  test('never keeps the process alive, not even with a scraper connected', async () => {
    const script = `
      const { telemetry } = globalThis[Symbol.for('@mcp/otel/telemetry')]
      telemetry.endpoint.ready.then((url) => fetch(url + '/metrics')).then((answer) => console.log(answer.status))`
    await using app = new AppProcess(['--require', REGISTER, '-e', script], { env: ANY_PORT })
    expect(await app.exit()).toEqual({ code: 0, signal: null })
    expect(app.stdout).toBe('200\n')
  })

  test('names every wrong setting on stderr, and the app runs on', async () => {
    const env = {
      ...ANY_PORT,
      MCP_OTEL_BANNER: 'off',
      MCP_OTEL_SERIES_LIMIT: 'many',
      MCP_OTEL_PROT: '1',
      OTEL_TRACES_SAMPLER: 'sometimes',
      OTEL_EXPORTER_OTLP_TIMEOUT: 'soon',
      OTEL_METRICS_EXPORTER: 'statsd',
    }
    await using app = new AppProcess(['--require', REGISTER, fixture('server.cjs')], { env })
    await Promise.all([app.sees(/listening/), app.sees(/MCP_OTEL_PORT\? It is ignored\n/)])
    expect(linesOf(app.stderr)).toEqual([
      expect.stringMatching(/^\[mcp-otel\] OTEL_METRICS_EXPORTER is "statsd"; .*; using none$/),
      expect.stringMatching(/^\[mcp-otel\] MCP_OTEL_SERIES_LIMIT is "many"; .*; using 2000$/),
      expect.stringMatching(/^\[mcp-otel\] OTEL_TRACES_SAMPLER is "sometimes"; .*; using parentbased_always_on$/),
      expect.stringMatching(/^\[mcp-otel\] OTEL_EXPORTER_OTLP_TIMEOUT is "soon"; .*; using 10000$/),
      '[mcp-otel] MCP_OTEL_PROT is not a setting; did you mean MCP_OTEL_PORT? It is ignored',
    ])
  })

  test('says when its port is taken, and the app runs on', async () => {
    await using first = new AppProcess(['--require', REGISTER, fixture('server.cjs')], { env: ANY_PORT })
    const { port } = new URL(await first.endpoint())
    await using second = new AppProcess(['--require', REGISTER, fixture('server.cjs')], {
      env: { MCP_OTEL_PORT: port },
    })
    const [, url] = await second.sees(/listening on (\S+)/)
    await second.sees(/observes/)
    expect((await fetch(url!)).status).toBe(200)
    expect(linesOf(second.stderr)).toEqual([
      `[mcp-otel] /metrics and /health are not served: port ${port} on 127.0.0.1 is in use; set MCP_OTEL_PORT to a free ` +
        'one, or to 0 for any; the app runs on',
      expect.stringContaining('no endpoint of its own'),
    ])
  })

  test("takes name and version from the app's package.json, and shows neither arguments nor paths", async () => {
    await using folder = await mkdtempDisposable(path.join(tmpdir(), 'mcp-otel-'))
    writeFileSync(path.join(folder.path, 'package.json'), '{"name":"the-app","version":"4.5.6"}')
    const file = path.join(folder.path, 'app.js')
    writeFileSync(file, 'setInterval(() => {}, 1000)')
    const register = path.resolve('packages/otel/dist/register.cjs')
    await using app = new AppProcess(['--require', register, file, '--token=hush'], { env: ANY_PORT })
    const endpoint = await app.endpoint()
    const { text } = await scrape(endpoint)
    expect(text).toMatch(/^target_info\{.*service_name="the-app",service_version="4\.5\.6"/m)
    expect(text).not.toMatch(/hush|app\.js|command|owner/)
    expect(app.stderr).toContain('observes the-app 4.5.6')
    const health = (await (await fetch(`${endpoint}/health`)).json()) as { version: string }
    expect(health.version).toBe('4.5.6')
  })

  test('names an app that has no package.json after its program, without the path of that', async () => {
    await using folder = await mkdtempDisposable(path.join(tmpdir(), 'mcp-otel-'))
    const file = path.join(folder.path, 'app.cjs')
    writeFileSync(file, '')
    await using app = new AppProcess(['--require', REGISTER, file], { env: ANY_PORT })
    await app.exit()
    expect(app.stderr).toMatch(/ observes unknown_service:node: /)
  })

  test('says what it may not do where Node.js denies it, and the app runs on', async () => {
    await using folder = await mkdtempDisposable(path.join(tmpdir(), 'mcp-otel-'))
    const file = path.join(folder.path, 'app.cjs')
    writeFileSync(file, 'console.log("runs"); process.exit(3)')
    const env = { ...ANY_PORT, MCP_OTEL_BANNER: 'off', OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1' }
    const denied = ['--permission', '--require', path.resolve('packages/otel/dist/register.cjs'), file]
    await using unread = new AppProcess([`--allow-fs-read=${folder.path}`, ...denied], { env })
    await using unsent = new AppProcess(['--allow-fs-read=*', ...denied], { env })
    for (const app of [unread, unsent]) {
      expect(await app.exit()).toEqual({ code: 3, signal: null })
      expect(app.stdout).toBe('runs\n')
    }
    const restricted = 'Access to this API has been restricted. Use'
    expect(linesOf(unread.stderr)).toEqual([
      `[mcp-otel] @mcp/otel cannot start: ${restricted} --allow-fs-read to manage permissions; ` +
        'let it read the folder that its packages are in; the app runs on without it',
    ])
    expect(linesOf(unsent.stderr)).toEqual([
      '[mcp-otel] what was recorded last is lost: it cannot be sent while the process exits: ' +
        `${restricted} --allow-worker to manage permissions`,
    ])
  })

  test('counts errors that nothing catches, and leaves the end to the app', async () => {
    const script = `
      process.on('uncaughtException', (error) => console.log('the app caught', error.message))
      setTimeout(() => { throw new TypeError('x') })
      setInterval(() => {}, 1000)`
    await using app = new AppProcess(['--require', REGISTER, '-e', script], { env: ANY_PORT })
    const endpoint = await app.endpoint()
    await app.sees(/the app caught x/)
    const { text } = await scrape(endpoint)
    expect(text).toContain('mcp_errors_total{source="process",type="TypeError"} 1')
  })
})
