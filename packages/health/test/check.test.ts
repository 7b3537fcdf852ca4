import { once } from 'node:events'
import { setTimeout as pause } from 'node:timers/promises'
import { MessageChannel, Worker } from 'node:worker_threads'

import * as fc from 'fast-check'
import { expect, onTestFinished, test, vi } from 'vitest'

import type { CheckReturn } from '../src/check-options.ts'
import type { HealthReport } from '../src/report.ts'
import { createTestHealth } from './support/create-test-health.ts'
import { pass, useFakeClock } from './support/fake-clock.ts'

const never = new Promise<never>(() => {})

function yes(): boolean {
  return true
}

function block(milliseconds: number): void {
  const end = performance.now() + milliseconds
  while (performance.now() < end);
}

test('checks run in parallel, each with its own deadline, and a hung one holds the report no longer than that', async () => {
  useFakeClock()
  const health = createTestHealth()
  const started: string[] = []
  const gate = Promise.withResolvers<void>()
  health.check('hung', () => (started.push('hung'), never), { timeout: 60 })
  health.check('also_hung', () => (started.push('also_hung'), never), { timeout: 90 })
  health.check('waits', async () => {
    started.push('waits')
    await gate.promise
  })
  let isAnswered = false
  const report = health.report().finally(() => (isAnswered = true))
  await pass(0)
  expect(started).toEqual(['hung', 'also_hung', 'waits'])
  gate.resolve()
  await pass(89)
  expect(isAnswered).toBe(false)
  await pass(1)
  expect(isAnswered).toBe(true)
  const { status, checks } = await report
  expect(status).toBe('unhealthy')
  expect(checks['hung']).toMatchObject({ status: 'unhealthy', timed_out: true, message: 'no answer within 60 ms' })
  expect(checks['also_hung']).toMatchObject({ status: 'unhealthy', timed_out: true, message: 'no answer within 90 ms' })
  expect(checks['waits']).toMatchObject({ status: 'healthy', timed_out: false })
})

test('the signal of a check is aborted at its deadline', async () => {
  useFakeClock()
  const health = createTestHealth()
  let reason: unknown
  health.check(
    'slow',
    ({ signal }) => {
      signal.addEventListener('abort', () => (reason = signal.reason))
      return never
    },
    { timeout: 20 },
  )
  void health.report()
  await pass(19)
  expect(reason).toBeUndefined()
  await pass(1)
  expect(reason).toMatchObject({ name: 'TimeoutError', message: 'health check "slow" took longer than 20 ms' })
})

test('a check that throws, at once or later, is unhealthy with its message and without its secrets', async () => {
  const health = createTestHealth()
  health.check('at_once', () => {
    throw new TypeError('cannot reach redis://admin:hunter2@db:6379')
  })
  health.check('later', async () => {
    throw Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:1'), { code: 'ECONNREFUSED' })
  })
  health.check('odd', () => Promise.reject(null))
  const { checks } = await health.report()
  expect(checks['at_once']).toMatchObject({
    status: 'unhealthy',
    message: 'TypeError: cannot reach redis://[redacted]@db:6379',
  })
  expect(checks['later']).toMatchObject({ status: 'unhealthy', message: 'connect ECONNREFUSED 127.0.0.1:1' })
  expect(checks['odd']).toMatchObject({ status: 'unhealthy', message: 'null' })
})

test('what a check returns shows no secrets', async () => {
  const health = createTestHealth()
  const url = 'redis://admin:hunter2@db:6379'
  health.check('cache', () => ({
    status: 'degraded',
    message: `slow at ${url}`,
    unit: url,
    details: { url, password: 'hunter2', replicas: 2 },
  }))
  const { checks } = await health.report()
  expect(checks['cache']).toMatchObject({
    status: 'degraded',
    message: 'slow at redis://[redacted]@db:6379',
    details: { url: 'redis://[redacted]@db:6379', replicas: 2 },
  })
  expect(JSON.stringify(checks)).not.toContain('hunter2')
})

