import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer as createTcpServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

import { expect, onTestFinished, test, vi } from 'vitest'

import type { CheckContext, CheckFn, CheckOptions } from '../src/check-options.ts'
import { diskSpaceCheck } from '../src/checks/disk-space-check.ts'
import { eventLoopDelayCheck } from '../src/checks/event-loop-delay-check.ts'
import { httpCheck } from '../src/checks/http-check.ts'
import { memoryCheck } from '../src/checks/memory-check.ts'
import { pluginErrorRateCheck } from '../src/checks/plugin-error-rate-check.ts'
import { queueBacklogCheck } from '../src/checks/queue-backlog-check.ts'
import { tcpCheck } from '../src/checks/tcp-check.ts'
import { telemetryCheck } from '../src/checks/telemetry-check.ts'
import type { ExporterState } from '../src/checks/telemetry-check.ts'
import { workerCheck } from '../src/checks/worker-check.ts'
import type { HealthOptions } from '../src/health-options.ts'
import type { CheckReport } from '../src/report.ts'
import type { Vitals } from '../src/server-vitals.ts'
import { createTestHealth } from './support/create-test-health.ts'
import { serve } from './support/serve.ts'

const WAIT = { timeout: 20_000, interval: 20 }

/** Runs a check once, in a health of its own. */
async function run(check: CheckFn, options: CheckOptions = {}, health: HealthOptions = {}): Promise<CheckReport> {
  const created = createTestHealth(health)
  created.check('it', check, options)
  const report = (await created.report()).checks['it']
  if (report === undefined) throw new Error('the check has not run')
  return report
}

/** One that is given to nobody who asks for any. */
const CLOSED_PORT = 9

test('disk space is judged by the share in use and by the bytes left', async () => {
  const healthy = await run(diskSpaceCheck({ path: tmpdir(), degradedRatio: Infinity, unhealthyRatio: Infinity }))
  expect(healthy.status).toBe('healthy')
  expect(healthy.observed).toBeGreaterThan(0)
  expect(healthy.observed).toBeLessThanOrEqual(1)
  expect(healthy.details).toMatchObject({ path: tmpdir(), total_bytes: expect.any(Number) as number })
  expect((await run(diskSpaceCheck({ degradedRatio: 0, unhealthyRatio: Infinity }))).message).toMatch(
    /^[\d.]+ % of \. is in use \(limit 0 %\)$/,
  )
  expect((await run(diskSpaceCheck({ degradedRatio: 0, unhealthyRatio: 0 }))).status).toBe('unhealthy')
  expect(await run(diskSpaceCheck({ minFreeBytes: 2 ** 60 }))).toMatchObject({ status: 'unhealthy', unit: 'By' })
  expect(await run(diskSpaceCheck({ path: '/no/such/path' }))).toMatchObject({
    status: 'unhealthy',
    message: "ENOENT: no such file or directory, statfs '/no/such/path'",
  })
})

