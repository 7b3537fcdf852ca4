import { processMeters } from '@mcp/otel-core'
import { ROOT_CONTEXT, SpanKind, SpanStatusCode, context, diag, propagation, trace } from '@opentelemetry/api'
import type { TracerProvider } from '@opentelemetry/api'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest'

import {
  createOwnTelemetry,
  createTelemetry,
  registerContext,
  underSpan,
  unregisterContext,
} from '../../plugin-instrumentation/test/support/telemetry.ts'
import type { OwnTelemetry } from '../../plugin-instrumentation/test/support/telemetry.ts'
import { instrumentQueue, listQueues, onJob, removeQueues } from '../src/index.ts'
import type { InstrumentedQueue, QueueJob, QueueOptions } from '../src/index.ts'

let telemetry: OwnTelemetry
let published: QueueJob[]
let unsubscribe: () => void
beforeAll(registerContext)
afterAll(unregisterContext)
beforeEach(() => {
  vi.useFakeTimers({ now: new Date('2026-11-22T09:00:00Z') })
  telemetry = createOwnTelemetry()
  published = []
  unsubscribe = onJob((job) => published.push(job))
})
afterEach(() => {
  unsubscribe()
  vi.useRealTimers()
})

const create = (options: Partial<QueueOptions> = {}): InstrumentedQueue =>
  instrumentQueue({ plugin: 'files', ...telemetry, ...options })
const after = (seconds: number): unknown => vi.advanceTimersByTime(seconds * 1000)
const broken = (): never => {
  throw new Error('broken')
}
/** The one figure of a metric. */
const figure = (metric: string): number | undefined => telemetry.points(`mcp.queue.${metric}`)['plugin=files']
const jobs = (): Record<string, number> =>
  Object.fromEntries(
    Object.entries(telemetry.points('mcp.queue.jobs'))
      .filter(([, count]) => count > 0)
      .map(([labels, count]) => [labels.replace('plugin=files,status=', ''), count]),
  )

/** What went wrong in us, in this process. */
const faults = (): number =>
  Number(
    processMeters()
      .provider.readSeries('mcp.telemetry.faults')
      .find(({ attributes }) => attributes['source'] === 'queue')?.value ?? 0,
  )

test('a queue that has seen no job shows so', () => {
  create({ engine: 'array' })
  expect(figure('size')).toBe(0)
  expect(figure('active_jobs')).toBe(0)
  expect(figure('oldest_job_age')).toBe(0)
  expect(figure('wait')).toBe(0)
  expect(figure('run')).toBe(0)
  expect(telemetry.points('mcp.queue.jobs')).toEqual({
    'plugin=files,status=success': 0,
    'plugin=files,status=error': 0,
    'plugin=files,status=timeout': 0,
    'plugin=files,status=cancelled': 0,
  })
  expect(telemetry.points('mcp.queue.info')).toEqual({ 'plugin=files,scope=local,engine=array': 1 })
  expect(listQueues(telemetry)).toEqual([
    {
      plugin: 'files',
      size: 0,
      active: 0,
      oldestJobAge: 0,
      jobs: { success: 0, error: 0, timeout: 0, cancelled: 0 },
      waits: { count: 0, sum: 0 },
      queues: [{ name: 'files', scope: 'local', engine: 'array' }],
    },
  ])
})

test('a job waits, runs and ends, and each is seen at the time', () => {
  const queue = create()
  const job = { any: 'object' }
  queue.enqueued(job)
  after(2)
  expect([figure('size'), figure('active_jobs'), figure('oldest_job_age')]).toEqual([1, 0, 2])
  queue.started(job)
  after(3)
  expect([figure('size'), figure('active_jobs'), figure('oldest_job_age')]).toEqual([0, 1, 0])
  queue.ended(job)
  expect([figure('size'), figure('active_jobs'), figure('oldest_job_age')]).toEqual([0, 0, 0])
  expect(jobs()).toEqual({ success: 1 })
  expect(listQueues(telemetry)).toMatchObject([{ waits: { count: 1, sum: 2 }, jobs: { success: 1 } }])
  expect(published).toEqual([
    { plugin: 'files', queue: 'files', status: 'success', waitMs: 2000, runMs: 3000, context: expect.anything() },
  ])
})

