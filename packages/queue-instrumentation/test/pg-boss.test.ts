import { setTimeout as pause } from 'node:timers/promises'

import { SpanKind, SpanStatusCode, trace } from '@opentelemetry/api'
import { PgBoss } from 'pg-boss'
import type { Job, JobWithMetadata } from 'pg-boss'
import { afterAll, afterEach, beforeAll, beforeEach, expect, vi } from 'vitest'

import { findPostgres } from '../../../test/support/components.ts'
import { startPostgres } from '../../../test/support/start-postgres.ts'
import type { RunningPostgres } from '../../../test/support/start-postgres.ts'
import { testWith } from '../../../test/support/test-with.ts'
import {
  createOwnTelemetry,
  registerContext,
  underSpan,
  unregisterContext,
} from '../../plugin-instrumentation/test/support/telemetry.ts'
import type { OwnTelemetry } from '../../plugin-instrumentation/test/support/telemetry.ts'
import { instrumentQueue, listQueues } from '../src/index.ts'
import type { QueueStatus } from '../src/index.ts'

const postgres = await findPostgres()
let database: RunningPostgres
let telemetry: OwnTelemetry
let boss: PgBoss
let bare: PgBoss
let count = 0
let queue = ''

beforeAll(async () => {
  registerContext()
  if (!('found' in postgres)) return
  database = await startPostgres(postgres.found)
  bare = new PgBoss({ connectionString: database.url, supervise: false, schedule: false })
  bare.on('error', () => {})
  await bare.start()
})
afterAll(async () => {
  unregisterContext()
  await bare?.stop({ graceful: false })
  await database?.stop()
})
beforeEach(async () => {
  telemetry = createOwnTelemetry()
  queue = `mail-${(count += 1)}`
  if (database === undefined) return
  boss = new PgBoss({ connectionString: database.url, supervise: false, schedule: false })
  boss.on('error', () => {})
  instrumentQueue(boss, { ...telemetry, pollIntervalMillis: 30 })
  await boss.start()
  await boss.createQueue(queue, { retryLimit: 0 })
})
afterEach(() => boss?.stop({ graceful: false }))
const status = (name = queue): QueueStatus | undefined => listQueues(telemetry).find(({ plugin }) => plugin === name)
const until = (probe: () => unknown): Promise<void> =>
  vi.waitFor(() => expect(probe()).toBe(true), { timeout: 10_000, interval: 10 })
/** The database gives rows in any order. */
const ordered = (rows: readonly unknown[]): string[] => rows.map((row) => JSON.stringify(row)).toSorted()
const quick = { pollingIntervalSeconds: 0.5 }
const spans = (kind: SpanKind) => telemetry.spans().filter((span) => span.kind === kind)

testWith(
  postgres,
  'one trace leads from whoever sends to the end of the job, which the handler sees as it was sent',
  async () => {
    const sent = underSpan(telemetry, () => boss.send(queue, { to: 'a', groupTier: null }, { priority: 2 }))
    const id = await sent.result
    await until(() => status()?.size === 1)
    const seen = Promise.withResolvers<[Job, string | undefined]>()
    await boss.work(queue, quick, async ([job]) => {
      seen.resolve([job as Job, trace.getActiveSpan()?.spanContext().traceId])
      return 'done'
    })
    const [job, active] = await seen.promise
    expect(active).toBe(sent.traceId)
    const { signal, ...plain } = job
    expect(signal).toBeInstanceOf(AbortSignal)
    expect(plain).toEqual({
      id,
      name: queue,
      data: { to: 'a', groupTier: null },
      retryCount: 0,
      expireInSeconds: 900,
      heartbeatSeconds: null,
      groupId: null,
      groupTier: null,
    })
    await until(() => status()?.jobs.success === 1 && status()?.size === 0)
    expect(status()).toMatchObject({
      waits: { count: 1 },
      oldestJobAge: 0,
      queues: [{ name: queue, scope: 'shared', engine: 'pg-boss' }],
    })
    const [send] = spans(SpanKind.PRODUCER)
    expect(send).toMatchObject({
      name: `send ${queue}`,
      parentSpanContext: { spanId: sent.spanId },
      attributes: { 'messaging.message.id': id, 'messaging.system': 'pg-boss' },
    })
    expect(spans(SpanKind.CONSUMER)[0]).toMatchObject({
      name: `process ${queue}`,
      parentSpanContext: { spanId: send?.spanContext().spanId },
      attributes: { 'messaging.message.id': id },
    })
    // It has ended for its worker before the database knows.
    await vi.waitFor(async () =>
      expect(await bare.findJobs(queue, { id: id as string })).toMatchObject([
        { state: 'completed', output: { value: 'done' } },
      ]),
    )
  },
)

