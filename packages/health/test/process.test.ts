import { Agent } from 'node:http'
import { connect } from 'node:net'
import { fileURLToPath } from 'node:url'

import { expect, onTestFinished, test, vi } from 'vitest'

import type { HealthReport } from '../src/report.ts'
import { expectHealthBody, expectProbeBody } from './support/body-schema.ts'
import { ask } from './support/serve.ts'
import type { Answer } from './support/serve.ts'
import { spawnFixture, startFixture } from './support/start-fixture.ts'
import type { Fixture } from './support/start-fixture.ts'

const WAIT = { timeout: 20_000, interval: 30 }

async function report({ get }: Fixture): Promise<HealthReport> {
  return (await get('/health')).body as unknown as HealthReport
}

function changesOf({ lines }: Fixture, component: string): string[] {
  return lines
    .filter((line) => line['component'] === component)
    .map(({ from, to }) => `${from as string}>${to as string}`)
}

test('a plugin that starts failing is degraded, then unhealthy, and recovers, each after as many results as it is told', async () => {
  const policy = {
    ttl: 0,
    failAfter: 2,
    recoverAfter: 3,
    minExecutions: 4,
    degradedErrorRate: 0.1,
    unhealthyErrorRate: 0.5,
  }
  // Nobody judges but who asks, so that the results can be counted.
  const fixture = await startFixture('plugin-server.ts', {
    options: { health: { sampleInterval: 86_400_000, pluginPolicy: policy } },
  })
  const statusesAfter = async (work: string, asked: number): Promise<(string | undefined)[]> => {
    await fixture.get(`/run?${work}`)
    const statuses: (string | undefined)[] = []
    for (let i = 0; i < asked; i++) statuses.push((await report(fixture)).plugins['checksum']?.status)
    return statuses
  }
  expect(await statusesAfter('good=80', 1)).toEqual(['healthy'])
  expect(await statusesAfter('bad=20', 3)).toEqual(['healthy', 'degraded', 'degraded'])
  expect(await statusesAfter('bad=100', 3)).toEqual(['degraded', 'unhealthy', 'unhealthy'])
  const worst = await fixture.get('/health')
  expect([worst.status, worst.body['status']]).toEqual([200, 'degraded'])
  const { message, error_rate } = (worst.body as unknown as HealthReport).plugins['checksum'] ?? {}
  expect(error_rate).toBe(0.6)
  expect(message).toMatch(/^60 % of 200 executions failed in \d+ s \(limit 50 %\)$/)
  expectHealthBody(worst.body)
  const recovery = ['unhealthy', 'unhealthy', 'degraded', 'degraded']
  expect(await statusesAfter('good=200', 4)).toEqual(recovery)
  expect(await statusesAfter('good=1000', 4)).toEqual(['degraded', 'degraded', 'healthy', 'healthy'])
  expect(changesOf(fixture, 'plugin:checksum')).toEqual([
    'healthy>degraded',
    'degraded>unhealthy',
    'unhealthy>degraded',
    'degraded>healthy',
  ])
})

test('a queue that backs up is degraded while it grows, and recovers once it is worked off', async () => {
  const fixture = await startFixture('plugin-server.ts', {
    options: { health: { window: 60_000, sampleInterval: 30, queuePolicy: { ttl: 20, recoverAfter: 1 } } },
  })
  await vi.waitFor(async () => {
    await fixture.get('/enqueue?times=40')
    const { queue_size, queues } = await report(fixture)
    expect(queues['checksum']).toMatchObject({ status: 'degraded', size: queue_size, trend: 'growing' })
    expect(queues['checksum']?.growth).toBeGreaterThan(0)
    expect(queues['checksum']?.message).toMatch(/^\d+ jobs wait \(limit 100\), growing$/)
  }, WAIT)
  const before = await report(fixture)
  expect(before.queue_size).toBeGreaterThanOrEqual(100)
  expect(before.queues['checksum']?.oldest_age).toBeGreaterThan(0)
  await fixture.get('/process')
  await vi.waitFor(async () => {
    const { queue_size, queues } = await report(fixture)
    expect(queue_size).toBe(0)
    expect(queues['checksum']).toMatchObject({ status: 'healthy', size: 0, oldest_age: null })
    expect(queues['checksum']?.processing_rate).toBeGreaterThan(0)
    expect(queues['checksum']?.wait_p95).toBeGreaterThan(0)
  }, WAIT)
})