test('the age of the oldest job grows for as long as nothing is processed', () => {
  const queue = create()
  queue.enqueued('first')
  after(10)
  queue.enqueued('second')
  for (const age of [10, 70, 130]) {
    expect(figure('oldest_job_age')).toBe(age)
    after(60)
  }
  queue.started('first')
  expect(figure('oldest_job_age')).toBe(180)
})

test('a job that was taken out before it ran has left the queue, and is cancelled', () => {
  const queue = create()
  queue.enqueued('a')
  queue.enqueued('b')
  queue.removed('a')
  queue.removed('a')
  queue.removed('never seen')
  expect(figure('size')).toBe(1)
  expect(jobs()).toEqual({ cancelled: 1 })
  expect(figure('wait')).toBe(0)
  expect(published).toEqual([{ plugin: 'files', queue: 'files', status: 'cancelled', context: expect.anything() }])
})

test('an end without a start, and a start without a queue, count what is known', () => {
  const queue = create()
  queue.enqueued('a')
  queue.ended('a', { status: 'timeout' })
  queue.ended('never seen')
  queue.started('b').end()
  expect(jobs()).toEqual({ timeout: 1, success: 1 })
  expect([figure('size'), figure('wait'), figure('run')]).toEqual([0, 0, 1])
})

test('only the first end of a job counts, by whichever way', () => {
  const queue = create()
  queue.enqueued('a')
  const run = queue.started('a')
  run.end({ status: 'timeout' })
  run.end()
  queue.ended('a', { error: new Error('late') })
  expect(jobs()).toEqual({ timeout: 1 })
  expect(figure('active_jobs')).toBe(0)
})

test('a run whose clock was stopped has lasted until then, however late its end is known', () => {
  const run = create().started('a')
  after(2)
  run.stop()
  after(3)
  run.stop()
  after(4)
  run.end()
  expect(telemetry.meterProvider.readSeries('mcp.queue.run')).toMatchObject([{ value: { count: 1, sum: 2 } }])
  expect(published).toMatchObject([{ runMs: 2000 }])
})

test('a delay that was asked for is no wait, and its job is not in the queue before', () => {
  const queue = create()
  queue.enqueued('later', { delay: 60_000 })
  queue.enqueued('now')
  expect([figure('size'), figure('oldest_job_age')]).toEqual([1, 0])
  after(50)
  expect([figure('size'), figure('oldest_job_age')]).toEqual([1, 50])
  queue.started('now')
  expect([figure('size'), figure('oldest_job_age')]).toEqual([0, 0])
  after(20)
  expect([figure('size'), figure('oldest_job_age')]).toEqual([1, 10])
  queue.started('later')
  expect(listQueues(telemetry)).toMatchObject([{ waits: { count: 2, sum: 50 + 10 } }])
})

test('of several jobs with a delay the oldest is the one that was ready first', () => {
  const queue = create()
  for (const seconds of [10, 5, 15]) queue.enqueued(`after ${seconds}`, { delay: seconds * 1000 })
  after(20)
  expect([figure('size'), figure('oldest_job_age')]).toEqual([3, 15])
})

test.each([[-5000], [Number.NaN]])('a delay of %d is none', (delay) => {
  const queue = create()
  queue.enqueued('a', { delay })
  after(2)
  expect([figure('size'), figure('oldest_job_age')]).toEqual([1, 2])
  queue.started('a')
  expect(listQueues(telemetry)).toMatchObject([{ waits: { count: 1, sum: 2 } }])
})

test('an attempt that waits again without a failure has not ended in any way', () => {
  const queue = create()
  queue.started('a')
  queue.requeued('a', { attributes: { 'app.step': 1 } })
  const [attempt] = telemetry.spans()
  expect(attempt?.attributes).toMatchObject({ 'app.step': 1 })
  expect(attempt?.attributes).not.toHaveProperty(['mcp.job.status'])
  expect(jobs()).toEqual({})
})