test('failures are counted in a row: a healthy result ends it', async () => {
  const health = createTestHealth()
  const results = [false, false, true, false]
  health.check('odd', () => results.shift(), { ttl: 0, interval: 0 })
  const failures: (number | undefined)[] = []
  for (let run = 0; run < 4; run++) failures.push((await health.report()).checks['odd']?.consecutive_failures)
  expect(failures).toEqual([1, 2, 0, 1])
})

test('a check that has answered in time leaves no deadline behind, which would keep the process from its end', async () => {
  useFakeClock()
  const health = createTestHealth()
  const before = vi.getTimerCount()
  health.check('quick', yes, { interval: 0 })
  await health.report()
  expect(vi.getTimerCount()).toBe(before)
})

test('whatever a check returns, the report is valid, and anything it cannot read is unhealthy', async () => {
  const statuses = fc.constantFrom('healthy', 'degraded', 'unhealthy', 'fine', undefined)
  const returned = fc.oneof(
    fc.anything(),
    fc.record({ status: statuses, message: fc.anything(), observed: fc.anything(), details: fc.anything() }),
  )
  await fc.assert(
    fc.asyncProperty(returned, async (value) => {
      const health = createTestHealth()
      health.check('any', () => value as CheckReturn)
      const { checks } = await health.report()
      health.stop()
      expect(() => JSON.stringify(checks)).not.toThrow()
      const given = typeof value === 'object' && value !== null ? (value as { status?: unknown }).status : value
      const expected =
        given === true || given === 'healthy' || value === undefined
          ? 'healthy'
          : given === 'degraded'
            ? 'degraded'
            : 'unhealthy'
      expect(checks['any']?.status).toBe(given === true && value !== true ? 'unhealthy' : expected)
    }),
    { numRuns: 200 },
  )
})

test('everybody who asks while a check runs gets the result of that one run', async () => {
  useFakeClock()
  const health = createTestHealth()
  let runs = 0
  const gate = Promise.withResolvers<void>()
  health.check(
    'counted',
    () => {
      runs += 1
      return gate.promise
    },
    { ttl: 0 },
  )
  const reports = Array.from({ length: 1000 }, () => health.report())
  gate.resolve()
  const answers = await Promise.all(reports)
  expect(runs).toBe(1)
  expect(new Set(answers.map(({ status, checks }) => JSON.stringify([status, checks]))).size).toBe(1)
})

test('a result is answered again until it is older than its ttl, with its age shown', async () => {
  useFakeClock()
  const health = createTestHealth()
  let runs = 0
  const run = (): void => void (runs += 1)
  health.check('for_ever', run, { ttl: Infinity, interval: 0 })
  health.check('for_a_second', run, { ttl: 1000, interval: 0 })
  health.check('not_at_all', run, { ttl: 0, interval: 0 })
  await health.report()
  expect(runs).toBe(3)
  const agesAfter = async (milliseconds: number): Promise<(number | undefined)[]> => {
    await pass(milliseconds)
    const { checks } = await health.report()
    return ['for_ever', 'for_a_second', 'not_at_all'].map((name) => checks[name]?.age)
  }
  expect(await agesAfter(999)).toEqual([0.999, 0.999, 0])
  expect(runs).toBe(4)
  expect(await agesAfter(1)).toEqual([1, 0, 0])
  expect(runs).toBe(6)
})

test('a result is answered again for a second where nothing is said, and for its interval where that is', async () => {
  useFakeClock()
  const health = createTestHealth()
  const runs = { usual: 0, asked: 0, often: 0 }
  health.check('usual', () => void (runs.usual += 1))
  health.check('asked', () => void (runs.asked += 1), { interval: 0 })
  health.check('often', () => void (runs.often += 1), { interval: 3000 })
  const runsAfter = async (milliseconds: number): Promise<number[]> => {
    await pass(milliseconds)
    await health.report()
    return Object.values(runs)
  }
  expect(await runsAfter(0)).toEqual([1, 1, 1])
  expect(await runsAfter(999)).toEqual([1, 1, 1])
  expect(await runsAfter(1)).toEqual([2, 2, 1])
})

