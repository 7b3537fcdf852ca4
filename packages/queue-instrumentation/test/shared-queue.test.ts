import { context } from '@opentelemetry/api'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest'

import {
  createOwnTelemetry,
  isTracingSuppressed,
  registerContext,
  unregisterContext,
} from '../../plugin-instrumentation/test/support/telemetry.ts'
import type { OwnTelemetry } from '../../plugin-instrumentation/test/support/telemetry.ts'
import { listQueues, setQueueDefaults } from '../src/index.ts'
import type { QueueStatus } from '../src/index.ts'
import { resolveOptions } from '../src/queue-defaults.ts'
import { joinQueue } from '../src/shared-queue.ts'
import type { BrokerQueue, QueueMember, QueueReading } from '../src/shared-queue.ts'

let telemetry: OwnTelemetry
beforeAll(registerContext)
afterAll(unregisterContext)
beforeEach(() => {
  vi.useFakeTimers()
  telemetry = createOwnTelemetry()
})
afterEach(() => {
  vi.useRealTimers()
})

/** Joins a queue that is looked at after 100 ms, and then each second. */
const join = (broker: Partial<BrokerQueue>): QueueMember =>
  joinQueue({ engine: 'broker', name: 'mail', ...broker }, { ...telemetry, plugin: 'files', pollIntervalMillis: 1000 })
const after = (ms: number): Promise<unknown> => vi.advanceTimersByTimeAsync(ms)
const status = (): QueueStatus | undefined => listQueues(telemetry)[0]
const answering = (reading: QueueReading | undefined): (() => Promise<QueueReading | undefined>) =>
  vi.fn(() => Promise.resolve(reading))
const pluginOf = (name: string): string => resolveOptions(name, {}).plugin
const errors = (): Record<string, number> => telemetry.points('mcp.errors')

describe('a queue that several parts of the process hold', () => {
  test('is asked once in an interval, without spans, and counts once', async () => {
    const isSuppressed: boolean[] = []
    const read = vi.fn(() => {
      isSuppressed.push(isTracingSuppressed(context.active()))
      return Promise.resolve({ size: 3, active: 2, oldestJobAge: 7 })
    })
    const second = answering({ size: 100 })
    for (const reader of [read, second]) join({ read: reader })
    expect(status()).not.toHaveProperty('size')
    await after(100)
    expect(status()).toMatchObject({ size: 3, active: 2, oldestJobAge: 7, queues: [{ name: 'mail', scope: 'shared' }] })
    read.mockClear()
    await after(5000)
    expect(read).toHaveBeenCalledTimes(5)
    // Nothing is left of a look but the interval of the next one.
    expect(vi.getTimerCount()).toBe(1)
    expect(second).not.toHaveBeenCalled()
    expect(new Set(isSuppressed)).toEqual(new Set([true]))
  })

  test('is asked by the first that can, and by whoever is left', async () => {
    const closed = join({ read: answering(undefined) })
    const first = join({ read: answering({ size: 3 }) })
    const second = join({ read: answering({ size: 4 }) })
    await after(100)
    expect(status()?.size).toBe(3)
    first.leave()
    first.leave()
    await after(1000)
    expect(status()?.size).toBe(4)
    second.leave()
    await after(1000)
    expect(status()).not.toHaveProperty('size')
    closed.leave()
    expect(status()).toBeUndefined()
  })

  test('has no figures from the time on that nobody is left who could ask', async () => {
    const reader = join({ read: answering({ size: 3 }) })
    const producer = join({})
    await after(100)
    reader.leave()
    expect(status()).toBeDefined()
    expect(status()).not.toHaveProperty('size')
    producer.leave()
    expect(status()).toBeUndefined()
  })

  test('is another one at another address, and under another name', async () => {
    for (const address of ['one:6379', 'two:6379', 'two:6379']) join({ address, read: answering({ size: 3 }) })
    const read = vi.fn(answering({ size: 3 }))
    join({ address: 'one:6379', name: 'other', read })
    await after(100)
    expect(status()?.size).toBe(9)
    expect(status()?.queues).toHaveLength(3)
    read.mockClear()
    await after(5000)
    expect(read).toHaveBeenCalledTimes(5)
  })

  test('is asked once at first, however many other queues are made with it and after it', async () => {
    const reads = Array.from({ length: 5 }, () => vi.fn(answering({ size: 1 })))
    const [later, ...together] = reads
    for (const [index, read] of together.entries()) join({ name: `mail-${index}`, read })
    await after(500)
    expect(status()?.size).toBe(4)
    join({ name: 'later', read: later })
    await after(100)
    expect(status()?.size).toBe(5)
    expect(reads.map((read) => read.mock.calls.length)).toEqual([1, 1, 1, 1, 1])
    await after(400)
    expect(reads.map((read) => read.mock.calls.length)).toEqual([2, 2, 2, 2, 2])
  })

  test('is looked at until the last has left, and again once somebody joins', async () => {
    const read = vi.fn(answering({ size: 3 }))
    join({ read }).leave()
    await after(2000)
    expect(vi.getTimerCount()).toBe(0)
    expect(read).not.toHaveBeenCalled()
    join({ read })
    await after(100)
    expect(status()?.size).toBe(3)
    read.mockResolvedValue({ size: 4 })
    await after(1000)
    expect(status()?.size).toBe(4)
  })
})