test('a job that waits again keeps its trace; its failed attempt is an error, but not its end', () => {
  const queue = create()
  queue.enqueued('a')
  after(1)
  queue.started('a')
  after(2)
  queue.requeued('a', { error: new TypeError('x'), delay: 5000 })
  expect([figure('size'), figure('active_jobs')]).toEqual([0, 0])
  after(8)
  expect([figure('size'), figure('oldest_job_age')]).toEqual([1, 3])
  queue.started('a')
  queue.ended('a')
  expect(jobs()).toEqual({ success: 1 })
  expect(figure('run')).toBe(2)
  expect(listQueues(telemetry)).toMatchObject([{ waits: { count: 1, sum: 1 } }])
  expect([figure('wait'), figure('retry_wait')]).toEqual([1, 1])
  expect(telemetry.meterProvider.readSeries('mcp.queue.retry_wait')).toMatchObject([{ value: { sum: 3 } }])
  expect(telemetry.points('mcp.errors')).toEqual({ 'source=queue,type=TypeError': 1 })
  const [send, first, second] = telemetry.spans()
  expect(first?.status).toEqual({ code: SpanStatusCode.ERROR, message: 'x' })
  expect(second?.status.code).toBe(SpanStatusCode.UNSET)
  for (const span of [first, second]) expect(span?.parentSpanContext?.spanId).toBe(send?.spanContext().spanId)
})

test('a job that starts again without an end of its last run has stalled', () => {
  const queue = create()
  queue.enqueued('a')
  queue.started('a')
  queue.started('a').end()
  expect(jobs()).toEqual({ error: 1, success: 1 })
  expect(telemetry.points('mcp.errors')).toEqual({ 'source=queue,type=StalledError': 1 })
  expect(figure('active_jobs')).toBe(0)
})

test('the same job put in twice waits once, since it was put in first', () => {
  const queue = create()
  queue.enqueued('a')
  after(5)
  queue.enqueued('a')
  expect([figure('size'), figure('oldest_job_age')]).toEqual([1, 5])
})

describe('statuses', () => {
  test('follow from the error, or from what `statusOf` says', () => {
    const queue = create({
      statusOf: (outcome) => ('result' in outcome && outcome.result === 'bad' ? 'error' : undefined),
    })
    const end = (options: Parameters<InstrumentedQueue['ended']>[1]): void => {
      queue.started('a')
      queue.ended('a', options)
    }
    end({ result: 'good' })
    end({ result: 'bad' })
    end({ error: AbortSignal.abort().reason })
    end({ error: Object.assign(new Error('x'), { code: 'ETIMEDOUT' }) })
    end({ error: undefined })
    expect(jobs()).toEqual({ success: 1, error: 2, timeout: 1, cancelled: 1 })
    expect(telemetry.points('mcp.errors')).toEqual({ 'source=queue,type=_OTHER': 2, 'source=queue,type=Error': 1 })
  })

  test('of a run are cancelled for the reason of its signal', () => {
    const controller = new AbortController()
    const run = create().started('a', { signal: controller.signal })
    controller.abort('the user has left')
    run.end({ error: controller.signal.reason })
    expect(jobs()).toEqual({ cancelled: 1 })
  })
})

