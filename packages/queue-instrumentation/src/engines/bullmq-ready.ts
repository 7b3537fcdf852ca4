import { processWide } from '@mcp/otel-core'

import { readTravelling } from './bullmq-carrier.ts'
import type { BullBase, BullJob, BullJobOptions, BullRedis, BullStore } from './bullmq-shape.ts'
import { isFirstTime, wrapMethod } from './wrap-method.ts'

/** A field of a job's hash in Redis, which jobs as the app sees them do not show: `<attempt>:<when the next is ready>`. */
const FIELD = 'mcp:ready'

/** By what carries out the commands: how often the jobs that run here have been started, by their ids. */
type Running = WeakMap<object, Map<string, number>>

function running(): Running {
  return processWide<Running>('bullmq-running', () => new WeakMap())
}

/** Has it written with a job that runs, when it is put back, from when on it is ready. */
export function noteRetries({ backend, scripts }: BullBase): void {
  const store = backend ?? scripts
  if (store === undefined || !isFirstTime(store, 'bullmq-retries')) return
  const jobs = new Map<string, number>()
  running().set(store, jobs)
  const noted = (id: string, readyAt: number, options: object | undefined): object | undefined => {
    const attempt = jobs.get(id)
    if (attempt === undefined) return options
    const { fieldsToUpdate } = (options ?? {}) as { fieldsToUpdate?: object }
    return { ...options, fieldsToUpdate: { ...fieldsToUpdate, [FIELD]: `${attempt}:${readyAt}` } }
  }
  type Move = (this: BullStore, id: string, now: number, delay: number, token?: string, options?: object) => unknown
  wrapMethod<Move>(
    store,
    'moveToDelayed',
    (original) =>
      function (id, now, delay, token, options) {
        return original.call(this, id, now, delay, token, noted(id, now + delay, options))
      },
  )
  type Retry = (this: BullStore, id: string, lifo?: unknown, token?: string, options?: object) => unknown
  wrapMethod<Retry>(
    store,
    'retryJob',
    (original) =>
      function (id, lifo, token, options) {
        return original.call(this, id, lifo, token, noted(id, Date.now(), options))
      },
  )
}

/** Tells that a job runs; returns what tells that it no longer does. */
export function noteRunning({ backend, scripts }: BullBase, { id, attemptsStarted }: BullJob): () => void {
  const jobs = running().get(backend ?? scripts ?? {})
  if (jobs === undefined || id === undefined || attemptsStarted === undefined) return () => {}
  jobs.set(id, attemptsStarted)
  return () => {
    if (jobs.get(id) === attemptsStarted) jobs.delete(id)
  }
}

/** When a job that is started became ready, if that can be known; of further attempts Redis is asked. */
export function readyAtOf(
  base: BullBase,
  job: BullJob,
  isParent: boolean,
): number | undefined | Promise<number | undefined> {
  const { id, attemptsStarted = 1 } = job
  if (attemptsStarted <= 1) return isParent ? undefined : readyFirst(job.timestamp, job.opts)
  const client = (base.backend ?? base).connection?.client
  if (client === undefined || id === undefined) return undefined
  return client
    .then((redis) => redis.hmget(base.toKey(id), FIELD))
    .then(([note]) => readyAgain(note, attemptsStarted - 1))
    .catch(() => undefined)
}

/** When a job that waits became ready, if that can be known. */
export async function readyAtOfWaiting(base: BullBase, redis: BullRedis, id: string): Promise<number | undefined> {
  const [timestamp, opts, started, note] = await redis.hmget(base.toKey(id), 'timestamp', 'opts', 'ats', FIELD)
  const attemptsStarted = Number(started ?? 0)
  if (attemptsStarted > 0) return readyAgain(note, attemptsStarted)
  const { tm, ...options } = JSON.parse(opts ?? '{}') as BullJobOptions & { readonly tm?: unknown }
  const telemetry = options.telemetry ?? (tm === undefined ? undefined : { metadata: tm })
  const { isParent } = readTravelling({ opts: { ...options, ...(telemetry && { telemetry }) } })
  return timestamp === null || isParent ? undefined : readyFirst(Number(timestamp), options)
}

/** When a job that has never run is ready: the delay that was asked for is no wait. */
export function readyFirst(timestamp: number | undefined, options: BullJobOptions | undefined): number | undefined {
  return timestamp === undefined ? undefined : timestamp + (options?.delay ?? 0)
}

function readyAgain(note: string | null | undefined, attempt: number): number | undefined {
  const [noted, readyAt] = (note ?? '').split(':')
  // Who put it back since then, by hand or for a worker that was lost, has not said when.
  return noted === String(attempt) && readyAt !== undefined ? Number(readyAt) : undefined
}
