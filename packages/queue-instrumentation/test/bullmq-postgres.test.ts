import { setTimeout as pause } from 'node:timers/promises'

import { SpanKind, SpanStatusCode } from '@opentelemetry/api'
import { Queue, Worker, createPostgresBackend } from 'bullmq'
import { afterAll, beforeAll, beforeEach, expect } from 'vitest'

import { findPostgres } from '../../../test/support/components.ts'
import { startPostgres } from '../../../test/support/start-postgres.ts'
import { testWith } from '../../../test/support/test-with.ts'
import {
  createOwnTelemetry,
  registerContext,
  underSpan,
  unregisterContext,
} from '../../plugin-instrumentation/test/support/telemetry.ts'
import type { OwnTelemetry } from '../../plugin-instrumentation/test/support/telemetry.ts'
import { instrumentQueue } from '../src/index.ts'

let telemetry: OwnTelemetry
beforeAll(registerContext)
afterAll(unregisterContext)
beforeEach(() => {
  telemetry = createOwnTelemetry()
})

const postgres = await findPostgres()

async function until(probe: () => boolean): Promise<void> {
  while (!probe()) await pause(20)
}

testWith(
  postgres,
  'BullMQ on PostgreSQL is measured as on Redis, and its figures are gone while the database is',
  async (found) => {
    await using broker = await startPostgres(found)
    const connection = { connectionString: broker.url, migrate: true }
    const options = { ...telemetry, pollIntervalMillis: 50, plugin: 'mail' }
    const queue = instrumentQueue(new Queue('outbox', { connection }, createPostgresBackend), options)
    queue.on('error', () => {})
    const points = (metric: string): Record<string, number> => telemetry.points(`mcp.${metric}`)
    const jobs = (status: string): number => points('queue.jobs')[`plugin=mail,status=${status}`] ?? 0

    const { result, traceId } = underSpan(telemetry, () => queue.add('first', { index: 1 }))
    expect((await result).opts).not.toHaveProperty('telemetry')
    await queue.add('second', {}, { attempts: 2, priority: 2 })
    await queue.add('old', {}, { timestamp: Date.now() - 90_000 })
    await queue.add('later', {}, { delay: 60_000 })
    await until(() => points('queue.size')['plugin=mail'] === 3)
    expect(await queue.getJobCountByTypes('wait', 'prioritized')).toBe(3)
    expect(points('queue.oldest_job_age')['plugin=mail']).toBeGreaterThanOrEqual(90)
    expect(points('queue.info')).toEqual({ 'plugin=mail,scope=shared,engine=bullmq': 1 })

    const seen: unknown[] = []
    const startWorker = () => {
      const worker = new Worker(
        'outbox',
        async (job) => {
          seen.push([job.name, job.opts.telemetry])
          if (job.name === 'second') throw new RangeError('no')
        },
        { connection },
        createPostgresBackend,
      )
      worker.on('error', () => {})
      return instrumentQueue(worker, options)
    }
    const worker = startWorker()
    await until(() => jobs('success') === 2 && jobs('error') === 1)
    expect(seen).toHaveLength(4)
    expect(new Set(seen.map((each) => (each as unknown[])[1]))).toEqual(new Set([undefined]))
    expect(points('queue.wait')).toEqual({ 'plugin=mail': 3 })
    expect(points('queue.run')).toEqual({ 'plugin=mail': 4 })
    expect(points('errors')).toEqual({ 'source=queue,type=RangeError': 2 })
    const runs = telemetry.spans().filter(({ kind }) => kind === SpanKind.CONSUMER)
    expect(runs.some((span) => span.spanContext().traceId === traceId)).toBe(true)
    expect(runs.filter(({ status }) => status.code === SpanStatusCode.ERROR)).toHaveLength(2)
    await until(() => points('queue.size')['plugin=mail'] === 0)

    await broker.pause()
    await until(() => Object.keys(points('queue.size')).length === 0)
    await broker.resume()
    await until(() => points('queue.size')['plugin=mail'] === 0)
    // BullMQ's own worker may take a quarter of a minute and more to notice that its database is back.
    const anew = startWorker()
    await queue.add('again', {})
    await until(() => jobs('success') === 3)
    await Promise.all([queue.close(), worker.close(true), anew.close()])
    expect(points('queue.size')).toEqual({})
  },
  60_000,
)