describe('traces', () => {
  test('a job by its id: one trace from its request, by the messaging conventions', () => {
    const queue = create({ name: 'checksums', engine: 'array' })
    const request = underSpan(telemetry, () => queue.enqueued(17))
    const run = queue.started(17, { attributes: { 'app.retry': 1 } })
    expect(run.run(() => trace.getActiveSpan())).toBe(trace.getSpan(run.context))
    run.end({ attributes: { 'app.rows': 2 } })
    const [producer, , consumer] = telemetry.spans()
    expect(producer).toMatchObject({
      name: 'send checksums',
      kind: SpanKind.PRODUCER,
      parentSpanContext: { spanId: request.spanId },
      attributes: {
        'messaging.system': 'array',
        'messaging.operation.name': 'send',
        'messaging.operation.type': 'send',
        'messaging.destination.name': 'checksums',
        'messaging.message.id': '17',
        'mcp.plugin': 'files',
      },
    })
    expect(consumer).toMatchObject({
      name: 'process checksums',
      kind: SpanKind.CONSUMER,
      parentSpanContext: { spanId: producer?.spanContext().spanId },
      attributes: {
        'messaging.system': 'array',
        'messaging.operation.name': 'process',
        'messaging.operation.type': 'process',
        'messaging.destination.name': 'checksums',
        'messaging.message.id': '17',
        'mcp.plugin': 'files',
        'mcp.job.status': 'success',
        'app.retry': 1,
        'app.rows': 2,
      },
    })
    expect(consumer?.spanContext().traceId).toBe(request.traceId)
  })

  test('by option a job has a trace of its own, with a link to the one that made it, and its baggage', () => {
    const queue = create({ trace: 'link' })
    const baggage = propagation.createBaggage({ tenant: { value: 'a' } })
    context.with(propagation.setBaggage(ROOT_CONTEXT, baggage), () => queue.enqueued('a'))
    const run = queue.started('a')
    expect(propagation.getBaggage(run.context)).toBe(baggage)
    run.end()
    const [producer, consumer] = telemetry.spans()
    expect(consumer?.parentSpanContext).toBeUndefined()
    expect(consumer?.spanContext().traceId).not.toBe(producer?.spanContext().traceId)
    expect(consumer?.links).toMatchObject([{ context: { spanId: producer?.spanContext().spanId } }])
  })

  test('a job that starts while another runs is no part of the other', () => {
    const queue = create()
    queue.enqueued('a')
    queue.enqueued('b')
    queue.started('a').run(() => queue.started('b').end())
    queue.started('c').end()
    const [sendA, sendB, processB, processC] = telemetry.spans()
    expect(processB?.parentSpanContext?.spanId).toBe(sendB?.spanContext().spanId)
    expect(processB?.spanContext().traceId).not.toBe(sendA?.spanContext().traceId)
    expect(processC?.parentSpanContext).toBeUndefined()
  })

  test('metrics point to the span of their job by exemplars', async () => {
    const queue = create()
    queue.enqueued('a')
    queue.started('a').end({ error: new Error('x') })
    const consumer = telemetry.spans().at(-1)?.spanContext()
    const { resourceMetrics } = await telemetry.meterProvider.producer().collect()
    const seen = resourceMetrics.scopeMetrics
      .flatMap(({ metrics }) => metrics)
      .flatMap(({ descriptor, dataPoints }) =>
        dataPoints.flatMap(({ exemplars = [] }: { exemplars?: readonly { spanId?: string }[] }) =>
          exemplars.map(({ spanId }) => [descriptor.name, spanId]),
        ),
      )
    expect(new Map(seen as [string, string][])).toEqual(
      new Map([
        ['mcp.queue.wait', consumer?.spanId],
        ['mcp.queue.run', consumer?.spanId],
        ['mcp.queue.jobs', consumer?.spanId],
        ['mcp.errors', consumer?.spanId],
      ]),
    )
  })
})