testWith(
  postgres,
  'size and age are what the database has: without what is delayed, and without what runs',
  async () => {
    await boss.insert(queue, [{ data: { n: 1 } }, { data: { n: 2 } }, { data: { n: 3 } }])
    await boss.sendAfter(queue, { n: 4 }, null, 3600)
    await until(() => status()?.size === 3 && Number(status()?.oldestJobAge) > 0.05)
    const before = Number(status()?.oldestJobAge)
    await until(() => Number(status()?.oldestJobAge) > before)
    const [job] = await boss.fetch(queue)
    await until(() => status()?.size === 2)
    await boss.complete(queue, job?.id as string)
    expect(status()).toMatchObject({ jobs: { success: 1 }, waits: { count: 1 } })
    expect((await boss.getQueueStats(queue))[0]).toMatchObject({ readyCount: 2, deferredCount: 1 })
  },
)

testWith(
  postgres,
  'a job that fails is tried again, and is counted at its end; waits of retries are told apart',
  async () => {
    const { result, traceId } = underSpan(telemetry, () => boss.send(queue, {}, { retryLimit: 2, retryDelay: 0 }))
    await result
    const error = new RangeError('too far')
    await boss.work(queue, quick, () => Promise.reject(error))
    await until(() => status()?.jobs.error === 1)
    expect(status()).toMatchObject({ jobs: { error: 1, success: 0 }, waits: { count: 1 } })
    expect(telemetry.points('mcp.queue.retry_wait')).toEqual({ [`plugin=${queue}`]: 2 })
    expect(telemetry.points('mcp.errors')).toEqual({ 'source=queue,type=RangeError': 3 })
    const runs = spans(SpanKind.CONSUMER)
    expect(runs.map((span) => [span.spanContext().traceId, span.status])).toEqual(
      [1, 2, 3].map(() => [traceId, { code: SpanStatusCode.ERROR, message: 'too far' }]),
    )
  },
)

testWith(postgres, 'a delay that was asked for is no wait, by the clock of the database', async () => {
  await boss.send(queue, {}, { startAfter: 1 })
  const started = Promise.withResolvers<void>()
  await boss.work(queue, quick, async () => started.resolve())
  await started.promise
  await until(() => status()?.waits.count === 1)
  const [job] = await bare.findJobs(queue)
  const waited = Number(job?.startedOn) - Number(job?.startAfter)
  expect(Math.abs(Number(status()?.waits.sum) * 1000 - waited)).toBeLessThan(5)
})

testWith(postgres, 'a job that takes too long has timed out, whatever becomes of its handler', async () => {
  await boss.send(queue, {}, { expireInSeconds: 1 })
  await boss.work(queue, quick, () => pause(60_000, undefined, { ref: false }))
  await until(() => status()?.jobs.timeout === 1)
  expect(telemetry.points('mcp.errors')).toEqual({ 'source=queue,type=TimeoutError': 1 })
})

testWith(postgres, 'jobs of a batch are measured one by one, each by what its handler says of it', async () => {
  await boss.insert(
    queue,
    [1, 2, 3].map((n) => ({ data: { n } })),
  )
  await boss.work<{ n: number }>(
    queue,
    { ...quick, batchSize: 5, perJobResults: true, includeMetadata: true } as never,
    (async (jobs: JobWithMetadata<{ n: number }>[]) => {
      expect(jobs.map(({ state, groupTier }) => [state, groupTier])).toEqual([1, 2, 3].map(() => ['active', null]))
      return jobs.map(({ id, data }) => ({ id, status: data.n === 2 ? 'failed' : 'completed' }))
    }) as never,
  )
  await until(() => status()?.jobs.success === 2 && status()?.jobs.error === 1)
  expect(spans(SpanKind.CONSUMER)).toHaveLength(3)
})

testWith(postgres, 'jobs that the app fetches itself end when it settles them', async () => {
  await boss.insert(
    queue,
    [1, 2, 3, 4].map((n) => ({ data: { n }, retryLimit: n === 4 ? 1 : 0 })),
  )
  const jobs = (await boss.fetch<{ n: number }>(queue, { batchSize: 4 })).toSorted((a, b) => a.data.n - b.data.n)
  expect(Object.keys(jobs[0] ?? {}).length).toBe(8)
  const ids = jobs.map(({ id }) => id)
  await boss.complete(queue, jobs[0] as Job)
  await boss.fail(queue, ids[1] as string, new TypeError('no'))
  await boss.cancel(queue, [ids[2] as string])
  await boss.fail(queue, ids[3] as string, { reason: 'again' })
  expect(status()).toMatchObject({ jobs: { success: 1, error: 1, cancelled: 1 } })
  expect(telemetry.points('mcp.errors')).toEqual({ 'source=queue,type=TypeError': 1, 'source=queue,type=FailedJob': 1 })
})

