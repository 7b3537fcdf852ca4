import { setImmediate, setTimeout as pause } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

import { SpanStatusCode, trace } from '@opentelemetry/api'
import { array, assert, asyncProperty, constant, constantFrom, integer, nat, oneof, record } from 'fast-check'
import PQueue from 'p-queue'
import PQueue8 from 'p-queue-8'
import PQueue9 from 'p-queue-9'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'

import {
  createOwnTelemetry,
  registerContext,
  underSpan,
  unregisterContext,
} from '../../plugin-instrumentation/test/support/telemetry.ts'
import type { OwnTelemetry } from '../../plugin-instrumentation/test/support/telemetry.ts'
import { instrumentQueue, listQueues } from '../src/index.ts'
import type { QueueStatus } from '../src/index.ts'

let telemetry: OwnTelemetry
beforeAll(registerContext)
afterAll(unregisterContext)
beforeEach(() => {
  telemetry = createOwnTelemetry()
})
const status = (): QueueStatus | undefined => listQueues(telemetry)[0]

interface Options {
  concurrency?: number
  timeout?: number
  autoStart?: boolean
  throwOnTimeout?: boolean
}

/** What the versions have in common. */
interface Queue {
  add<T>(
    task: (given: { signal?: AbortSignal | undefined }) => T | PromiseLike<T>,
    options?: { signal?: AbortSignal; timeout?: number; priority?: number },
  ): Promise<T>
  clear(): void
  pause(): void
  start(): unknown
  onIdle(): Promise<void>
  readonly size: number
  readonly pending: number
}

const versions = { 8: PQueue8, 9: PQueue9, 10: PQueue } as unknown as Record<string, new (options?: Options) => Queue>