test('a check in the background is run at once and then every interval, without anybody asking', async () => {
  useFakeClock()
  const health = createTestHealth()
  let runs = 0
  const run = (): void => void (runs += 1)
  health.check('busy', run, { interval: 10_000 })
  health.check('asked', run, { interval: 0 })
  expect(runs).toBe(0)
  await pass(0)
  expect(runs).toBe(1)
  await pass(9999)
  expect(runs).toBe(1)
  await pass(1)
  expect(runs).toBe(2)
  await pass(20_000)
  expect(runs).toBe(4)
})

test('a check that somebody has asked before its first turn is not run a second time', async () => {
  useFakeClock()
  const health = createTestHealth()
  let runs = 0
  health.check('asked', () => void (runs += 1), { interval: 10_000 })
  await health.report()
  await pass(9999)
  expect(runs).toBe(1)
})

test('a removed or stopped check runs no more', async () => {
  useFakeClock()
  const health = createTestHealth()
  let runs = 0
  const run = (): void => void (runs += 1)
  const remove = health.check('gone', run, { interval: 10, ttl: 0 })
  await pass(10)
  expect(runs).toBe(2)
  remove()
  remove()
  health.check('not_begun', run, { interval: 10 })()
  await pass(100)
  expect(runs).toBe(2)
  expect((await health.report()).checks).toEqual({})
  health.check('gone', run, { interval: 10 })
  remove()
  expect((await health.report()).checks['gone']?.status).toBe('healthy')
  expect(runs).toBe(3)
  health.stop()
  await pass(100)
  expect(runs).toBe(3)
})

test('a check that runs when it is removed, or all are stopped, is told so by its signal, and changes nothing any more', async () => {
  for (const end of ['remove', 'stop'] as const) {
    const changes: unknown[] = []
    const health = createTestHealth({ onChange: (change) => changes.push(change) })
    const { promise, resolve } = Promise.withResolvers<boolean>()
    let given: AbortSignal | undefined
    const remove = health.check(
      'slow',
      ({ signal }) => {
        given = signal
        return promise
      },
      { interval: 0 },
    )
    const report = health.report()
    await Promise.resolve()
    expect(given?.aborted).toBe(false)
    if (end === 'remove') remove()
    else health.stop()
    expect(given?.reason).toEqual(new Error('health check stopped'))
    resolve(false)
    expect((await report).checks).toEqual({})
    expect(changes).toEqual([])
  }
})

test('runs that never end are given up, and no more than eight are left over at a time', async () => {
  useFakeClock()
  const health = createTestHealth()
  const ends: (() => void)[] = []
  health.check('lost', () => new Promise<void>((resolve) => ends.push(resolve)), { timeout: 5, ttl: 0 })
  const report = async (): Promise<HealthReport> => {
    const asked = health.report()
    await pass(5)
    return asked
  }
  for (let round = 0; round < 12; round++) await report()
  expect(ends).toHaveLength(8)
  const { checks } = await report()
  expect(checks['lost']?.message).toBe('8 runs never ended; not run again before one of them does')
  ends[0]?.()
  await pass(0)
  await report()
  expect(ends).toHaveLength(9)
})

test('a check that was lost recovers once a later run ends well', async () => {
  useFakeClock()
  const health = createTestHealth()
  let isHung = true
  health.check('lost', () => (isHung ? never : true), { timeout: 10, ttl: 0 })
  const lost = health.report()
  await pass(10)
  expect((await lost).status).toBe('unhealthy')
  isHung = false
  expect((await health.report()).status).toBe('healthy')
})

test('a call that keeps the event loop is shown, warned of once, and unhealthy when it takes longer than its deadline', async () => {
  const health = createTestHealth()
  health.check('blocks', () => block(70))
  health.check('blocks_long', () => block(30), { timeout: 10 })
  const { checks } = await health.report()
  expect(checks['blocks']).toMatchObject({ status: 'healthy' })
  expect(checks['blocks']?.blocked).toBeGreaterThanOrEqual(0.07)
  expect(checks['blocks_long']).toMatchObject({ status: 'unhealthy', timed_out: true })
  expect(checks['blocks_long']?.message).toMatch(
    /^kept the event loop for \d+\.\d s, beyond its 10 ms; not run again for \d+ s$/,
  )
})