describe('a queue shared with other processes', () => {
  const shared = { scope: 'shared', engine: 'broker' } as const

  test('carries the trace in the metadata of its jobs, and its wait is by the clock of the broker', () => {
    const producer = create(shared)
    const consumer = create(shared)
    const carrier: Record<string, string> = {}
    producer.enqueued('1', { carrier })
    expect(carrier).toHaveProperty('traceparent')
    after(2)
    consumer.started('1', { carrier, readyAt: Date.now() - 1500 }).end()
    const [send, process] = telemetry.spans()
    expect(process?.parentSpanContext?.spanId).toBe(send?.spanContext().spanId)
    expect(listQueues(telemetry)).toMatchObject([{ waits: { count: 1, sum: 1.5 } }])
  })

  test('has no negative waits, however the clocks differ', () => {
    create(shared).started('1', { readyAt: Date.now() + 60_000 })
    expect(listQueues(telemetry)).toMatchObject([{ waits: { count: 1, sum: 0 } }])
  })

  test('has the size that the broker says, counted once however many parts of the process hold it', () => {
    create({ ...shared, size: () => 7, active: () => 2, oldestJobAge: () => 30 })
    create({ ...shared, size: () => 8, active: () => 2, oldestJobAge: () => 31 })
    create({ ...shared, name: 'other', size: () => 100, active: () => 1, oldestJobAge: () => 5 })
    expect([figure('size'), figure('active_jobs'), figure('oldest_job_age')]).toEqual([108, 3, 31])
    expect(telemetry.points('mcp.queue.info')).toEqual({ 'plugin=files,scope=shared,engine=broker': 1 })
  })

  test('has no size while nobody knows it, rather than a wrong one', () => {
    let size: number | undefined = 7
    create({ ...shared, size: () => size, oldestJobAge: () => size })
    create({ ...shared, name: 'other', size: () => 1, oldestJobAge: () => 1 })
    expect(figure('size')).toBe(8)
    size = undefined
    expect(figure('size')).toBeUndefined()
    expect(figure('oldest_job_age')).toBeUndefined()
    expect(listQueues(telemetry)[0]).not.toHaveProperty('size')
    size = 9
    expect(figure('size')).toBe(10)
  })

  test('does not take the jobs put in here for those that wait', () => {
    const queue = create(shared)
    queue.enqueued('1')
    expect(figure('size')).toBeUndefined()
    expect(figure('oldest_job_age')).toBeUndefined()
  })

  test('is handed a job under its span, which ends with the hand-over', async () => {
    vi.useRealTimers()
    const queue = create({ ...shared, name: 'mail' })
    const error = new Error('the broker is away')
    const request = underSpan(telemetry, () =>
      queue.send(async (carrier) => {
        await Promise.resolve()
        return { carrier, active: trace.getActiveSpan()?.spanContext().spanId }
      }),
    )
    const { carrier, active } = await request.result
    await expect(queue.send(() => Promise.reject(error))).rejects.toBe(error)
    const [, sent, failed] = telemetry.spans()
    expect(sent).toMatchObject({ name: 'send mail', parentSpanContext: { spanId: request.spanId } })
    expect(carrier['traceparent']).toContain(active)
    expect(active).toBe(sent?.spanContext().spanId)
    expect(failed?.status).toEqual({ code: SpanStatusCode.ERROR, message: 'the broker is away' })
  })
})

describe('an adapter of a few lines', () => {
  interface Message {
    readonly id: string
    readonly body: string
    readonly headers: Record<string, string>
    readonly timestamp: number
    readonly attempt: number
  }

  test('measures a broker with retries: what was sent, by whom, how often it was tried, and how it ended', async () => {
    vi.useRealTimers()
    const messages: Message[] = []
    const queue = create({ scope: 'shared', engine: 'array', name: 'outbox', size: () => messages.length })
    const publish = (body: string): Promise<number> =>
      queue.send(async (headers) => {
        await Promise.resolve()
        return messages.push({ id: body, body, headers, timestamp: Date.now(), attempt: 1 })
      })
    const handle = async ({ body, attempt }: Message): Promise<void> => {
      await Promise.resolve()
      if (body === 'bad' || (body === 'flaky' && attempt < 3)) throw new TypeError(`attempt ${attempt}`)
    }
    const consume = async (message: Message): Promise<void> => {
      const run = queue.started(message.id, { carrier: message.headers, readyAt: message.timestamp })
      try {
        await run.run(() => handle(message))
        run.end()
      } catch (error) {
        if (message.attempt === 3) run.end({ error })
        else {
          queue.requeued(message.id, { error })
          messages.push({ ...message, attempt: message.attempt + 1 })
        }
      }
    }

    const requests = await Promise.all(
      ['good', 'flaky', 'bad'].map(async (body) => {
        const { result, traceId } = underSpan(telemetry, () => publish(body))
        await result
        return traceId
      }),
    )
    expect(figure('size')).toBe(3)
    for (let message = messages.shift(); message !== undefined; message = messages.shift()) await consume(message)

    expect(jobs()).toEqual({ success: 2, error: 1 })
    expect([figure('size'), figure('active_jobs'), figure('wait'), figure('run')]).toEqual([0, 0, 7, 7])
    expect(telemetry.points('mcp.errors')).toEqual({ 'source=queue,type=TypeError': 5 })
    const runs = telemetry.spans().filter(({ kind }) => kind === SpanKind.CONSUMER)
    const runsOf = (traceId: string | undefined): number =>
      runs.filter((span) => span.spanContext().traceId === traceId).length
    expect(requests.map(runsOf)).toEqual([1, 3, 3])
  })
})

