import { getEventListeners } from 'node:events'
import { setImmediate } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

import { ROOT_CONTEXT, context, trace } from '@opentelemetry/api'
import PQueue from 'p-queue'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'

import {
  createOwnTelemetry,
  registerContext,
  underSpan,
  unregisterContext,
} from '../../plugin-instrumentation/test/support/telemetry.ts'
import type { OwnTelemetry } from '../../plugin-instrumentation/test/support/telemetry.ts'
import { instrumentQueue, listQueues } from '../src/index.ts'
import type { InstrumentedQueue, QueueOptions, QueueStatus } from '../src/index.ts'

let telemetry: OwnTelemetry
beforeAll(registerContext)
afterAll(unregisterContext)
beforeEach(() => {
  telemetry = createOwnTelemetry()
})
const create = (options: Partial<QueueOptions> = {}): InstrumentedQueue =>
  instrumentQueue({ plugin: 'files', ...telemetry, ...options })
const status = (): QueueStatus | undefined => listQueues(telemetry)[0]

async function resize(this: unknown, _width: number, _height: number): Promise<void> {}

test('a wrapped task is the task: its name, properties, `this`, arguments, results and errors', async () => {
  const queue = create()
  const wrapped = queue.wrap(resize)
  expect(wrapped.name).toBe('resize')
  expect(wrapped).toHaveLength(2)
  const receiver = {}
  const call = queue.wrap(function (this: unknown, ...args: unknown[]) {
    return [this, args]
  })
  expect(Reflect.apply(call, receiver, [1, 2])).toEqual([receiver, [1, 2]])
  const error = new TypeError('x')
  await expect(queue.wrap(() => Promise.reject(error))()).rejects.toBe(error)
  expect(() =>
    queue.wrap(() => {
      throw error
    })(),
  ).toThrow(error)
  await wrapped(1, 2)
  expect(status()).toMatchObject({ size: 0, active: 0, jobs: { success: 2, error: 2 } })
})

test('a job belongs to whoever put it in the queue, not to whoever ran before it', async () => {
  const queue = new PQueue({ concurrency: 1 })
  const measured = create()
  const requests = ['first', 'second'].map(() =>
    underSpan(telemetry, () =>
      queue.add(
        measured.wrap(async () => {
          await setImmediate()
          return trace.getActiveSpan()?.spanContext().traceId
        }),
      ),
    ),
  )
  for (const { result, traceId } of requests) expect(await result).toBe(traceId)
  expect(new Set(requests.map(({ traceId }) => traceId)).size).toBe(2)
})

test('a task that its queue runs again is another run of the same trace', () => {
  const wrapped = create().wrap(() => {})
  wrapped()
  wrapped()
  const [send, first, second] = telemetry.spans()
  for (const run of [first, second]) expect(run?.parentSpanContext?.spanId).toBe(send?.spanContext().spanId)
  expect(status()).toMatchObject({ size: 0, active: 0, jobs: { success: 2 }, waits: { count: 1 } })
})

test('a task that has started listens to the signal of its wait no more', () => {
  const { signal } = new AbortController()
  const wrapped = create().wrap(() => getEventListeners(signal, 'abort').length, { signal })
  expect(getEventListeners(signal, 'abort')).toHaveLength(1)
  expect(wrapped()).toBe(0)
})

test('a task that fails for the reason of its signal is cancelled, whatever the reason is', () => {
  const controller = new AbortController()
  const wrapped = create().wrap(
    () => {
      controller.abort(new Error('the user has left'))
      throw controller.signal.reason
    },
    { signal: controller.signal },
  )
  expect(wrapped).toThrow('the user has left')
  expect(status()).toMatchObject({ jobs: { cancelled: 1, error: 0 } })
})

test('a context may be given for who caused it', () => {
  const { span } = underSpan(telemetry, () => {})
  create().wrap(() => {}, { context: trace.setSpan(ROOT_CONTEXT, span) })
  expect(telemetry.spans().at(-1)?.parentSpanContext?.spanId).toBe(span.spanContext().spanId)
  expect(context.active()).toBe(ROOT_CONTEXT)
})