describe.each(Object.entries(versions))('p-queue %s', (version, Class) => {
  const create = (options?: Options): Queue =>
    instrumentQueue(new Class(options), { plugin: 'files', meterProvider: telemetry.meterProvider })

  test('a task that its app has wrapped is one job, under the plugin that the app says', async () => {
    const queue = create()
    const measured = instrumentQueue({ plugin: 'words', ...telemetry })
    expect(await queue.add(measured.wrap(() => 'done'))).toBe('done')
    expect(listQueues(telemetry).map(({ plugin, jobs }) => [plugin, jobs.success])).toEqual([
      ['files', 0],
      ['words', 1],
    ])
  })

  test('jobs wait until their turn, run in the trace of who added them, and are counted by their end', async () => {
    const queue = instrumentQueue(new Class({ concurrency: 1 }), { ...telemetry })
    const gate = Promise.withResolvers<string>()
    const first = underSpan(telemetry, () => queue.add(() => gate.promise))
    const second = underSpan(telemetry, () => queue.add(() => Promise.reject(new TypeError('no such file'))))
    const third = underSpan(telemetry, () => queue.add(() => trace.getActiveSpan()?.spanContext().traceId))
    await setImmediate()
    expect(status()).toMatchObject({
      plugin: 'p-queue',
      size: 2,
      active: 1,
      queues: [{ name: 'p-queue', scope: 'local', engine: 'p-queue' }],
    })
    expect([queue.size, queue.pending]).toEqual([2, 1])
    gate.resolve('done')
    expect(await first.result).toBe('done')
    await expect(second.result).rejects.toThrow(new TypeError('no such file'))
    expect(await third.result).toBe(third.traceId)
    expect(status()).toMatchObject({ size: 0, active: 0, jobs: { success: 2, error: 1 }, waits: { count: 3 } })
    expect(telemetry.points('mcp.errors')).toEqual({ 'source=queue,type=TypeError': 1 })
    const failed = telemetry
      .spans()
      .find(({ name, status: end }) => name === 'process p-queue' && end.code === SpanStatusCode.ERROR)
    expect(failed).toMatchObject({ status: { code: SpanStatusCode.ERROR, message: 'no such file' } })
    expect(failed?.spanContext().traceId).toBe(second.traceId)
  })

  test('a job that takes too long has ended when the queue gives it up, as a timeout, though its task goes on', async () => {
    const queue = create({ concurrency: 1 })
    const gate = Promise.withResolvers<void>()
    const late = queue.add(() => gate.promise, { timeout: 5 })
    // Version 8 gives `undefined` instead.
    expect(await late.catch(String)).toSatisfy((end) => (version === '8' ? end === undefined : /timed out/i.test(end)))
    expect(status()).toMatchObject({ active: 0, jobs: { timeout: 1 } })
    gate.resolve()
    await setImmediate()
    expect(status()).toMatchObject({ active: 0, jobs: { timeout: 1, success: 0 } })
    expect(telemetry.points('mcp.errors')).toEqual({ 'source=queue,type=TimeoutError': 1 })
  })

  test("the queue's own time limit counts too, and a job within it is a success", async () => {
    const queue = create({ timeout: 20, ...(version === '8' && { throwOnTimeout: true }) })
    const slow = queue.add(() => pause(10_000, undefined, { ref: false }))
    expect(await queue.add(() => 'quick')).toBe('quick')
    await expect(slow).rejects.toThrow(/timed out/i)
    expect(status()).toMatchObject({ jobs: { success: 1, timeout: 1 } })
  })

  test('a job whose signal aborts is cancelled, while it waits and while it runs', async () => {
    const queue = create({ concurrency: 1 })
    const controller = new AbortController()
    const { signal } = controller
    const running = queue.add(() => new Promise<void>(() => {}), { signal })
    const waiting = queue.add(() => 'never', { signal })
    const after = queue.add(() => 'after')
    expect(status()).toMatchObject({ size: 2, active: 1 })
    controller.abort()
    await expect(running).rejects.toThrow(/abort/i)
    await expect(waiting).rejects.toThrow(/abort/i)
    expect(await after).toBe('after')
    expect(status()).toMatchObject({ size: 0, active: 0, jobs: { cancelled: 2, success: 1 } })
    await expect(queue.add(() => 'never', { signal })).rejects.toThrow(/abort/i)
    expect(status()).toMatchObject({ size: 0, active: 0, jobs: { cancelled: 3, success: 1 } })
  })

  test('jobs that are cleared have left the queue, and their promises are what they would be', async () => {
    const queue = create({ concurrency: 1 })
    const gate = Promise.withResolvers<void>()
    const running = queue.add(() => gate.promise)
    // In version 10 these are rejected, and who ignores that is not told of an unhandled rejection.
    for (let count = 0; count < 3; count++) void queue.add(() => 'never')
    expect(status()).toMatchObject({ size: 3 })
    queue.clear()
    await setImmediate()
    expect(status()).toMatchObject({ size: 0, active: 1, jobs: { cancelled: 3 } })
    gate.resolve()
    await running
    expect(status()).toMatchObject({ size: 0, active: 0, jobs: { cancelled: 3, success: 1 } })
  })

  const drop = (): void => {
    const queue = create({ autoStart: false })
    for (let count = 0; count < 5; count++) void queue.add(() => queue.size)
  }

  test('a queue that is dropped with its jobs leaves no figures behind', async () => {
    setFlagsFromString('--expose-gc')
    const collect = runInNewContext('gc') as () => void
    drop()
    expect(status()).toMatchObject({ size: 5 })
    for (let turn = 0; turn < 200 && status()?.size !== 0; turn++) {
      collect()
      await setImmediate()
    }
    expect(status()).toMatchObject({ size: 0, jobs: { cancelled: 5 } })
  })

  test('whatever is done with a queue, it does the same as one that is not measured, and the figures are its own', async () => {
    const step = oneof(
      record({
        kind: constant('add' as const),
        ends: constantFrom('value', 'rejects', 'throws'),
        priority: nat(3),
      }),
      record({ kind: constantFrom('clear', 'pause', 'start', 'turn') }),
    )
    type Step = { kind: string; ends?: string; priority?: number }
    const run = async (queue: Queue, steps: readonly Step[]): Promise<[string[], number]> => {
      const log: string[] = []
      let added = 0
      const note = (text: string): void => void log.push(`${text} ${queue.size}/${queue.pending}`)
      for (const { kind, ends, priority = 0 } of steps) {
        if (kind === 'add') {
          const id = (added += 1)
          queue
            .add(
              () => {
                note(`run ${id}`)
                if (ends === 'throws') throw new Error(`thrown ${id}`)
                return ends === 'rejects' ? Promise.reject(new Error(`rejected ${id}`)) : id
              },
              { priority },
            )
            .then(
              (value) => log.push(`${id} gives ${value}`),
              (error: unknown) => log.push(`${id} ${String(error)}`),
            )
        } else if (kind === 'turn') await setImmediate()
        else queue[kind as 'clear' | 'pause' | 'start']()
        note(kind)
      }
      queue.start()
      await queue.onIdle()
      await setImmediate()
      return [log, added]
    }
    await assert(
      asyncProperty(array(step, { maxLength: 25 }), integer({ min: 1, max: 3 }), async (steps, concurrency) => {
        telemetry = createOwnTelemetry()
        const [bare] = await run(new Class({ concurrency }), steps)
        const queue = create({ concurrency })
        const [log, added] = await run(queue, steps)
        expect(log.toSorted()).toEqual(bare.toSorted())
        expect(log.filter((line) => line.startsWith('run'))).toEqual(bare.filter((line) => line.startsWith('run')))
        const { jobs, size, active } = status() ?? { jobs: {}, size: 0, active: 0 }
        expect([size, active]).toEqual([queue.size, queue.pending])
        expect(Object.values(jobs).reduce((sum, count) => sum + count, 0)).toBe(added)
      }),
      { numRuns: 60 },
    )
  })
})

test('a queue that nobody gave to us is not measured, though one of its class is', async () => {
  instrumentQueue(new PQueue(), { plugin: 'files', meterProvider: telemetry.meterProvider })
  await new PQueue().add(() => 'done')
  expect(status()).toMatchObject({ jobs: { success: 0 } })
})

test('queues of one plugin are one on the page, however many an app makes', async () => {
  for (let count = 0; count < 50; count++) {
    await instrumentQueue(new PQueue(), { plugin: 'files', meterProvider: telemetry.meterProvider }).add(() => {})
  }
  expect(status()).toMatchObject({ jobs: { success: 50 }, queues: [{ name: 'files' }] })
})