describe('several queues of one plugin', () => {
  test('are measured together, and leave one by one', () => {
    const one = create({ name: 'one' })
    const two = create({ name: 'two', engine: 'other' })
    one.enqueued('a')
    after(5)
    two.enqueued('a')
    two.enqueued('b')
    two.started('a')
    expect([figure('size'), figure('active_jobs'), figure('oldest_job_age')]).toEqual([2, 1, 5])
    one.close()
    expect([figure('size'), figure('active_jobs'), figure('oldest_job_age')]).toEqual([1, 1, 0])
    two.ended('a')
    two.close()
    expect(figure('size')).toBeUndefined()
    expect(telemetry.points('mcp.queue.info')).toEqual({})
    expect(jobs()).toEqual({ success: 1 })
    expect(listQueues(telemetry)).toEqual([])
  })

  test('of an unloaded plugin have no series any more, and what still runs brings none back', () => {
    const queue = create()
    for (const job of ['a', 'b', 'c']) queue.enqueued(job)
    queue.started('b')
    queue.requeued('b')
    queue.started('b')
    const run = queue.started('a')
    removeQueues('files', telemetry)
    run.end()
    queue.requeued('b')
    for (const job of ['b', 'c']) queue.started(job).end()
    for (const name of ['size', 'active_jobs', 'oldest_job_age', 'wait', 'retry_wait', 'run', 'jobs', 'info']) {
      expect([name, telemetry.points(`mcp.queue.${name}`)]).toEqual([name, {}])
    }
    expect(listQueues(telemetry)).toEqual([])
    create()
    expect(figure('size')).toBe(0)
    expect(jobs()).toEqual({})
  })
})

describe("a queue's own count", () => {
  test('comes before what was counted here, and tells which jobs it has dropped', () => {
    let size = 0
    const queue = create({ size: () => size })
    queue.enqueued('dropped')
    after(100)
    queue.enqueued('waits')
    size = 1
    after(5)
    expect([figure('size'), figure('oldest_job_age')]).toEqual([1, 5])
    size = 0
    expect([figure('size'), figure('oldest_job_age')]).toEqual([0, 0])
  })

  test('that is not known tells nothing about the oldest job either', () => {
    create({ size: () => undefined }).enqueued('a')
    expect([figure('size'), figure('oldest_job_age')]).toEqual([undefined, undefined])
  })

  test('that fails or makes no sense is not shown, and harms nobody', () => {
    const answers = [
      () => -1,
      () => Number.NaN,
      () => Number.POSITIVE_INFINITY,
      () => 'many' as unknown as number,
      broken,
      () => {
        // oxlint-disable-next-line typescript/only-throw-error
        throw Object.create(null)
      },
    ]
    for (const size of answers) {
      const queue = create({ size })
      expect(figure('size')).toBeUndefined()
      queue.close()
    }
  })
})

describe('more jobs than are known one by one', () => {
  test('are counted all the same', () => {
    const queue = create({ maxTracked: 2 })
    for (const job of ['a', 'b', 'c', 'd']) queue.enqueued(job)
    expect(figure('size')).toBe(4)
    after(9)
    queue.started('d').end()
    queue.removed('c')
    expect(figure('size')).toBe(2)
    expect(figure('oldest_job_age')).toBe(9)
    queue.started('a').end()
    queue.started('b').end()
    expect([figure('size'), figure('wait')]).toEqual([0, 2])
    expect(jobs()).toEqual({ success: 3, cancelled: 1 })
  })

  test('leave the queue when they start, whatever came with them', () => {
    const queue = create({ maxTracked: 1 })
    for (const job of ['a', 'b', 'c', 'd']) queue.enqueued(job)
    queue.started('b')
    queue.started('c', { carrier: {} })
    queue.started('d', { readyAt: Date.now() })
    expect(figure('size')).toBe(1)
    // Of the others nobody knows since when they have waited.
    expect(figure('wait')).toBe(1)
  })

  test('do not leave the queue for one that runs and was removed', () => {
    const queue = create({ maxTracked: 1 })
    for (const job of ['a', 'b']) queue.enqueued(job)
    queue.started('a')
    queue.removed('a')
    expect(figure('size')).toBe(1)
    expect(jobs()).toEqual({})
  })

  test('are not known by their id when they run, until those before them have ended', () => {
    const queue = create({ maxTracked: 1 })
    queue.started('a')
    const early = queue.started('b')
    queue.ended('b')
    expect(figure('active_jobs')).toBe(2)
    queue.ended('a')
    queue.started('b')
    early.end()
    queue.ended('b')
    expect(figure('active_jobs')).toBe(0)
    expect(jobs()).toEqual({ success: 3 })
  })

  test('push out those that the queue dropped without a word', () => {
    let size = 0
    const queue = create({ maxTracked: 2, size: () => size })
    for (const job of ['dropped', 'dropped too']) queue.enqueued(job)
    after(9)
    queue.enqueued('a')
    size = 1
    expect([figure('size'), figure('oldest_job_age')]).toEqual([1, 0])
    queue.started('a')
    expect(figure('wait')).toBe(1)
  })
})

