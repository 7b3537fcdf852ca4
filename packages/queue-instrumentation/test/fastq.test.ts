import { setImmediate as schedule } from 'node:timers'
import { setImmediate } from 'node:timers/promises'

import { SpanStatusCode, trace } from '@opentelemetry/api'
import { array, assert, asyncProperty, constantFrom, integer, tuple } from 'fast-check'
import fastq from 'fastq'
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest'

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
let measured: typeof fastq
beforeAll(registerContext)
afterAll(unregisterContext)
beforeEach(() => {
  telemetry = createOwnTelemetry()
  measured = instrumentQueue(fastq, { ...telemetry })
})
const status = (): QueueStatus | undefined => listQueues(telemetry)[0]

test('jobs of a promise queue run in the trace of who pushed them, and are counted by their end', async () => {
  const gate = Promise.withResolvers<void>()
  const queue = measured.promise(async (value: number) => {
    await gate.promise
    if (value < 0) throw new RangeError('negative')
    return [value * 2, trace.getActiveSpan()?.spanContext().traceId]
  }, 2)
  const pushed = [1, 2, 1, -1].map((value) => underSpan(telemetry, () => queue.push(value)))
  expect(status()).toMatchObject({
    plugin: 'fastq',
    size: 2,
    active: 2,
    queues: [{ name: 'fastq', scope: 'local', engine: 'fastq' }],
  })
  expect([queue.length(), queue.running(), queue.getQueue()]).toEqual([2, 2, [1, -1]])
  gate.resolve()
  const results = await Promise.allSettled(pushed.map(({ result }) => result))
  expect(results).toEqual([
    ...[1, 2, 1].map((value, index) => ({ status: 'fulfilled', value: [value * 2, pushed[index]?.traceId] })),
    { status: 'rejected', reason: new RangeError('negative') },
  ])
  expect(status()).toMatchObject({ size: 0, active: 0, jobs: { success: 3, error: 1 }, waits: { count: 4 } })
  const failed = telemetry.spans().find(({ status: end }) => end.code === SpanStatusCode.ERROR)
  expect(failed?.spanContext().traceId).toBe(pushed[3]?.traceId)
  expect(telemetry.points('mcp.errors')).toEqual({ 'source=queue,type=RangeError': 1 })
})

test('jobs of a callback queue are measured until their callback is called, with their context and their value', async () => {
  const context = { factor: 3 }
  const seen = vi.fn<(...args: unknown[]) => void>()
  const queue = measured(
    context,
    function (this: typeof context, value: number, done: (error: Error | null, result?: number) => void) {
      schedule(() => (value < 0 ? done(new RangeError('negative')) : done(null, value * this.factor)))
    },
    1,
  )
  queue.error((error, value) => seen('error', error?.message, value))
  queue.drain = () => seen('drain')
  const ended = new Promise((resolve) => {
    queue.push(1, (...args) => seen('1', ...args))
    queue.push(-1, (...args) => seen('-1', ...args))
    queue.unshift(2, (...args) => seen('2', ...args))
    queue.push(4, resolve)
  })
  expect(queue.getQueue()).toEqual([2, -1, 4])
  expect(status()).toMatchObject({ size: 3, active: 1 })
  await ended
  await setImmediate()
  expect(seen.mock.calls).toEqual([
    ['error', undefined, 1],
    ['1', null, 3],
    ['error', undefined, 2],
    ['2', null, 6],
    ['error', 'negative', -1],
    ['-1', new RangeError('negative'), undefined],
    ['error', undefined, 4],
    ['drain'],
  ])
  expect(status()).toMatchObject({ size: 0, active: 0, jobs: { success: 3, error: 1 } })
})

test('what is killed or aborted has left the queue', async () => {
  const queue = measured.promise(async () => {}, 1)
  const aborted: unknown[] = []
  for (const end of ['kill', 'killAndDrain', 'abort'] as const) {
    queue.pause()
    const waiting = [queue.push('a'), queue.push('b')].map((job) => job.catch(String))
    if (end === 'abort') aborted.push(...waiting)
    expect(status()).toMatchObject({ size: 2 })
    queue[end]()
    queue.resume()
    expect(status()).toMatchObject({ size: 0, active: 0 })
  }
  expect(await Promise.all(aborted)).toEqual(['Error: abort', 'Error: abort'])
  expect(status()).toMatchObject({ jobs: { cancelled: 6 } })
})

test('a worker that throws throws at whoever pushed, and the job has failed', () => {
  const queue = measured(() => {
    throw new TypeError('x')
  }, 1)
  expect(() => queue.push(1)).toThrow(new TypeError('x'))
  expect(status()).toMatchObject({ active: 0, jobs: { error: 1 } })
})

test('fastq itself goes on unmeasured, and is what it was', async () => {
  expect(measured).not.toBe(fastq)
  expect(instrumentQueue(measured, { ...telemetry, plugin: 'sums' })).toHaveProperty('promise')
  expect(measured.name).toBe('fastqueue')
  await fastq.promise(async () => {}, 1).push(1)
  expect(listQueues(telemetry)).toEqual([])
  expect(() => measured.promise(async () => {}, 0)).toThrow('concurrency must be equal to or greater than 1')
})

test('a fastq that has been made already stays as it is, and that is said', () => {
  const queue = fastq.promise(async () => {}, 1)
  const before = { ...queue }
  expect(instrumentQueue(queue, telemetry)).toBe(queue)
  expect({ ...queue }).toEqual(before)
})

test('whatever is done with a queue, it does the same as one that is not measured, and the figures are its own', async () => {
  type Step = readonly [kind: 'push' | 'unshift' | 'pause' | 'resume' | 'turn' | 'kill', value: number]
  const step = tuple(
    constantFrom(
      'push' as const,
      'push' as const,
      'unshift' as const,
      'pause' as const,
      'resume' as const,
      'turn' as const,
      'kill' as const,
    ),
    integer({ min: -2, max: 5 }),
  )
  const run = async (create: typeof fastq, steps: readonly Step[], concurrency: number): Promise<unknown[]> => {
    const log: unknown[] = []
    const figures: unknown[] = []
    const own: unknown[] = []
    const queue = create.promise(async (value: number) => {
      log.push(['run', value])
      await setImmediate()
      if (value < 0) throw new Error(`negative ${value}`)
      return value * 2
    }, concurrency)
    for (const [kind, value] of steps) {
      if (kind === 'push' || kind === 'unshift') {
        queue[kind](value).then(
          (result) => log.push(['gives', value, result]),
          (error: unknown) => log.push(['fails', value, String(error)]),
        )
      } else if (kind === 'turn') await setImmediate()
      else queue[kind]()
      log.push([kind, queue.length(), queue.running(), queue.getQueue(), queue.idle()])
      if (create === measured) figures.push([status()?.size, status()?.active])
      own.push([queue.length(), queue.running()])
    }
    queue.resume()
    for (let turn = 0; turn < 60 && !queue.idle(); turn++) await setImmediate()
    await setImmediate()
    expect(create === measured ? figures : own).toEqual(own)
    return log
  }
  await assert(
    asyncProperty(array(step, { maxLength: 20 }), integer({ min: 1, max: 3 }), async (steps, concurrency) => {
      telemetry = createOwnTelemetry()
      measured = instrumentQueue(fastq, { ...telemetry })
      expect(await run(measured, steps, concurrency)).toEqual(await run(fastq, steps, concurrency))
    }),
    { numRuns: 60 },
  )
})