testWith(
  postgres,
  'groups keep their tiers, and dead letters, throttled jobs and publications their trace',
  async () => {
    const dead = `${queue}-dead`
    await boss.createQueue(dead)
    await boss.updateQueue(queue, { deadLetter: dead })
    await boss.subscribe('news', queue)
    const { traceId } = underSpan(telemetry, () => {
      return Promise.all([
        boss.send(queue, { n: 1 }, { group: { id: 'g', tier: 'gold' } }),
        boss.send({ name: queue, data: { n: 2 }, options: { group: { id: 'g' } } }),
        boss.sendThrottled(queue, { n: 3 }, null, 60, 'key'),
        boss.publish('news', { n: 4 }),
      ])
    })
    await vi.waitFor(async () => expect(await bare.findJobs(queue)).toHaveLength(4))
    const handled: [number, unknown, unknown, string | undefined][] = []
    await boss.work<{ n: number }>(queue, { ...quick, localConcurrency: 4 }, async ([job]) => {
      handled.push([job?.data.n ?? 0, job?.groupId, job?.groupTier, trace.getActiveSpan()?.spanContext().traceId])
      throw new Error('dead')
    })
    await until(() => handled.length === 4)
    expect(handled.toSorted(([a], [b]) => a - b)).toEqual([
      [1, 'g', 'gold', expect.not.stringMatching(traceId)],
      [2, 'g', null, traceId],
      [3, null, null, traceId],
      [4, null, null, traceId],
    ])
    const traces: unknown[] = []
    await boss.work(dead, quick, async () => void traces.push(trace.getActiveSpan()?.spanContext().traceId))
    await until(() => traces.length > 0)
  },
)

/** Does all kinds of things with a pg-boss, wrong ones too, and returns all that came of it. */
async function script(own: PgBoss): Promise<unknown[]> {
  const name = `${queue}-${own === bare ? 'bare' : 'measured'}`
  const log: unknown[] = []
  const attempt = async (call: () => Promise<unknown>): Promise<void> => {
    log.push(await call().catch((error: Error) => `${error.name}: ${error.message}`.replaceAll(name, 'it')))
  }
  await attempt(() => own.send(name, {}))
  await own.createQueue(name)
  await attempt(async () => typeof (await own.send(name, { a: 1 }, { singletonKey: 'x', priority: 1 })))
  await attempt(() => own.send(name, {}, { priority: 'high' } as never))
  await attempt(() => own.send(name, {}, { group: {} } as never))
  await attempt(() => own.send(name, {}, 'options' as never))
  await attempt(() => own.send({ name } as never, {} as never))
  await attempt(() => own.send(name, (() => {}) as never))
  await attempt(async () => (await own.insert(name, [{ data: { b: [1] } }], { returnId: true }))?.length)
  await attempt(() => own.insert(name, 'jobs' as never))
  await attempt(() => own.work(name, 'handler' as never))
  await attempt(() => own.work(name, { includeMetadata: 'yes' } as never, (async () => {}) as never))
  await attempt(() => own.fetch(name, { batchSize: 'all' } as never))
  await attempt(async () =>
    ordered((await own.fetch(name, { batchSize: 2 })).map(({ id, ...job }) => ({ ...job, name: 'it' }))),
  )
  await attempt(() => own.complete(name, []))
  const stored = await bare.findJobs<object>(name)
  log.push(
    ordered(
      stored.map(({ data, state, priority, singletonKey, groupId }) => [data, state, priority, singletonKey, groupId]),
    ),
  )
  return log
}

testWith(postgres, 'a measured pg-boss gives and stores the same as a bare one, and refuses the same', async () => {
  const [measured, unmeasured] = [await script(boss), await script(bare)]
  expect(measured).toEqual(unmeasured)
  expect(measured.length).toBe(15)
})

testWith(
  postgres,
  'jobs that nobody measured is on the sending side are measured on the other, each with a trace of its own',
  async () => {
    await bare.send(queue, { n: 1 })
    await boss.work(queue, quick, async () => {})
    await until(() => status()?.jobs.success === 1)
    expect(status()?.waits.count).toBe(1)
    expect(spans(SpanKind.CONSUMER)[0]?.parentSpanContext).toBeUndefined()
  },
)

testWith(postgres, 'a worker without us sees the data as they were sent', async () => {
  await boss.send(queue, { n: 1 })
  expect(await bare.fetch(queue)).toMatchObject([{ data: { n: 1 }, groupId: null }])
})

testWith(
  postgres,
  'while the database is away nothing is shown and an error says so; when it is back, so are the figures',
  async () => {
    await boss.send(queue, {})
    await until(() => status()?.size === 1)
    await database.pause()
    await until(
      () =>
        telemetry.points('mcp.errors')['source=queue,type=ECONNREFUSED'] !== undefined ||
        Object.keys(telemetry.points('mcp.errors')).length > 0,
    )
    expect(status()).not.toHaveProperty('size')
    expect(telemetry.points('mcp.queue.size')).toEqual({})
    await database.resume()
    await until(() => status()?.size === 1)
  },
)

testWith(postgres, 'a pg-boss that is stopped is done with its queues', async () => {
  await boss.send(queue, {})
  await until(() => status()?.size === 1)
  await boss.stop({ graceful: false })
  expect(status()).toBeUndefined()
})