test('a call that has kept the event loop beyond its deadline is not made again for a hundred times as long', async () => {
  useFakeClock()
  const health = createTestHealth()
  let runs = 0
  health.check(
    'blocks',
    () => {
      runs += 1
      // The clock goes on while no timer fires.
      if (runs === 1) blockedFor = 20
    },
    { timeout: 10, ttl: 0, interval: 500 },
  )
  const now = performance.now.bind(performance)
  let blockedFor = 0
  vi.spyOn(performance, 'now').mockImplementation(() => now() + blockedFor)
  onTestFinished(() => void vi.restoreAllMocks())
  const { checks } = await health.report()
  expect(checks['blocks']).toMatchObject({
    status: 'unhealthy',
    message: 'kept the event loop for 0.0 s, beyond its 10 ms; not run again for 2 s',
  })
  await pass(1999)
  expect((await health.report()).checks['blocks']).toMatchObject({ status: 'unhealthy', age: 1.999 })
  expect(runs).toBe(1)
  await pass(1)
  expect((await health.report()).checks['blocks']?.status).toBe('healthy')
})

test('a call that has kept the event loop for very long is made again after an hour', async () => {
  useFakeClock()
  const health = createTestHealth()
  let blockedFor = 0
  let runs = 0
  const now = performance.now.bind(performance)
  vi.spyOn(performance, 'now').mockImplementation(() => now() + blockedFor)
  onTestFinished(() => void vi.restoreAllMocks())
  health.check(
    'blocks',
    () => {
      runs += 1
      if (runs === 1) blockedFor = 120_000
    },
    { ttl: 0, interval: 0 },
  )
  const { checks } = await health.report()
  expect(checks['blocks']?.message).toMatch(/not run again for 3600 s$/)
  await pass(3_599_999)
  expect((await health.report()).status).toBe('unhealthy')
  await pass(1)
  expect((await health.report()).status).toBe('healthy')
})

test('a check is neither blamed nor cut short for what another one of the same turn keeps the event loop', async () => {
  const health = createTestHealth()
  health.check('blocks', () => block(600))
  health.check('at_once', () => true, { timeout: 500 })
  health.check('in_time', () => pause(1), { timeout: 500 })
  const { checks } = await health.report()
  expect(checks['blocks']?.blocked).toBeGreaterThanOrEqual(0.6)
  expect(checks['at_once']).toMatchObject({ status: 'healthy', timed_out: false })
  expect(checks['at_once']?.blocked ?? 0).toBeLessThan(0.5)
  expect(checks['in_time']).toMatchObject({ status: 'healthy', timed_out: false })
  for (const name of ['at_once', 'in_time']) expect(checks[name]?.duration).toBeLessThan(0.5)
})

test('with a ttl without end nobody who asks runs a check: the answer is what the background has found, with its age', async () => {
  useFakeClock()
  const health = createTestHealth()
  let runs = 0
  health.check('cached', () => void runs++, { interval: 10_000, ttl: Infinity })
  const asked = async () => [(await health.report()).checks['cached']?.age, runs]
  await pass(0)
  expect(await asked()).toEqual([0, 1])
  await pass(9999)
  expect(await asked()).toEqual([9.999, 1])
  await pass(2)
  expect(await asked()).toEqual([0.001, 2])
})