test.each([
  [new Set(), 'a Set'],
  [null, 'null'],
  [5, '5'],
])('what is no queue that is known (%o) is returned as it is, and said', (given, what) => {
  const said: string[] = []
  const keep = (text: string): unknown => said.push(text)
  diag.setLogger({ error: keep, warn: keep, info: keep, debug: keep, verbose: keep })
  onTestFinished(() => diag.disable())
  expect(instrumentQueue(given as object, telemetry)).toBe(given)
  expect(said).toEqual([
    `instrumentQueue was given ${what}; expected options, or a queue of bullmq, rabbitmq, pg-boss, p-queue, fastq; it is not measured`,
  ])
})

test('another SDK gets the same metrics', async () => {
  vi.useRealTimers()
  const other = createTelemetry()
  const queue = instrumentQueue({ plugin: 'files', ...other })
  queue.enqueued('a')
  queue.enqueued('b')
  queue.started('a').end({ error: new TypeError('x') })
  expect(await other.points('mcp.queue.size')).toEqual({ 'plugin=files': 1 })
  expect(await other.points('mcp.queue.jobs')).toEqual({ 'plugin=files,status=error': 1 })
  expect(await other.points('mcp.queue.wait')).toEqual({ 'plugin=files': 1 })
  expect(await other.points('mcp.queue.info')).toEqual({ 'plugin=files,scope=local,engine=in_process': 1 })
  expect(await other.points('mcp.errors')).toEqual({ 'source=queue,type=TypeError': 1 })
})

test('a tracer or a propagator that throws costs the trace and nothing else', () => {
  const tracerProvider = { getTracer: () => ({ startSpan: broken, startActiveSpan: broken }) }
  const queue = create({ tracerProvider })
  const inject = vi.spyOn(propagation, 'inject').mockImplementation(broken)
  const extract = vi.spyOn(propagation, 'extract').mockImplementation(broken)
  try {
    queue.enqueued('a', { carrier: {} })
    expect(queue.started('a', { carrier: {} }).run(() => 7)).toBe(7)
    queue.ended('a')
    expect(queue.send(() => 7)).toBe(7)
  } finally {
    inject.mockRestore()
    extract.mockRestore()
  }
  expect(jobs()).toEqual({ success: 1 })
})

test('a span that throws costs itself and nothing else, and is counted', () => {
  const before = faults()
  const tracerProvider = { getTracer: () => ({ startSpan: () => ({ setAttributes: broken }) }) }
  const queue = create({ tracerProvider: tracerProvider as unknown as TracerProvider })
  queue.started('a').end()
  expect(jobs()).toEqual({ success: 1 })
  expect(figure('active_jobs')).toBe(0)
  expect(faults()).toBe(before + 1)
})

test('a listener that throws harms nobody', () => {
  const stop = onJob(() => {
    throw new Error('broken listener')
  })
  create().started('a').end()
  stop()
  expect(published).toHaveLength(1)
})

test('a queue without a plugin is measured as _OTHER', () => {
  instrumentQueue({ plugin: '', ...telemetry })
  expect(telemetry.points('mcp.queue.size')).toEqual({ 'plugin=_OTHER': 0 })
})
