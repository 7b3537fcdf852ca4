import type { Context } from '@opentelemetry/api'

/** What a queue calls a job by: the job itself, or an id that no other job of the queue has at the time. */
export type JobKey = object | string | number

/** A job that waits. */
export interface WaitingJob {
  /** When it may start, by `performance.now()`: after the delay that was asked for. */
  readonly readyAt: number
  /** The context that it was put in the queue with, its producer's span in it. */
  readonly context: Context
  /** It has run before. */
  readonly isRetry: boolean
}

/** The jobs of one queue that wait, in the order of their arrival. */
export interface WaitingJobs {
  /** Adds a job; when it is full, it is only counted. */
  add(key: JobKey, job: WaitingJob): void
  isFull(): boolean
  /** Takes a job out; `undefined` when it is not known by its key. */
  take(key: JobKey): WaitingJob | undefined
  /** Takes out one of those that are only counted, if there are any. */
  takeKeyless(): boolean
  has(key: JobKey): boolean
  /** How many are ready. */
  size(now: number): number
  /** When the one that is ready for longest became so; of the youngest `only` jobs, if given. */
  oldest(now: number, only?: number): number | undefined
  /** Forgets all but the youngest `count`. */
  keep(count: number): void
}

/** Creates the jobs of a queue; those beyond `limit` at a time are counted, but not known by their key. */
export function createWaitingJobs(limit: number): WaitingJobs {
  const jobs = new Map<JobKey, WaitingJob>()
  // Without delays the first job is the oldest, and all are ready.
  const delayed = new Set<JobKey>()
  let keyless = 0
  const forget = (key: JobKey): void => {
    jobs.delete(key)
    delayed.delete(key)
  }
  function* readyAmong(now: number, youngest: number): Iterable<WaitingJob> {
    let skip = jobs.size - youngest
    for (const job of jobs.values()) if (skip-- <= 0 && job.readyAt <= now) yield job
  }
  return {
    add(key, job) {
      if (jobs.size >= limit) {
        keyless += 1
        return
      }
      jobs.set(key, job)
      if (job.readyAt > performance.now()) delayed.add(key)
    },
    isFull: () => jobs.size >= limit,
    take(key) {
      const job = jobs.get(key)
      forget(key)
      return job
    },
    takeKeyless() {
      if (keyless === 0) return false
      keyless -= 1
      return true
    },
    has: (key) => jobs.has(key),
    size(now) {
      if (delayed.size === 0) return jobs.size + keyless
      return keyless + [...readyAmong(now, jobs.size)].length
    },
    oldest(now, only = jobs.size) {
      let oldest: number | undefined
      for (const { readyAt } of readyAmong(now, only)) {
        if (delayed.size === 0) return readyAt
        if (oldest === undefined || readyAt < oldest) oldest = readyAt
      }
      return oldest
    },
    keep(count) {
      for (const key of jobs.keys()) {
        if (jobs.size <= count) return
        forget(key)
      }
    },
  }
}
