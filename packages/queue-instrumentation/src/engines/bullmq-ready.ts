import { processWide } from '@mcp/otel-core'

import { readTravelling } from './bullmq-carrier.ts'
import type { Travelling } from './bullmq-carrier.ts'
import type { BullBase, BullJob, BullJobOptions, BullRedis, BullStore } from './bullmq-shape.ts'
import { isFirstTime, wrapMethod } from './wrap-method.ts'

/** A field of a job's hash in Redis, which jobs as the app sees them do not show: `<attempt>:<when the next is ready>`. */
const FIELD = 'mcp:ready'

/** What moves jobs, and hands out the next one along with that. */
const TAKES: ReadonlySet<string> = new Set(['moveToActive', 'moveToDelayed', 'moveToFinished'])
const MAX_NOTES = 10_000

/** The jobs of a worker, by their ids. */
interface WorkerJobs {
  /** How often those that run here have been started. */
  readonly running: Map<string, number>
  /** The notes of those that were handed out, until they are started. */
  readonly notes: Map<string, string>
}

/** By the worker's options: what carries out the commands has them as well, and until 5.80 each job has its own of that. */
function workers(): WeakMap<object, WorkerJobs> {
  return processWide('bullmq-jobs', () => new WeakMap<object, WorkerJobs>())
}

/** Has it written with a job that runs, when it is put back, from when on it is ready; and read by who gets it next. */
export function noteRetries({ opts, backend, scripts }: BullBase): void {
  const store = backend ?? scripts
  if (store === undefined || opts === undefined || workers().has(opts)) return
  workers().set(opts, { running: new Map(), notes: new Map() })
  patchStores(Object.getPrototypeOf(store) as object)
}

function jobsOf({ opts }: Pick<BullBase, 'opts'>): WorkerJobs | undefined {
  return opts && workers().get(opts)
}

function patchStores(prototype: object): void {
  if (!isFirstTime(prototype, 'bullmq-retries')) return
  type Move = (this: BullStore, id: string, now: number, delay: number, token?: string, options?: object) => unknown
  wrapMethod<Move>(
    prototype,
    'moveToDelayed',
    (original) =>
      function (id, now, delay, token, options) {
        return original.call(this, id, now, delay, token, withNote(this, id, now + delay, options))
      },
  )
  type Retry = (this: BullStore, id: string, lifo?: unknown, token?: string, options?: object) => unknown
  wrapMethod<Retry>(
    prototype,
    'retryJob',
    (original) =>
      function (id, lifo, token, options) {
        return original.call(this, id, lifo, token, withNote(this, id, Date.now(), options))
      },
  )
  type Execute = (this: BullStore, client: unknown, command: string, ...args: unknown[]) => unknown
  wrapMethod<Execute>(
    prototype,
    'execCommand',
    (original) =>
      function (client, command, ...args) {
        const result = original.call(this, client, command, ...args)
        const jobs = TAKES.has(command) && this.queue ? jobsOf(this.queue) : undefined
        if (jobs !== undefined && result instanceof Promise) {
          void result.then(
            (it) => keepNote(jobs, it),
            () => {},
          )
        }
        return result
      },
  )
}

function withNote(store: BullStore, id: string, readyAt: number, options: object | undefined): object | undefined {
  const attempt = store.queue && jobsOf(store.queue)?.running.get(id)
  if (attempt === undefined) return options
  const { fieldsToUpdate } = (options ?? {}) as { fieldsToUpdate?: object }
  return { ...options, fieldsToUpdate: { ...fieldsToUpdate, [FIELD]: `${attempt}:${readyAt}` } }
}

/** Of a job that was handed out: its hash, with all fields, and its id. */
function keepNote({ notes }: WorkerJobs, result: unknown): void {
  if (!Array.isArray(result)) return
  const [fields, id] = result as readonly unknown[]
  const at = Array.isArray(fields) ? fields.lastIndexOf(FIELD) : -1
  if (at === -1) return
  // What a worker that is closed was handed out is never started.
  if (notes.size >= MAX_NOTES) notes.clear()
  notes.set(String(id), String((fields as readonly unknown[])[at + 1]))
}

/** Takes the note of a job that was handed out to this worker. */
export function takeNote(worker: BullBase, { id }: BullJob): string | undefined {
  const notes = jobsOf(worker)?.notes
  const note = notes?.get(id ?? '')
  if (note !== undefined) notes?.delete(id ?? '')
  return note
}

/** Tells that a job runs; returns what tells that it no longer does. */
export function noteRunning(worker: BullBase, { id, attemptsStarted }: BullJob): () => void {
  const running = jobsOf(worker)?.running
  if (running === undefined || id === undefined || attemptsStarted === undefined) return () => {}
  running.set(id, attemptsStarted)
  return () => {
    if (running.get(id) === attemptsStarted) running.delete(id)
  }
}

/** When a job that is started became ready, if that can be known. */
export function readyAtOf(job: BullJob, { isParent, note }: Travelling): number | undefined {
  const { attemptsStarted = 1 } = job
  if (attemptsStarted > 1) return readyAgain(note, attemptsStarted - 1)
  return isParent ? undefined : readyFirst(job.timestamp, job.opts)
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