test('memory is judged against the limits of the heap and of the machine', async () => {
  expect((await run(memoryCheck())).status).toBe('healthy')
  const degraded = await run(memoryCheck({ degradedRatio: 0.000001, unhealthyRatio: Infinity }))
  expect(degraded.status).toBe('degraded')
  expect(degraded.message).toMatch(/^the heap is [\d.]+ % of V8's limit \(limit 0 %\)$/)
  expect((await run(memoryCheck({ unhealthyRatio: 0.000001 }))).status).toBe('unhealthy')
})

/** Judges a loop whose delay has this p99, s. */
function judgedLoop(p99: number | null): unknown {
  const delay = p99 === null ? null : { mean: 0, p50: 0, p99, max: 9 }
  const server = (): Vitals => ({ event_loop: { utilization: null, delay } }) as unknown as Vitals
  return eventLoopDelayCheck({ degradedDelay: 0.1 })({ server } as unknown as CheckContext)
}

test('a loop whose timers fire late is judged by the p99 of their delay', async () => {
  expect(judgedLoop(null)).toEqual({ status: 'healthy', observed: 0, unit: 's' })
  expect(judgedLoop(0.099)).toMatchObject({ status: 'healthy', observed: 0.099 })
  const message = "p99 of the event loop's delay is 0.100 s (limit 0.1 s)"
  expect(judgedLoop(0.1)).toEqual({ status: 'degraded', observed: 0.1, unit: 's', message })
  expect(judgedLoop(2)).toMatchObject({ status: 'unhealthy', observed: 2 })
})

test('a loop that something blocked shows in its delay', async () => {
  const health = createTestHealth()
  // The histogram counts from its first timer on.
  await vi.waitFor(async () => expect((await health.report()).server.event_loop.delay).not.toBeNull(), WAIT)
  const end = performance.now() + 250
  while (performance.now() < end);
  await vi.waitFor(async () => {
    expect((await health.report()).server.event_loop.delay?.max).toBeGreaterThan(0.15)
  }, WAIT)
})

test('a TCP dependency is healthy when it accepts, unhealthy when it refuses, degraded when it is slow', async () => {
  const server = createTcpServer((socket) => socket.end())
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  const { port } = server.address() as AddressInfo
  expect(await run(tcpCheck({ port }))).toMatchObject({ status: 'healthy', unit: 's' })
  expect((await run(tcpCheck({ port, degradedLatency: 0 }))).message).toMatch(
    /^answered after \d+\.\d{3} s \(limit 0 s\)$/,
  )
  expect(await run(tcpCheck({ port: CLOSED_PORT }))).toMatchObject({
    status: 'unhealthy',
    message: `connect ECONNREFUSED 127.0.0.1:${CLOSED_PORT}`,
  })
})

test('an HTTP dependency is judged by its status code', async () => {
  const origin = await serve((request, response) => {
    response.statusCode = Number(request.url?.slice(1, 4))
    response.end('a body that nobody reads'.repeat(10_000))
  })
  for (const [code, status, message] of [
    [200, 'healthy', undefined],
    [204, 'healthy', undefined],
    [302, 'healthy', undefined],
    [404, 'unhealthy', `${origin}/404 answered 404`],
    [500, 'unhealthy', `${origin}/500 answered 500`],
  ] as const) {
    const report = await run(httpCheck({ url: `${origin}/${code}?key=secret` }))
    expect([code, report.status, report.message]).toEqual([code, status, message])
  }
  expect((await run(httpCheck({ url: `${origin}/404`, isHealthy: (code) => code === 404 }))).status).toBe('healthy')
  expect((await run(httpCheck({ url: `${origin}/200`, method: 'HEAD', degradedLatency: 0 }))).status).toBe('degraded')
  expect((await run(httpCheck({ url: `http://127.0.0.1:${CLOSED_PORT}/` }))).message).toBe(
    `connect ECONNREFUSED 127.0.0.1:${CLOSED_PORT}`,
  )
  expect(() => httpCheck({ url: 'ftp://example.com' })).toThrow('httpCheck url is "ftp://…"; expected http: or https:')
})

test('an HTTP dependency that never answers is given up when told to, and its connection is closed', async () => {
  const deadline = new AbortController()
  const closed = Promise.withResolvers<void>()
  const origin = await serve((request) => {
    request.socket.once('close', () => closed.resolve())
    deadline.abort(new DOMException('too long', 'TimeoutError'))
  })
  await expect(httpCheck({ url: origin })({ signal: deadline.signal } as unknown as CheckContext)).rejects.toThrow(
    'aborted',
  )
  await closed.promise
})

test('queues and plugins are judged by the worst one, or by those that are named', async () => {
  const options: HealthOptions = {
    queues: () => [
      { plugin: 'a', size: 5 },
      { plugin: 'b', size: 50, oldestJobAge: 90 },
    ],
    plugins: () => [
      { name: 'good', up: true },
      { name: 'gone', up: false },
    ],
  }
  expect((await run(queueBacklogCheck(), {}, options)).status).toBe('healthy')
  expect((await run(queueBacklogCheck({ degradedSize: 10 }), {}, options)).message).toBe('b: 50 jobs wait (limit 10)')
  expect((await run(queueBacklogCheck({ degradedSize: 10, queues: ['a'] }), {}, options)).status).toBe('healthy')
  expect((await run(queueBacklogCheck({ unhealthyAge: 60 }), {}, options)).message).toBe(
    'b: the oldest job has waited 90 s (limit 60 s)',
  )
  expect((await run(queueBacklogCheck({ queues: ['c'] }), {}, options)).message).toBe('c: does not exist')
  expect((await run(pluginErrorRateCheck(), {}, options)).message).toBe('gone: not available')
  expect((await run(pluginErrorRateCheck({ plugins: ['good'] }), {}, options)).status).toBe('healthy')
})

test.each<[string, () => unknown]>([
  [
    'memoryCheck: degradedRatio is 90; expected a share from 0 to 1, or Infinity for never',
    () => memoryCheck({ degradedRatio: 90 }),
  ],
  [
    'memoryCheck: unknown option "degraded"; expected one of degradedRatio, unhealthyRatio',
    () => memoryCheck({ degraded: 0.9 } as object),
  ],
  [
    'eventLoopDelayCheck: unhealthyDelay is "2s"; expected a number from 0, or Infinity for never',
    () => eventLoopDelayCheck({ unhealthyDelay: '2s' } as object),
  ],
  [
    'diskSpaceCheck: minFreeBytes is -1; expected a number from 0, or Infinity for never',
    () => diskSpaceCheck({ path: '/', minFreeBytes: -1 }),
  ],
  [
    'tcpCheck: degradedLatency is NaN; expected a number from 0, or Infinity for never',
    () => tcpCheck({ port: 1, degradedLatency: Number.NaN }),
  ],
  [
    'httpCheck: unknown option "latency"; expected one of degradedLatency, url, method, headers, isHealthy',
    () => httpCheck({ url: 'http://a', latency: 1 } as never),
  ],
  [
    'queueBacklogCheck: degradedSize is "10"; expected a number from 0, or Infinity for never',
    () => queueBacklogCheck({ queues: ['a'], degradedSize: '10' } as object),
  ],
  [
    'pluginErrorRateCheck: degradedErrorRate is 10; expected a share from 0 to 1, or Infinity for never',
    () => pluginErrorRateCheck({ degradedErrorRate: 10 }),
  ],
  [
    'telemetryCheck: unhealthyAfter is -5; expected a number from 0, or Infinity for never',
    () => telemetryCheck({ exporters: () => [], unhealthyAfter: -5 }),
  ],
  [
    'health option pluginPolicy: unhealthyErrorRate is 50; expected a share from 0 to 1, or Infinity for never',
    () => createTestHealth({ pluginPolicy: { unhealthyErrorRate: 50 } }),
  ],
  [
    'health option queuePolicy: unknown option "maxSize"; expected one of degradedSize, unhealthySize, degradedAge, unhealthyAge, critical, failAfter, recoverAfter, ttl',
    () => createTestHealth({ queuePolicy: { maxSize: 5 } as object }),
  ],
])('a limit that would never be reached by mistake is refused: %s', (message, create) => {
  expect(create).toThrow(new TypeError(message))
})

test('an exporter that only fails is degraded, then unhealthy, until it sends again', async () => {
  let state: ExporterState = { name: 'traces', exported: 0, failed: 0 }
  const health = createTestHealth()
  health.check('telemetry', telemetryCheck({ exporters: () => [state], unhealthyAfter: 3 }), {
    ttl: 0,
    critical: false,
  })
  const statusAfter = async (exported: number, failed: number): Promise<string | undefined> => {
    state = { name: 'traces', exported, failed, error: 'ECONNREFUSED 127.0.0.1:4318' }
    const { checks } = await health.report()
    return checks['telemetry']?.status
  }
  expect(await statusAfter(0, 0)).toBe('healthy')
  expect(await statusAfter(5, 0)).toBe('healthy')
  expect(await statusAfter(5, 1)).toBe('degraded')
  expect(await statusAfter(5, 2)).toBe('degraded')
  expect(await statusAfter(5, 2)).toBe('degraded')
  expect(await statusAfter(5, 3)).toBe('unhealthy')
  expect((await health.report()).checks['telemetry']?.message).toBe(
    'exports fail: traces (ECONNREFUSED 127.0.0.1:4318)',
  )
  expect(await statusAfter(6, 4)).toBe('healthy')
})

test('checks of what is outside the process are marked so, checks of the process are not', () => {
  const outside = [diskSpaceCheck(), tcpCheck({ port: 1 }), httpCheck({ url: 'http://localhost' })]
  expect(outside.map((check) => check.outside)).toEqual([true, true, true])
  const inside = [
    memoryCheck(),
    eventLoopDelayCheck(),
    queueBacklogCheck(),
    pluginErrorRateCheck(),
    telemetryCheck({ exporters: () => [] }),
  ]
  expect(inside.map((check) => check.outside)).toEqual([undefined, undefined, undefined, undefined, undefined])
})

test('a check in a thread may block, and the event loop goes on', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'worker-check-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const write = async (name: string, code: string): Promise<URL> => {
    await writeFile(join(folder, name), code)
    return pathToFileURL(join(folder, name))
  }
  const blocking = await write('blocking.mjs', 'export default () => { for (;;); }')
  const slow = await write('slow.cjs', 'module.exports = (data) => ({ status: "degraded", message: `slow ${data}` })')
  const failing = await write('failing.mjs', 'export default async () => { throw new Error("password=hunter2") }')
  const empty = await write('empty.mjs', 'export default 1')
  const exiting = await write('exiting.mjs', 'export default () => process.exit(3)')

  const health = createTestHealth()
  health.check('blocking', workerCheck(blocking), { timeout: 1000 })
  // Starting a thread may take long on a busy machine, and is not what is measured here.
  const options = { timeout: 25_000 }
  health.check('slow', workerCheck(slow, { data: 'disk' }), options)
  health.check('failing', workerCheck(failing), options)
  health.check('empty', workerCheck(empty), options)
  health.check('exiting', workerCheck(exiting), options)
  let turns = 0
  const ticker = setInterval(() => (turns += 1), 10)
  const { checks } = await health.report()
  clearInterval(ticker)
  expect(turns).toBeGreaterThan(1)
  expect(checks['blocking']).toMatchObject({ status: 'unhealthy', timed_out: true })
  expect(checks['slow']).toMatchObject({ status: 'degraded', message: 'slow disk' })
  expect(checks['failing']).toMatchObject({ status: 'unhealthy', message: 'password=[redacted]' })
  expect(checks['empty']?.message).toMatch(/is number; expected a function$/)
  expect(checks['exiting']?.message).toBe("the check's thread ended with code 3 before it had answered")
})