describe('a job that never runs', () => {
  test('leaves the queue with the signal that cancels it', async () => {
    const queue = new PQueue({ concurrency: 1 })
    const measured = create()
    const gate = Promise.withResolvers<void>()
    const controller = new AbortController()
    const { signal } = controller
    const running = queue.add(measured.wrap(() => gate.promise, { signal }))
    const waiting = queue.add(
      measured.wrap(() => {}, { signal }),
      { signal },
    )
    expect(status()).toMatchObject({ size: 1, active: 1 })
    controller.abort()
    await expect(waiting).rejects.toThrow(/abort/i)
    expect(status()).toMatchObject({ size: 0, active: 1, jobs: { cancelled: 1 } })
    gate.resolve()
    await running
    expect(status()).toMatchObject({ size: 0, active: 0, jobs: { cancelled: 1, success: 1 } })
    const late = measured.wrap(() => {}, { signal })
    expect(status()).toMatchObject({ size: 0, jobs: { cancelled: 2 } })
    late()
    expect(status()).toMatchObject({ size: 0, active: 0, jobs: { cancelled: 2, success: 2 } })
  })

  test('leaves the queue when it is removed', () => {
    const measured = create()
    const task = measured.wrap(() => {})
    measured.removed(task)
    expect(status()).toMatchObject({ size: 0, jobs: { cancelled: 1 } })
  })

  test('is kept by nobody once it was removed, whatever its delay', async () => {
    setFlagsFromString('--expose-gc')
    const collect = runInNewContext('gc') as () => void
    const measured = create()
    const removed = ((job) => {
      measured.enqueued(job, { delay: 86_400_000 })
      measured.removed(job)
      return new WeakRef(job)
    })({})
    for (let turn = 0; turn < 200 && removed.deref() !== undefined; turn++) {
      await setImmediate()
      collect()
    }
    expect(removed.deref()).toBeUndefined()
    expect(status()).toMatchObject({ size: 0, jobs: { cancelled: 1 } })
  })

  test('leaves the queue when that has dropped it, without a word, and it is collected', async () => {
    setFlagsFromString('--expose-gc')
    const collect = runInNewContext('gc') as () => void
    const queue = new PQueue({ concurrency: 1 })
    const measured = create()
    const gate = Promise.withResolvers<void>()
    const running = queue.add(measured.wrap(() => gate.promise))
    // A signal that outlives the jobs, as a server's own, does not keep them.
    const { signal } = new AbortController()
    for (let count = 0; count < 10; count++) void queue.add(measured.wrap(() => {}, { signal }))
    expect(status()).toMatchObject({ size: 10 })
    queue.clear()
    for (let turn = 0; turn < 200 && status()?.size !== 0; turn++) {
      collect()
      await setImmediate()
    }
    expect(status()).toMatchObject({ size: 0, active: 1, jobs: { cancelled: 10 } })
    expect(getEventListeners(signal, 'abort')).toEqual([])
    gate.resolve()
    await running
    expect(status()).toMatchObject({ size: 0, active: 0, jobs: { cancelled: 10, success: 1 } })
  })

  test("is not counted where the queue's own count says that it is gone", () => {
    const queue = new PQueue({ autoStart: false })
    const measured = create({ size: () => queue.size })
    void queue.add(measured.wrap(() => {}))
    expect(status()).toMatchObject({ size: 1 })
    queue.clear()
    expect(status()).toMatchObject({ size: 0, oldestJobAge: 0 })
  })
})

test('without an SDK, tasks do, give and throw the same', async () => {
  const queue = instrumentQueue({ plugin: 'bare' })
  const error = new Error('x')
  expect(queue.wrap((value: number) => value * 2)(4)).toBe(8)
  expect(await queue.wrap(async () => 7)()).toBe(7)
  await expect(queue.wrap(() => Promise.reject(error))()).rejects.toBe(error)
  expect(listQueues()).toMatchObject([{ plugin: 'bare', size: 0, active: 0, jobs: { success: 2, error: 1 } }])
})