describe('a broker', () => {
  test('that fails has no figures until it answers, and each failure is an error', async () => {
    const read = vi.fn(answering({ size: 3 }))
    join({ read })
    await after(100)
    read.mockRejectedValueOnce(new TypeError('away')).mockRejectedValueOnce(new TypeError('away'))
    await after(1000)
    expect(status()).not.toHaveProperty('size')
    await after(1000)
    expect(errors()).toEqual({ 'source=queue,type=TypeError': 2 })
    await after(1000)
    expect(status()?.size).toBe(3)
  })

  test('that cannot be asked now has no figures, which is no error', async () => {
    const read = vi.fn(answering({ size: 3 }))
    join({ read })
    await after(100)
    read.mockResolvedValueOnce(undefined)
    await after(1000)
    expect(status()).not.toHaveProperty('size')
    expect(errors()).toEqual({})
  })

  test('that does not answer is away after two seconds, and gets no second question before it has answered', async () => {
    const { promise, resolve } = Promise.withResolvers<QueueReading>()
    const read = vi.fn(answering({ size: 3 }))
    join({ read })
    await after(100)
    read.mockClear()
    read.mockReturnValueOnce(promise)
    await after(2800)
    expect(status()?.size).toBe(3)
    await after(200)
    expect(status()).not.toHaveProperty('size')
    expect(errors()).toEqual({ 'source=queue,type=BrokerTimeoutError': 1 })
    await after(3000)
    expect(read).toHaveBeenCalledTimes(1)
    resolve({ size: 9 })
    await after(1000)
    expect(read).toHaveBeenCalledTimes(2)
    expect(status()?.size).toBe(3)
  })
})

describe('what is given no options of its own', () => {
  beforeEach(() => {
    onTestFinished(() => setQueueDefaults({}))
  })

  test('has the plugin of its name, of the longest pattern that its name fits, or its name', () => {
    setQueueDefaults({ plugins: { '*': 'any', 'mail-*': 'mail', 'mail-to-*': 'letters', 'mail-to-me': 'mine' } })
    expect(['mail-to-me', 'mail-to-you', 'mail-in', 'other'].map(pluginOf)).toEqual(['mine', 'letters', 'mail', 'any'])
    setQueueDefaults({ plugins: { 'mail-*': 'mail' } })
    expect(['mail', 'mail-in', 'toString'].map(pluginOf)).toEqual(['mail', 'mail', 'toString'])
    expect(resolveOptions('mail-in', { plugin: () => undefined }).plugin).toBe('mail')
    expect(resolveOptions('mail-in', { plugin: 'own' }).plugin).toBe('own')
  })

  test('has the trace and the interval that are set, and its own come first', () => {
    expect(resolveOptions('mail', {})).toMatchObject({ plugin: 'mail', trace: 'parent', pollIntervalMillis: 10_000 })
    setQueueDefaults({ trace: 'link', pollIntervalMillis: 500 })
    expect(resolveOptions('mail', {})).toMatchObject({ trace: 'link', pollIntervalMillis: 500 })
    expect(resolveOptions('mail', { trace: 'parent', pollIntervalMillis: 50 })).toMatchObject({
      trace: 'parent',
      pollIntervalMillis: 50,
    })
  })
})
