import { existsSync } from 'node:fs'
import { cp, mkdtempDisposable } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'

import { describe, expect, test } from 'vitest'

import { AppProcess, REGISTER, root } from './support/app-process.ts'
import { freePort } from './support/free-port.ts'
import { startMockOtlp } from './support/mock-otlp.ts'
import { startGrpcBodies, startHttpBodies } from './support/otlp-bodies.ts'
import { scrape, scrapeUntil, type Page } from './support/scrape.ts'

const APP = `${root}/test/fixtures/records-on-demand.cjs`
const OURS = { MCP_OTEL_PORT: '0' }

const lostOf = (page: Page, signal: string): number =>
  page.of('mcp_telemetry_lost_records_total')[`{signal="${signal}"}`] ?? 0

describe.each(['http/protobuf', 'grpc'] as const)('a collector that is down and comes back, by %s', (protocol) => {
  test('gets what still waits, and each record that it does not get is counted and said', async () => {
    const port = await freePort()
    await using app = new AppProcess(['--require', REGISTER, APP], {
      env: {
        ...OURS,
        OTEL_EXPORTER_OTLP_PROTOCOL: protocol,
        OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}`,
        OTEL_METRICS_EXPORTER: 'prometheus',
        OTEL_EXPORTER_OTLP_TIMEOUT: '300',
        OTEL_BSP_MAX_QUEUE_SIZE: '50',
        OTEL_BSP_MAX_EXPORT_BATCH_SIZE: '10',
        OTEL_BSP_SCHEDULE_DELAY: '20',
        OTEL_BLRP_MAX_QUEUE_SIZE: '50',
        OTEL_BLRP_MAX_EXPORT_BATCH_SIZE: '10',
        OTEL_BLRP_SCHEDULE_DELAY: '20',
      },
    })
    const record = async (count: number): Promise<void> => {
      app.child.stdin?.write(`${count}\n`)
      await app.sees(new RegExp(`recorded ${count}$`, 'm'))
    }
    const endpoint = await app.endpoint()
    await app.sees(/^up$/m)
    await record(1000)
    // Eight batches are under way, fifty records wait, the others have no room.
    const down = await scrapeUntil(endpoint, (page) => lostOf(page, 'traces') >= 1000 && lostOf(page, 'logs') >= 1000)
    expect([lostOf(down, 'traces'), lostOf(down, 'logs')]).toEqual([1000, 1000])
    await app.sees(/50 spans wait for export already, and what exceeds them is dropped, and counted/)
    await app.sees(/50 log records wait for export already, and what exceeds them is dropped, and counted/)
    await app.sees(/traces cannot be exported to/)
    expect(app.stderr.match(/traces cannot be exported to/g)).toHaveLength(1)

    await using collector = await (protocol === 'grpc' ? startGrpcBodies({ port }) : startHttpBodies({ port }))
    const isBack = Promise.all([
      app.sees(/traces are exported to \S+ again; (\d+) spans were lost meanwhile/),
      app.sees(/logs are exported to \S+ again; (\d+) log records were lost meanwhile/),
    ])
    // What a machine that stands still does not deliver within the timeout is lost, too.
    do await record(7)
    while ((await Promise.race([isBack, pause(1000)])) === undefined)
    const told = (await isBack).map(([, lost]) => Number(lost))
    await collector.inbox.next(({ signal }) => signal === 'traces')
    await collector.inbox.next(({ signal }) => signal === 'logs')
    const back = await scrape(endpoint)
    expect(told).toEqual([lostOf(back, 'traces'), lostOf(back, 'logs')])
    app.child.stdin?.end()
    expect(await app.exit()).toEqual({ code: 0, signal: null })
  })
})

test('of what a collector that refuses for a while was sent, all is either delivered or counted as lost', async () => {
  await using collector = await startMockOtlp()
  const service = 'accounted for'
  await using app = new AppProcess(['--require', REGISTER, APP], {
    env: {
      ...OURS,
      OTEL_SERVICE_NAME: service,
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.httpUrl,
      OTEL_METRICS_EXPORTER: 'prometheus',
      OTEL_BSP_MAX_QUEUE_SIZE: '100',
      OTEL_BSP_MAX_EXPORT_BATCH_SIZE: '50',
      OTEL_BLRP_MAX_QUEUE_SIZE: '100',
      OTEL_BLRP_MAX_EXPORT_BATCH_SIZE: '50',
    },
  })
  const endpoint = await app.endpoint()
  await app.sees(/^up$/m)
  app.child.stdin?.write('5000\n')
  await app.sees(/recorded 5000/)
  const lost = await scrapeUntil(endpoint, (page) => lostOf(page, 'traces') > 0 && lostOf(page, 'logs') > 0)
  app.child.stdin?.end()
  expect(await app.exit()).toEqual({ code: 0, signal: null })
  expect(collector.spans.all.length + lostOf(lost, 'traces')).toBe(5000)
  expect(collector.logs.all.length + lostOf(lost, 'logs')).toBe(5000)
})

test.each(['http/protobuf', 'grpc'])(
  'a host that is not known is named once, and the app ends by %s as it would',
  async (protocol) => {
    const script = `require('@opentelemetry/api').trace.getTracer('a').startSpan('a').end()`
    await using app = new AppProcess(['--require', REGISTER, '-e', script], {
      env: {
        ...OURS,
        OTEL_EXPORTER_OTLP_PROTOCOL: protocol,
        OTEL_EXPORTER_OTLP_ENDPOINT: 'http://nothing.invalid:4317',
        // A machine without a network answers as soon as one with.
        RES_OPTIONS: 'timeout:1 attempts:1',
      },
    })
    expect(await app.exit()).toEqual({ code: 0, signal: null })
    expect(
      app.stderr.match(/traces cannot be exported to http:\/\/nothing\.invalid:4317\S*: getaddrinfo E\w+/g) ?? [],
    ).toHaveLength(1)
  },
)

test('what is recorded by an older API and by a second copy of this one arrives', async () => {
  await using folder = await mkdtempDisposable(path.join(tmpdir(), 'mcp-otel-'))
  const from = createRequire(path.join(root, 'packages/otel/package.json'))
  const copy = path.join(folder.path, 'api')
  await cp(packageFolder(from.resolve('@opentelemetry/api')), copy, { recursive: true })
  const older = packageFolder(from.resolve('opentelemetry-api-1.9'))
  await using collector = await startMockOtlp()
  const script = [copy, older].map(
    (api) => `require(${JSON.stringify(api)}).trace.getTracer('t').startSpan('from').end()`,
  )
  await using app = new AppProcess(['--require', REGISTER, '-e', script.join('\n')], {
    env: { ...OURS, OTEL_EXPORTER_OTLP_ENDPOINT: collector.httpUrl, MCP_OTEL_BANNER: 'off' },
  })
  expect(await app.exit()).toEqual({ code: 0, signal: null })
  expect(app.stderr).toBe('')
  expect(collector.spans.all.map(({ name }) => name)).toEqual(['from', 'from'])
})

function packageFolder(file: string): string {
  const folder = path.dirname(file)
  return existsSync(path.join(folder, 'package.json')) ? folder : packageFolder(folder)
}
