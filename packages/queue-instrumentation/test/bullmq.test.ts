import { once } from 'node:events'
import { setTimeout as pause } from 'node:timers/promises'

import { SpanKind, SpanStatusCode, context, propagation, trace } from '@opentelemetry/api'
import type { Context, SpanOptions } from '@opentelemetry/api'
import * as bullmq6 from 'bullmq'
import * as bullmq5 from 'bullmq-5'
import { Redis } from 'ioredis'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect } from 'vitest'

import { findRedis } from '../../../test/support/components.ts'
import { startRedis } from '../../../test/support/start-redis.ts'
import type { RunningRedis } from '../../../test/support/start-redis.ts'
import { testWith } from '../../../test/support/test-with.ts'
import {
  createOwnTelemetry,
  registerContext,
  underSpan,
  unregisterContext,
} from '../../plugin-instrumentation/test/support/telemetry.ts'
import type { OwnTelemetry } from '../../plugin-instrumentation/test/support/telemetry.ts'
import { QUEUE_SCOPE, instrumentQueue, listQueues } from '../src/index.ts'

const redis = await findRedis()

let broker: RunningRedis | undefined
let telemetry: OwnTelemetry
const open: { close(): Promise<unknown> }[] = []

beforeAll(async () => {
  registerContext()
  if ('found' in redis) broker = await startRedis(redis.found)
})
afterAll(async () => {
  unregisterContext()
  await broker?.stop()
})
beforeEach(() => {
  telemetry = createOwnTelemetry()
})
afterEach(async () => {
  await Promise.all(open.splice(0).map((each) => each.close()))
})

const POLL_MS = 50

function connection(): { host: string; port: number } {
  return { host: '127.0.0.1', port: broker?.port ?? 0 }
}

function options(): object {
  return { ...telemetry, pollIntervalMillis: POLL_MS }
}

function points(metric: string): Record<string, number> {
  return Object.fromEntries(Object.entries(telemetry.points(`mcp.queue.${metric}`)).filter(([, value]) => value !== 0))
}

function ended(): number {
  return Object.values(telemetry.points('mcp.queue.jobs')).reduce((sum, each) => sum + each, 0)
}

/** Seconds. */
function waitSum(metric: string): number {
  const [series] = telemetry.meterProvider.readSeries(`mcp.queue.${metric}`)
  return (series?.value as { sum: number } | undefined)?.sum ?? 0
}

/** What `bullmq-otel` does, in short. */
function ownTelemetry(): object {
  const tracer = telemetry.tracerProvider.getTracer('bullmq')
  return {
    tracer: {
      startSpan(name: string, given: SpanOptions, parent?: Context) {
        const span = tracer.startSpan(name, given, parent)
        return {
          setSpanOnContext: (on: Context) => trace.setSpan(on, span),
          setAttribute: span.setAttribute.bind(span),
          setAttributes: span.setAttributes.bind(span),
          addEvent: span.addEvent.bind(span),
          recordException: span.recordException.bind(span),
          end: span.end.bind(span),
        }
      },
    },
    contextManager: {
      with: (on: Context, fn: () => unknown) => context.with(on, fn),
      active: () => context.active(),
      getMetadata(of: Context) {
        const carrier = {}
        propagation.inject(of, carrier)
        return JSON.stringify(carrier)
      },
      fromMetadata: (active: Context, metadata: string) => propagation.extract(active, JSON.parse(metadata)),
    },
  }
}

async function until(probe: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await probe())) await pause(10)
}

async function failFirst({ attemptsMade }: bullmq6.Job): Promise<void> {
  if (attemptsMade === 0) throw new TypeError('not yet')
}

