import { setTimeout as sleep } from 'node:timers/promises'

import * as fc from 'fast-check'
import { expect, test, vi } from 'vitest'

import type { CheckReturn } from '../src/check-options.ts'
import { createTestHealth } from './support/create-test-health.ts'

const never = new Promise<never>(() => {})

function yes(): boolean {
  return true
}

function block(milliseconds: number): void {
  const end = performance.now() + milliseconds
  while (performance.now() < end);
}

test('checks run in parallel, each with its own deadline, and a hung one holds the report no longer than that', async () => {
  const health = createTestHealth()
  const started: string[] = []
  const gate = Promise.withResolvers<void>()
  health.check('hung', () => (started.push('hung'), never), { timeout: 60 })
  health.check('also_hung', () => (started.push('also_hung'), never), { timeout: 90 })
  health.check('waits', async () => {
    started.push('waits')
    await gate.promise
  })
  const report = health.report()
  await vi.waitFor(() => expect(started).toEqual(['hung', 'also_hung', 'waits']))
  gate.resolve()
  const { status, checks } = await report
  expect(status).toBe('unhealthy')
  expect(checks['hung']).toMatchObject({ status: 'unhealthy', timed_out: true, message: 'no answer within 60 ms' })
  expect(checks['also_hung']).toMatchObject({ status: 'unhealthy', timed_out: true, message: 'no answer within 90 ms' })
  expect(checks['waits']).toMatchObject({ status: 'healthy', timed_out: false })
})

test('the signal of a check is aborted at its deadline', async () => {
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
  await health.report()
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
  const reports = Array.from({ length: 100 }, () => health.report())
  await vi.waitFor(() => expect(runs).toBe(1))
  gate.resolve()
  await Promise.all(reports)
  expect(runs).toBe(1)
})

test('a result is answered again until it is older than its ttl, with its age shown', async () => {
  const health = createTestHealth()
  let runs = 0
  const run = (): void => void (runs += 1)
  health.check('kept', run, { ttl: Infinity })
  health.check('not_kept', run, { ttl: 0 })
  await health.report()
  expect(runs).toBe(2)
  await sleep(30)
  const { checks } = await health.report()
  expect(runs).toBe(3)
  expect(checks['kept']?.age).toBeGreaterThanOrEqual(0.025)
  expect(checks['not_kept']?.age).toBeLessThan(0.025)
})

test('a check in the background is refreshed without anybody asking', async () => {
  const health = createTestHealth()
  let runs = 0
  await new Promise<void>((resolve) => {
    health.check(
      'busy',
      () => {
        runs += 1
        if (runs === 3) resolve()
      },
      { interval: 10 },
    )
  })
  expect(runs).toBe(3)
})

test('a removed or stopped check runs no more', async () => {
  const health = createTestHealth()
  let runs = 0
  const remove = health.check('gone', () => void (runs += 1), { interval: 10, ttl: 0 })
  await vi.waitFor(() => expect(runs).toBeGreaterThan(0))
  remove()
  remove()
  const before = runs
  await sleep(40)
  expect(runs).toBe(before)
  expect((await health.report()).checks).toEqual({})
  health.check('gone', () => true)
  expect((await health.report()).checks['gone']?.status).toBe('healthy')
})

test('runs that never end are given up, and no more than eight are left over at a time', async () => {
  const health = createTestHealth()
  const ends: (() => void)[] = []
  health.check('lost', () => new Promise<void>((resolve) => ends.push(resolve)), { timeout: 5, ttl: 0 })
  for (let round = 0; round < 12; round++) await health.report()
  expect(ends).toHaveLength(8)
  const { checks } = await health.report()
  expect(checks['lost']?.message).toBe('8 runs never ended; not run again before one of them does')
  ends[0]?.()
  await new Promise((resolve) => setImmediate(resolve))
  await health.report()
  expect(ends).toHaveLength(9)
})

test('a check that was lost recovers once a later run ends well', async () => {
  const health = createTestHealth()
  let isHung = true
  health.check('lost', () => (isHung ? never : true), { timeout: 10, ttl: 0 })
  expect((await health.report()).status).toBe('unhealthy')
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
  expect(checks['blocks_long']?.message).toMatch(/^kept the event loop for 0\.\d s, beyond its 10 ms$/)
})

test('one that is not critical degrades the whole at most', async () => {
  const health = createTestHealth()
  health.check('nice_to_have', () => false, { critical: false })
  const { status, checks } = await health.report()
  expect(status).toBe('degraded')
  expect(checks['nice_to_have']?.status).toBe('unhealthy')
})

test('failAfter and recoverAfter count runs, not questions', async () => {
  const health = createTestHealth()
  let isUp = true
  health.check('flaky', () => isUp, { failAfter: 2, recoverAfter: 2, ttl: 20 })
  const ask = async (times: number): Promise<string> => {
    let status = ''
    for (let i = 0; i < times; i++) status = (await health.report()).status
    return status
  }
  expect(await ask(1)).toBe('healthy')
  isUp = false
  await sleep(25)
  expect(await ask(5)).toBe('healthy')
  const { checks } = await health.report()
  expect(checks['flaky']).toMatchObject({ status: 'healthy', last_result: 'unhealthy', consecutive_failures: 1 })
  await sleep(25)
  expect(await ask(1)).toBe('unhealthy')
  isUp = true
  await sleep(25)
  expect(await ask(5)).toBe('unhealthy')
  await sleep(25)
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