test('a loop that was blocked past a deadline reads first what has come in time', async () => {
  const { port1: here, port2: there } = new MessageChannel()
  const posted = new Int32Array(new SharedArrayBuffer(4))
  const code = `
    const { parentPort, workerData: { there, posted } } = require('node:worker_threads')
    parentPort.once('message', () => {
      there.postMessage('an answer')
      Atomics.store(posted, 0, 1)
      Atomics.notify(posted, 0)
    })
    parentPort.postMessage('ready')`
  const worker = new Worker(code, { eval: true, workerData: { there, posted }, transferList: [there] })
  onTestFinished(async () => void (await worker.terminate()))
  await once(worker, 'message')
  const health = createTestHealth()
  health.check('other', () => new Promise((resolve) => void here.once('message', () => resolve())), { timeout: 50 })
  const report = health.report()
  await Promise.resolve()
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has none
  worker.postMessage('go')
  // What is awaited has come when the loop goes on, and so has the deadline.
  Atomics.wait(posted, 0, 0)
  block(60)
  expect((await report).checks['other']).toMatchObject({ status: 'healthy', timed_out: false })
  here.close()
})

test('one that is not critical degrades the whole at most', async () => {
  const health = createTestHealth()
  health.check('nice_to_have', () => false, { critical: false })
  const { status, checks } = await health.report()
  expect(status).toBe('degraded')
  expect(checks['nice_to_have']?.status).toBe('unhealthy')
})

test('failAfter and recoverAfter count runs, not questions', async () => {
  useFakeClock()
  const health = createTestHealth()
  let isUp = true
  health.check('flaky', () => isUp, { failAfter: 2, recoverAfter: 2, ttl: 20, interval: 0 })
  const ask = async (times: number): Promise<string> => {
    let status = ''
    for (let i = 0; i < times; i++) status = (await health.report()).status
    return status
  }
  expect(await ask(1)).toBe('healthy')
  isUp = false
  await pass(20)
  expect(await ask(5)).toBe('healthy')
  const { checks } = await health.report()
  expect(checks['flaky']).toMatchObject({ status: 'healthy', last_result: 'unhealthy', consecutive_failures: 1 })
  await pass(20)
  expect(await ask(1)).toBe('unhealthy')
  isUp = true
  await pass(20)
  expect(await ask(5)).toBe('unhealthy')
  await pass(20)
  expect(await ask(1)).toBe('healthy')
})

test('a wrong option is refused with the name, the value and what is accepted', () => {
  const health = createTestHealth()
  health.check('taken', yes)
  const wrong: [string, unknown, string][] = [
    ['taken', {}, 'health check "taken" exists already; remove it first, or choose another name'],
    ['a b', {}, 'health check name is "a b"; expected 1 to 64 letters, digits, "_", "-" or ".", and not "overall"'],
    [
      'overall',
      {},
      'health check name is "overall"; expected 1 to 64 letters, digits, "_", "-" or ".", and not "overall"',
    ],
    ['x', { timeout: 0 }, 'health check "x": timeout is 0; expected milliseconds from 1 to 2147483647'],
    ['x', { timeout: '5s' }, 'health check "x": timeout is "5s"; expected milliseconds from 1 to 2147483647'],
    ['x', { interval: -1 }, 'health check "x": interval is -1; expected milliseconds from 0 to 2147483647'],
    ['x', { ttl: Number.NaN }, 'health check "x": ttl is NaN; expected milliseconds from 0 to 2147483647'],
    ['x', { failAfter: 0 }, 'health check "x": failAfter is 0; expected an integer from 1 to 1000'],
    ['x', { recoverAfter: 1.5 }, 'health check "x": recoverAfter is 1.5; expected an integer from 1 to 1000'],
    ['x', { critical: 'yes' }, 'health check "x": critical is "yes"; expected true or false'],
    [
      'x',
      { groups: 'readiness' },
      'health check "x": groups is "readiness"; expected a list of names such as "readiness"',
    ],
    [
      'x',
      { timout: 5 },
      'health check "x": unknown option "timout"; expected one of critical, timeout, interval, ttl, failAfter, recoverAfter, groups',
    ],
  ]
  for (const [name, options, message] of wrong) {
    expect(() => health.check(name, yes, options as object)).toThrow(message)
  }
  expect(() => health.check('x', 'no function' as never)).toThrow(
    'health check "x" is "no function"; expected a function',
  )
})