// Both majors are one to a caller.
describe.each([
  ['5', bullmq5 as unknown as typeof bullmq6],
  ['6', bullmq6],
])('BullMQ %s', (major, { Queue, Worker, FlowProducer, DelayedError, UnrecoverableError }) => {
  let names = 0
  const nameFor = (): string => `q${major}-${names++}`
  const queueOf = (name: string, given: object = {}): bullmq6.Queue => {
    const queue = instrumentQueue(new Queue(name, { connection: connection(), ...given }), options())
    open.push(queue)
    return queue
  }
  const workerOf = (name: string, handler: bullmq6.Processor, given: object = {}): bullmq6.Worker => {
    const worker = new Worker(name, handler, { connection: connection(), autorun: false, ...given })
    instrumentQueue(worker, options())
    worker.on('error', () => {})
    open.push(worker)
    void worker.run()
    return worker
  }
  testWith(
    redis,
    'a job is counted, waits, runs in the trace of its request, and is what it is without us',
    async () => {
      const name = nameFor()
      const queue = queueOf(name)
      const seen: unknown[] = []
      const { result, traceId, spanId } = underSpan(telemetry, () =>
        queue.add('resize', { file: 'a.png' }, { attempts: 2, removeOnComplete: true }),
      )
      const added = await result
      expect(added.opts).toEqual({ attempts: 2, removeOnComplete: true })
      workerOf(name, async (job) => {
        seen.push(job.data, job.opts, Object.keys(job.asJSON()).includes('telemetry'))
        return trace.getActiveSpan()?.spanContext()
      })
      await until(() => ended() === 1)
      expect(seen).toEqual([{ file: 'a.png' }, { attempts: 2, removeOnComplete: true }, false])
      expect(points('jobs')).toEqual({ [`plugin=${name},status=success`]: 1 })
      expect(points('wait')).toEqual({ [`plugin=${name}`]: 1 })
      expect(points('run')).toEqual({ [`plugin=${name}`]: 1 })
      expect(points('retry_wait')).toEqual({})
      const [send, process] = telemetry.spans().filter(({ kind }) => kind !== SpanKind.INTERNAL)
      expect(send).toMatchObject({ name: `send ${name}`, kind: SpanKind.PRODUCER, parentSpanContext: { spanId } })
      expect(send?.attributes).toMatchObject({
        'messaging.system': 'bullmq',
        'messaging.operation.type': 'send',
        'messaging.destination.name': name,
        'messaging.message.id': added.id,
        'mcp.job.name': 'resize',
      })
      expect(process).toMatchObject({ name: `process ${name}`, kind: SpanKind.CONSUMER })
      expect(process?.parentSpanContext?.spanId).toBe(send?.spanContext().spanId)
      expect(process?.spanContext().traceId).toBe(traceId)
      expect(process?.attributes).toMatchObject({ 'messaging.message.id': added.id, 'mcp.job.attempt': 1 })
    },
  )

  testWith(
    redis,
    'retries wait apart, without their backoff; the job is counted once, its failed attempts as errors',
    async () => {
      const name = nameFor()
      const queue = queueOf(name)
      const starts: number[] = []
      workerOf(name, async (job) => {
        starts.push(Date.now())
        if (job.attemptsMade < 2) throw new TypeError('not yet')
      })
      const addedAt = Date.now()
      await queue.add('x', {}, { attempts: 3, backoff: { type: 'fixed', delay: 300 }, delay: 300 })
      await until(() => ended() === 1)
      expect(points('jobs')).toEqual({ [`plugin=${name},status=success`]: 1 })
      expect(points('run')).toEqual({ [`plugin=${name}`]: 3 })
      expect(telemetry.points('mcp.errors')).toEqual({ 'source=queue,type=TypeError': 2 })
      expect(points('wait')).toEqual({ [`plugin=${name}`]: 1 })
      expect(points('retry_wait')).toEqual({ [`plugin=${name}`]: 2 })
      // No more than has passed since, but for the delays.
      const [first = 0, , third = 0] = starts
      expect(waitSum('wait') * 1000).toBeLessThanOrEqual(first - addedAt - 300 + 5)
      expect(waitSum('retry_wait') * 1000).toBeLessThanOrEqual(third - first - 600 + 5)
      const runs = telemetry.spans().filter(({ kind }) => kind === SpanKind.CONSUMER)
      expect(runs.map(({ status }) => status.code)).toEqual([
        SpanStatusCode.ERROR,
        SpanStatusCode.ERROR,
        SpanStatusCode.UNSET,
      ])
      expect(runs[0]?.events).toMatchObject([{ name: 'exception', attributes: { 'exception.message': 'not yet' } }])
      expect(new Set(runs.map(({ parentSpanContext }) => parentSpanContext?.spanId)).size).toBe(1)
    },
  )

  testWith(redis, 'a retry has its wait, though the job is gone before it starts, done by another worker', async () => {
    const name = nameFor()
    const queue = queueOf(name)
    const client = new Redis(connection())
    open.push({ close: async () => client.quit() })
    class Overtaken extends Worker {
      protected override async nextJobFromJobData(...args: [bullmq6.JobJson?, string?, string?]): Promise<bullmq6.Job> {
        const job = await super.nextJobFromJobData(...args)
        if (job?.attemptsStarted === 2) await client.del(queue.toKey(String(job.id)))
        return job
      }
    }
    const errors: Error[] = []
    const worker = instrumentQueue(new Overtaken(name, failFirst, { connection: connection() }), options())
    open.push(worker)
    worker.on('error', (error) => errors.push(error))
    await queue.add('x', {}, { attempts: 2, backoff: 20 })
    await until(() => errors.length > 0)
    expect(errors[0]?.message).toContain('Missing key for job')
    expect(points('retry_wait')).toEqual({ [`plugin=${name}`]: 1 })
  })

  testWith(redis, 'a job that gives up is an error, at once if it cannot be tried again', async () => {
    const name = nameFor()
    const queue = queueOf(name)
    const worker = workerOf(name, async (job) => {
      if (job.name === 'never') throw new UnrecoverableError('no such file')
      throw new RangeError('too long')
    })
    const failures: string[] = []
    worker.on('failed', (job, error) => failures.push(`${job?.name} ${error.message}`))
    await queue.addBulk([
      { name: 'twice', data: {}, opts: { attempts: 2 } },
      { name: 'never', data: {}, opts: { attempts: 5, removeOnFail: true } },
    ])
    await until(() => ended() === 2)
    expect(points('jobs')).toEqual({ [`plugin=${name},status=error`]: 2 })
    expect(points('run')).toEqual({ [`plugin=${name}`]: 3 })
    expect(telemetry.points('mcp.errors')).toEqual({
      'source=queue,type=RangeError': 2,
      'source=queue,type=UnrecoverableError': 1,
    })
    expect(failures.toSorted()).toEqual(['never no such file', 'twice too long', 'twice too long'])
    const send = telemetry.spans().find(({ kind }) => kind === SpanKind.PRODUCER)
    expect(send?.attributes['messaging.batch.message_count']).toBe(2)
  })

  testWith(
    redis,
    "size, active and oldest age are the broker's own, for all kinds of waiting, and agree with its counts",
    async () => {
      const name = nameFor()
      const queue = queueOf(name)
      const gate = Promise.withResolvers<void>()
      await queue.add('first', {}, { timestamp: Date.now() - 60_000 })
      await queue.add('prioritised', {}, { priority: 3, timestamp: Date.now() - 100_000 })
      await queue.add('later', {}, { delay: 60_000 })
      await queue.add('last', {})
      const counts = async (): Promise<number> =>
        queue.getJobCountByTypes('wait', ...(major === '5' ? ['paused' as 'wait'] : []), 'prioritized')
      await until(() => points('size')[`plugin=${name}`] === 3)
      expect(await counts()).toBe(3)
      expect(points('oldest_job_age')[`plugin=${name}`]).toBeGreaterThanOrEqual(100)
      expect(telemetry.points('mcp.queue.info')).toEqual({ [`plugin=${name},scope=shared,engine=bullmq`]: 1 })
      workerOf(name, () => gate.promise)
      await until(() => points('active_jobs')[`plugin=${name}`] === 1 && points('size')[`plugin=${name}`] === 2)
      expect(await counts()).toBe(2)
      await queue.pause()
      await pause(POLL_MS * 3)
      expect(points('size')[`plugin=${name}`]).toBe(2)
      gate.resolve()
      await queue.resume()
      await until(() => ended() === 3)
      await until(() => telemetry.points('mcp.queue.size')[`plugin=${name}`] === 0)
      expect(telemetry.points('mcp.queue.oldest_job_age')).toEqual({ [`plugin=${name}`]: 0 })
    },
  )

  testWith(redis, 'the parent of a flow waits for its children, and is in their trace', async () => {
    const name = nameFor()
    const flows = new FlowProducer({ connection: connection() })
    open.push(instrumentQueue(flows, options()))
    workerOf(name, async () => pause(50))
    const { result, traceId } = underSpan(telemetry, () =>
      flows.add({
        name: 'parent',
        queueName: name,
        data: {},
        children: [
          { name: 'child', queueName: name, data: {} },
          { name: 'child', queueName: name, data: {} },
        ],
      }),
    )
    const { job, children } = await result
    expect(job.opts).not.toHaveProperty('telemetry')
    expect(children?.[0]?.job.opts).not.toHaveProperty('telemetry')
    await until(() => ended() === 3)
    expect(points('jobs')).toEqual({ [`plugin=${name},status=success`]: 3 })
    // When the parent's children were done is not known: no wait of it is entered, rather than a wrong one.
    expect(points('wait')).toEqual({ [`plugin=${name}`]: 2 })
    const spans = telemetry.spans().filter(({ name: title }) => title !== 'request')
    expect(new Set(spans.map((span) => span.spanContext().traceId))).toEqual(new Set([traceId]))
    const sends = spans.filter(({ kind }) => kind === SpanKind.PRODUCER)
    const top = sends.find(({ attributes }) => attributes['mcp.job.name'] === 'parent')
    const nested = sends.filter(({ parentSpanContext }) => parentSpanContext?.spanId === top?.spanContext().spanId)
    expect(nested).toHaveLength(2)
  })

  testWith(
    redis,
    'a job that puts itself back is no failure, and its waits are those of further attempts',
    async () => {
      const name = nameFor()
      const queue = queueOf(name)
      let [dueAt, startedAt] = [0, 0]
      workerOf(name, async (job, token) => {
        startedAt = Date.now()
        if (job.attemptsStarted > 1) return
        dueAt = startedAt + 200
        await job.moveToDelayed(dueAt, token)
        throw new DelayedError()
      })
      await queue.add('x', {})
      await until(() => ended() === 1)
      await until(() => points('retry_wait')[`plugin=${name}`] === 1)
      expect(telemetry.points('mcp.errors')).toEqual({})
      expect(waitSum('retry_wait') * 1000).toBeLessThanOrEqual(startedAt - dueAt + 5)
      expect(points('jobs')).toEqual({ [`plugin=${name},status=success`]: 1 })
    },
  )

  testWith(redis, 'each job of a scheduler is a trace of its own, and waits from when it is due', async () => {
    const name = nameFor()
    const queue = queueOf(name)
    let waited = 0
    workerOf(name, async (job) => {
      waited += Math.max(0, Date.now() - (job.timestamp + (job.opts.delay ?? 0)))
    })
    await underSpan(telemetry, () => queue.upsertJobScheduler('tick', { every: 200, limit: 3 }, { name: 'tick' }))
      .result
    await until(() => ended() === 3)
    expect(points('wait')).toEqual({ [`plugin=${name}`]: 3 })
    expect(Math.abs(waitSum('wait') - waited / 1000)).toBeLessThan(0.1)
    const runs = telemetry.spans().filter(({ kind }) => kind === SpanKind.CONSUMER)
    expect(new Set(runs.map((span) => span.spanContext().traceId)).size).toBe(3)
  })

  testWith(redis, 'a stalled job is an error where that is noticed, and once it has stalled too often', async () => {
    const name = nameFor()
    const queue = queueOf(name)
    const job = await queue.add('x', {})
    // A worker that takes the job and never renews its lock, as one that was killed.
    const gone = new Worker(name, null, { connection: connection(), lockDuration: 100, maxStalledCount: 0 })
    open.push(gone)
    await gone.getNextJob('token')
    const worker = workerOf(name, async () => 'done', { stalledInterval: 150, maxStalledCount: 0 })
    const [failed] = (await once(worker, 'failed')) as [bullmq6.Job, Error]
    expect(failed.id).toBe(job.id)
    expect(points('jobs')).toEqual({ [`plugin=${name},status=error`]: 1 })
    await until(() => telemetry.points('mcp.errors')['source=queue,type=StalledError'] === 1)
    const [send, ...runs] = telemetry.spans()
    expect(runs.length).toBeGreaterThanOrEqual(2)
    for (const run of runs) {
      expect(run.parentSpanContext?.spanId).toBe(send?.spanContext().spanId)
      expect(run.status.code).toBe(SpanStatusCode.ERROR)
      expect(run.events).toMatchObject([{ name: 'exception' }])
    }
    expect(points('run')).toEqual({})
  })

  testWith(redis, 'once it is closed its gauges are gone, and what was counted stays', async () => {
    const name = nameFor()
    const queue = queueOf(name)
    const worker = workerOf(name, async () => {})
    await queue.add('x', {})
    await until(() => ended() === 1 && telemetry.points('mcp.queue.size')[`plugin=${name}`] === 0)
    await Promise.all([queue.close(), worker.close()])
    expect(telemetry.points('mcp.queue.size')).toEqual({})
    expect(telemetry.points('mcp.queue.info')).toEqual({})
    expect(points('jobs')).toEqual({ [`plugin=${name},status=success`]: 1 })
    expect(listQueues(telemetry)).toEqual([])
  })

  testWith(redis, "beside BullMQ's own telemetry there are its spans alone, and our figures", async () => {
    const name = nameFor()
    const queue = queueOf(name, { telemetry: ownTelemetry() })
    workerOf(name, async () => trace.getActiveSpan()?.spanContext(), { telemetry: ownTelemetry() })
    const { result, traceId } = underSpan(telemetry, () => queue.add('x', {}))
    await result
    await until(() => ended() === 1)
    await until(() => telemetry.spans().some((span) => span.name === `process ${name}`))
    expect(points('wait')).toEqual({ [`plugin=${name}`]: 1 })
    expect(telemetry.spans().filter((span) => span.instrumentationScope.name === QUEUE_SCOPE)).toEqual([])
    const process = telemetry.spans().find((span) => span.name === `process ${name}`)
    expect(process?.spanContext().traceId).toBe(traceId)
  })

  testWith(redis, "a worker with BullMQ's own telemetry continues the trace of a producer without", async () => {
    const name = nameFor()
    const queue = queueOf(name)
    workerOf(name, async () => {}, { telemetry: ownTelemetry() })
    const { result, traceId } = underSpan(telemetry, () => queue.add('x', {}))
    await result
    await until(() => telemetry.spans().some((span) => span.name === `process ${name}`))
    const spans = telemetry.spans().filter((span) => span.name === `process ${name}`)
    expect(spans.map((span) => [span.instrumentationScope.name, span.spanContext().traceId])).toEqual([
      ['bullmq', traceId],
    ])
    await until(() => ended() === 1)
  })

  testWith(redis, 'what the app says of the context itself stands', async () => {
    const name = nameFor()
    const queue = queueOf(name)
    const seen: unknown[] = []
    workerOf(name, async (job) => seen.push(job.opts.telemetry))
    await queue.add('x', {}, { telemetry: { metadata: '{"of":"the app"}' } })
    await queue.add('y', {}, { telemetry: { omitContext: true } })
    await until(() => ended() === 2)
    expect(seen).toEqual([{ metadata: '{"of":"the app"}' }, { omitContext: true }])
    const [run] = telemetry.spans().filter(({ kind }) => kind === SpanKind.CONSUMER)
    expect(run?.parentSpanContext).toBeUndefined()
  })

  testWith(redis, 'a job can have a trace of its own that links to its cause', async () => {
    const name = nameFor()
    const worker = new Worker(name, async () => {}, { connection: connection() })
    open.push(instrumentQueue(worker, { ...options(), trace: 'link', plugin: (queue) => `the ${queue}` }))
    const queue = queueOf(name, {})
    await queue.add('x', {})
    await until(() => ended() === 1)
    // The first to join a queue decides.
    expect(points('jobs')).toEqual({ [`plugin=the ${name},status=success`]: 1 })
    const [send, run] = telemetry.spans()
    expect(run?.parentSpanContext).toBeUndefined()
    expect(run?.links).toMatchObject([{ context: { spanId: send?.spanContext().spanId } }])
  })

  testWith(
    redis,
    'while the broker is away its figures are not shown and an error says so; then all goes on',
    async (found) => {
      const name = nameFor()
      await using away = await startRedis(found)
      const port = { host: '127.0.0.1', port: away.port }
      const queue = queueOf(name, { connection: port })
      queue.on('error', () => {})
      workerOf(name, async () => {}, { connection: port })
      await queue.add('x', {})
      await until(() => ended() === 1 && telemetry.points('mcp.queue.size')[`plugin=${name}`] === 0)
      await away.pause()
      await until(() => Object.keys(telemetry.points('mcp.queue.size')).length === 0)
      expect(telemetry.points('mcp.queue.oldest_job_age')).toEqual({})
      expect(telemetry.points('mcp.queue.active_jobs')).toEqual({})
      expect(telemetry.points('mcp.queue.info')).toEqual({ [`plugin=${name},scope=shared,engine=bullmq`]: 1 })
      expect(Object.keys(telemetry.points('mcp.errors'))).toContainEqual(
        expect.stringMatching(/^source=queue,type=\w+$/),
      )
      expect(listQueues(telemetry)[0]).not.toHaveProperty('size')
      await away.resume()
      await until(() => telemetry.points('mcp.queue.size')[`plugin=${name}`] === 0)
      await queue.add('y', {})
      await until(() => ended() === 2)
      await Promise.all(open.splice(0).map((each) => each.close()))
    },
  )
})
