import * as fc from 'fast-check'
import { expect, test } from 'vitest'

import { createHysteresis } from '../src/hysteresis.ts'
import type { HealthStatus } from '../src/status.ts'

const STATUSES: readonly HealthStatus[] = ['healthy', 'degraded', 'unhealthy']
const statuses = fc.array(fc.constantFrom(...STATUSES), { minLength: 1, maxLength: 60 })
const count = fc.integer({ min: 1, max: 6 })

/** The same rule told by counters: how many results in a row were at least, or at most, as bad as each level. */
function model(results: readonly HealthStatus[], failAfter: number, recoverAfter: number): HealthStatus[] {
  const atLeast = [0, 0, 0]
  const atMost = [0, 0, 0]
  let state: number | undefined
  return results.map((result) => {
    const found = STATUSES.indexOf(result)
    for (const level of [0, 1, 2]) {
      atLeast[level] = found >= level ? (atLeast[level] ?? 0) + 1 : 0
      atMost[level] = found <= level ? (atMost[level] ?? 0) + 1 : 0
    }
    if (state === undefined) state = found
    else {
      const before: number = state
      const worse = [2, 1].find((level) => level > before && (atLeast[level] ?? 0) >= failAfter)
      const better = [0, 1].find((level) => level < before && (atMost[level] ?? 0) >= recoverAfter)
      state = worse ?? better ?? before
    }
    return STATUSES[state] as HealthStatus
  })
}

test('the state follows the rule of counters, whatever the results and the counts', () => {
  fc.assert(
    fc.property(statuses, count, count, (results, failAfter, recoverAfter) => {
      const hysteresis = createHysteresis({ failAfter, recoverAfter })
      expect(results.map((result) => hysteresis.next(result))).toEqual(model(results, failAfter, recoverAfter))
    }),
    { numRuns: 1000 },
  )
})

test('with counts of 1 the state is the last result', () => {
  fc.assert(
    fc.property(statuses, (results) => {
      const hysteresis = createHysteresis({ failAfter: 1, recoverAfter: 1 })
      for (const result of results) expect(hysteresis.next(result)).toBe(result)
    }),
  )
})

test('one bad result among good ones changes nothing when two are asked for', () => {
  const hysteresis = createHysteresis({ failAfter: 2, recoverAfter: 2 })
  const results = [
    'healthy',
    'unhealthy',
    'healthy',
    'unhealthy',
    'unhealthy',
    'healthy',
    'unhealthy',
    'healthy',
    'healthy',
  ]
  expect(results.map((result) => hysteresis.next(result as HealthStatus))).toEqual([
    'healthy',
    'healthy',
    'healthy',
    'healthy',
    'unhealthy',
    'unhealthy',
    'unhealthy',
    'unhealthy',
    'healthy',
  ])
})

test('a failure that deepens is degraded first, then unhealthy', () => {
  const hysteresis = createHysteresis({ failAfter: 3, recoverAfter: 1 })
  const results = ['healthy', 'degraded', 'unhealthy', 'unhealthy', 'unhealthy', 'degraded', 'healthy']
  expect(results.map((result) => hysteresis.next(result as HealthStatus))).toEqual([
    'healthy',
    'healthy',
    'healthy',
    'degraded',
    'unhealthy',
    'degraded',
    'healthy',
  ])
})
