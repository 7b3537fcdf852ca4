import * as fc from 'fast-check'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'

import { createOwnTelemetry } from '../../plugin-instrumentation/test/support/telemetry.ts'
import { instrumentQueue, listQueues } from '../src/index.ts'

beforeAll(() => {
  vi.useFakeTimers()
})
afterAll(() => {
  vi.useRealTimers()
})

const STATUSES = ['success', 'error', 'timeout', 'cancelled'] as const
type Status = (typeof STATUSES)[number]

/** The truth about the jobs of one queue, kept the plain way. */
interface Truth {
  readonly waiting: { readonly key: number; readonly readyAt: number; readonly isRetry: boolean }[]
  readonly running: number[]
}

type Step =
  | { readonly do: 'enqueue'; readonly delay: number }
  | { readonly do: 'start'; readonly which: number }
  | { readonly do: 'remove'; readonly which: number }
  | { readonly do: 'end'; readonly which: number; readonly status: Status }
  | { readonly do: 'requeue'; readonly which: number; readonly delay: number }
  | { readonly do: 'pass'; readonly ms: number }

const which = fc.nat(30)
const delay = fc.oneof(
  { weight: 3, arbitrary: fc.constant(0) },
  { weight: 1, arbitrary: fc.integer({ min: 1, max: 500 }) },
)
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('enqueue' as const), delay }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('start' as const), which }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('end' as const), which, status: fc.constantFrom(...STATUSES) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('remove' as const), which }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('requeue' as const), which, delay }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('pass' as const), ms: fc.nat(300) }) },
)

const take = <T>(list: T[], index: number): T | undefined =>
  list.length === 0 ? undefined : list.splice(index % list.length, 1)[0]

test('whatever is enqueued, started, ended, put back and removed, all figures agree with the truth', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(1), step), { maxLength: 80 }), (steps) => {
      const telemetry = createOwnTelemetry()
      // Two queues of one plugin, which are measured together.
      const queues = [0, 1].map(() => ({
        queue: instrumentQueue({ plugin: 'p', ...telemetry }),
        truth: { waiting: [], running: [] } as Truth,
      }))
      const ended: Record<Status, number> = { success: 0, error: 0, timeout: 0, cancelled: 0 }
      const waits = { count: 0, sum: 0 }
      let attempts = 0
      let retries = 0
      let failures = 0
      let nextKey = 0
      for (const [index, each] of steps) {
        const { queue, truth } = queues[index] as (typeof queues)[number]
        const now = performance.now()
        if (each.do === 'pass') vi.advanceTimersByTime(each.ms)
        else if (each.do === 'enqueue') {
          const key = nextKey++
          queue.enqueued(key, { delay: each.delay })
          truth.waiting.push({ key, readyAt: now + each.delay, isRetry: false })
        } else if (each.do === 'start' || each.do === 'remove') {
          const job = take(truth.waiting, each.which)
          if (job === undefined) continue
          if (each.do === 'remove') {
            queue.removed(job.key)
            ended.cancelled += 1
          } else {
            queue.started(job.key)
            truth.running.push(job.key)
            if (job.isRetry) retries += 1
            else {
              waits.count += 1
              waits.sum += Math.max(0, now - job.readyAt) / 1000
            }
          }
        } else {
          const key = take(truth.running, each.which)
          if (key === undefined) continue
          attempts += 1
          if (each.do === 'requeue') {
            queue.requeued(key, { delay: each.delay, error: new Error('x') })
            truth.waiting.push({ key, readyAt: now + each.delay, isRetry: true })
            failures += 1
          } else {
            queue.ended(key, { status: each.status })
            ended[each.status] += 1
            if (each.status === 'error' || each.status === 'timeout') failures += 1
          }
        }
        const later = performance.now()
        const ready = queues.flatMap(({ truth: { waiting } }) => waiting).filter(({ readyAt }) => readyAt <= later)
        const active = queues.flatMap(({ truth: { running } }) => running).length
        const [listed] = listQueues(telemetry)
        expect(listed).toMatchObject({ size: ready.length, active, jobs: ended, waits: { count: waits.count } })
        expect(listed?.waits.sum).toBeCloseTo(waits.sum, 6)
        const age = Math.max(0, ...ready.map(({ readyAt }) => later - readyAt)) / 1000
        expect(listed?.oldestJobAge).toBeCloseTo(age, 6)
      }
      const points = (metric: string): number =>
        Object.values(telemetry.points(metric)).reduce((total, value) => total + value, 0)
      const jobs = telemetry.points('mcp.queue.jobs')
      for (const status of STATUSES) expect(jobs[`plugin=p,status=${status}`]).toBe(ended[status])
      expect(points('mcp.queue.wait')).toBe(waits.count)
      expect(points('mcp.queue.retry_wait')).toBe(retries)
      expect(points('mcp.queue.run')).toBe(attempts)
      expect(points('mcp.errors')).toBe(failures)
      expect(points('mcp.queue.size')).toBe(listQueues(telemetry)[0]?.size)
      expect(points('mcp.queue.active_jobs')).toBe(listQueues(telemetry)[0]?.active)
    }),
  )
})