test('memory is measured against --max-old-space-size', async () => {
  const fixture = await startFixture('plugin-server.ts', {
    flags: ['--max-old-space-size=128', '--expose-gc'],
    options: {
      health: {
        memory: { thresholds: { degradedRatio: 0.4, unhealthyRatio: 0.75 }, check: { ttl: 0 } },
        // A busy machine delays the loop, which is not what is measured here.
        eventLoop: false,
      },
    },
  })
  const { server, checks } = await report(fixture)
  expect(checks['memory']?.status).toBe('healthy')
  expect(server.memory.heap_limit).toBe(128 * 2 ** 20)
  await fixture.get('/allocate?megabytes=60')
  const full = await report(fixture)
  expect(full.checks['memory']).toMatchObject({ status: 'degraded', unit: '1' })
  expect(full.checks['memory']?.message).toMatch(/^the heap is [\d.]+ % of V8's limit \(limit 40 %\)$/)
  expect(full.server).toMatchObject({ status: 'degraded' })
  expect(full.status).toBe('degraded')
  expect(full.server.memory.old_space_used).toBeGreaterThan(55 * 2 ** 20)
  await fixture.get('/allocate?megabytes=95')
  expect((await report(fixture)).checks['memory']).toMatchObject({ status: 'unhealthy' })
  expect((await fixture.get('/kept')).body).toEqual({ megabytes: 95 })
  await fixture.get('/release')
  expect((await report(fixture)).checks['memory']?.status).toBe('healthy')
  expect((await report(fixture)).server.gc.count).toBeGreaterThan(0)
})

test('a check that hangs for ever holds nothing up: every answer comes, and liveness stays', async () => {
  const fixture = await startFixture('plugin-server.ts')
  await fixture.get('/hang')
  for (let i = 0; i < 12; i++) {
    const { status, body } = await fixture.get('/readyz')
    expect([status, body['status']]).toEqual([503, 'unhealthy'])
    expectProbeBody(body)
  }
  expect((await fixture.get('/livez')).status).toBe(200)
  expect((await report(fixture)).checks['hung']?.message).toBe(
    '8 runs never ended; not run again before one of them does',
  )
})

test('a blocked event loop shows in its delay, and its check recovers when nothing blocks it any more', async () => {
  const eventLoop = { thresholds: { unhealthyDelay: 3600 }, check: { ttl: 0 } }
  const fixture = await startFixture('plugin-server.ts', { options: { health: { eventLoop } } })
  await vi.waitFor(async () => expect((await report(fixture)).server.event_loop.delay).not.toBeNull(), WAIT)
  await vi.waitFor(async () => {
    await fixture.get('/block?milliseconds=600')
    const { server, checks } = await report(fixture)
    expect(server.event_loop.delay?.max).toBeGreaterThan(0.4)
    expect(checks['event_loop']?.status).toBe('degraded')
  }, WAIT)
  // What is judged covers up to ten seconds, and on a busy machine more than one block.
  const recovered = async () => expect((await report(fixture)).checks['event_loop']?.status).toBe('healthy')
  await vi.waitFor(recovered, { timeout: 35_000, interval: 100 })
})

test('ten thousand probes at once run a check once, and all get the same answer', async () => {
  const fixture = await startFixture('plugin-server.ts')
  await fixture.get('/slow-check?probes=10000')
  const { codes, bodies } = await pipelined(fixture.origin, '/readyz', 200, 50)
  expect(codes).toEqual({ '200': 10_000 })
  expect(bodies).toHaveLength(1)
  expect(JSON.parse(bodies[0] ?? '')).toMatchObject({ status: 'healthy', checks: { slow: { status: 'healthy' } } })
  expect((await fixture.get('/slow-runs')).body).toEqual({ slowRuns: 1 })
})

test('probes as Kubernetes sends them: startup, readiness with a dependency, liveness throughout', async () => {
  const fixture = await startFixture('plugin-server.ts', {
    options: { dependency: true, health: { manualStart: true } },
  })
  const codes = async (): Promise<number[]> => {
    const answers = await Promise.all(['/startupz', '/readyz', '/livez', '/health'].map((path) => fixture.get(path)))
    for (const { body } of answers.slice(0, 3)) expectProbeBody(body)
    return answers.map(({ status }) => status)
  }
  expect(await codes()).toEqual([503, 503, 200, 503])
  expect((await fixture.get('/readyz')).body['process']).toBe('starting')
  await fixture.get('/started')
  expect(await codes()).toEqual([200, 200, 200, 200])
  await fixture.get('/dependency?up=0')
  expect(await codes()).toEqual([200, 503, 200, 503])
  await fixture.get('/dependency?up=1')
  expect(await codes()).toEqual([200, 200, 200, 200])
})

test('SIGTERM: readiness is 503 at once, requests are served through the grace period, none is dropped', async () => {
  const fixture = await startFixture('plugin-server.ts', { options: { drain: { timeout: 60_000 } } })
  const agent = new Agent({ keepAlive: true, maxSockets: 20 })
  onTestFinished(() => agent.destroy())
  const work = (milliseconds: number): Promise<Answer> =>
    ask(`${fixture.origin}/work?milliseconds=${milliseconds}`, { agent })
  // Ends after the server has closed, and must be answered all the same.
  const held = fixture.get('/hold')
  const answers: Promise<Answer>[] = []
  let afterwards = 200
  // A load balancer: it sends requests for as long as readiness says so, and some more.
  const balance = async (isReady: () => boolean): Promise<void> => {
    while (isReady() || afterwards > 0) {
      if (!isReady()) afterwards -= 1
      const answer = work(5)
      answers.push(answer)
      await answer
    }
  }
  let isReady = true
  const balanced = Promise.all(Array.from({ length: 10 }, () => balance(() => isReady)))
  await vi.waitFor(() => expect(answers.length).toBeGreaterThan(20), WAIT)
  await vi.waitFor(() => expect(fixture.lines).toContainEqual({ held: true }), WAIT)
  fixture.child.kill('SIGTERM')
  await vi.waitFor(async () => expect((await fixture.get('/readyz')).status).toBe(503), { ...WAIT, interval: 5 })
  isReady = false
  const draining = await fixture.get('/health')
  expect([draining.status, (draining.body as unknown as HealthReport).server.process]).toEqual([503, 'draining'])
  expect((await fixture.get('/livez')).status).toBe(200)
  expect((await work(1)).headers['connection']).toBe('close')
  await balanced
  const over = await ask(`${fixture.origin}/grace-over`, { agent })
  const settled = await Promise.allSettled([...answers, held])
  expect(settled.filter((answer) => answer.status === 'rejected' || answer.value.status !== 200)).toEqual([])
  expect([over.status, afterwards]).toEqual([200, 0])
  expect(await fixture.ended).toBe('SIGTERM')
  expect(fixture.lines.at(-1)).toEqual({ drained: true })
  await expect(fixture.get('/livez')).rejects.toThrow('ECONNREFUSED')
})

test('a request that outlives the timeout is cut off, and the process ends by its signal', async () => {
  const fixture = await startFixture('plugin-server.ts', { options: { drain: { gracePeriod: 0, timeout: 100 } } })
  const endless = fixture.get('/hold-for-ever').catch((error: NodeJS.ErrnoException) => error.code)
  await vi.waitFor(() => expect(fixture.lines).toContainEqual({ held: true }), WAIT)
  fixture.child.kill('SIGTERM')
  expect(await fixture.ended).toBe('SIGTERM')
  expect(await endless).toBe('ECONNRESET')
})

test('a second signal ends the process at once', async () => {
  const fixture = await startFixture('plugin-server.ts', {
    options: { drain: { gracePeriod: 60_000, timeout: 60_000 } },
  })
  fixture.child.kill('SIGTERM')
  await vi.waitFor(async () => expect((await fixture.get('/readyz')).status).toBe(503), WAIT)
  fixture.child.kill('SIGTERM')
  expect(await fixture.ended).toBe('SIGTERM')
  expect(fixture.lines).not.toContainEqual({ drained: true })
})

test('a check in a thread does not load what the application preloads', async () => {
  const preload = fileURLToPath(new URL('./fixtures/preload.cjs', import.meta.url))
  const fixture = spawnFixture('worker-check.ts', { flags: ['--require', preload] })
  expect(await fixture.ended).toBe(0)
  expect(fixture.lines).toEqual([{ preloadedInMainThread: true }, { status: 'healthy' }])
})

test('health with checks in the background does not keep a process alive', async () => {
  const fixture = spawnFixture('nothing-to-do.ts')
  expect(await fixture.ended).toBe(0)
  expect(fixture.lines).toEqual([{ status: 'degraded' }])
  expect(fixture.errors()).toBe('')
})

/** Sends `connections × each` requests that are all under way at once; counts the answers by code, and tells the bodies apart. */
async function pipelined(
  origin: string,
  path: string,
  connections: number,
  each: number,
): Promise<{ readonly codes: Record<string, number>; readonly bodies: readonly string[] }> {
  const { hostname, port } = new URL(origin)
  const codes: Record<string, number> = {}
  const bodies = new Set<string>()
  const onConnection = (): Promise<void> =>
    new Promise((resolve, reject) => {
      let text = ''
      const socket = connect(Number(port), hostname)
      socket.setEncoding('latin1').on('error', reject)
      socket.on('data', (chunk: string) => {
        text += chunk
        if (!chunk.endsWith('}\n')) return
        const answers = text.split(/^HTTP\/1\.1 /m).slice(1)
        if (answers.length < each) return
        for (const answer of answers) {
          const code = answer.slice(0, 3)
          codes[code] = (codes[code] ?? 0) + 1
          bodies.add(answer.slice(answer.indexOf('\r\n\r\n') + 4))
        }
        socket.destroy()
        resolve()
      })
      socket.write(`GET ${path} HTTP/1.1\r\nhost: ${hostname}\r\n\r\n`.repeat(each))
    })
  await Promise.all(Array.from({ length: connections }, onConnection))
  return { codes, bodies: [...bodies] }
}
