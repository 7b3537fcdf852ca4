import type { JobRun } from '../job-run.ts'
import type { JobEnd } from '../queue-options.ts'
import type { QueueMember } from '../shared-queue.ts'
import { dropMetadata, takeFacts } from './pg-boss-context.ts'
import type { BossJob } from './pg-boss-context.ts'

/** One attempt at a job of pg-boss. */
export interface BossRun {
  readonly context: JobRun['context']
  /** Ends it; only the first call counts. */
  readonly succeed: () => void
  /** It is tried again if it may be; else the job has ended. */
  readonly fail: (end: JobEnd) => void
  readonly cancel: () => void
}

/** Starts the attempt at a job that has been fetched with its metadata, which it has no longer afterwards unless they stay. */
export function startRun(member: QueueMember, job: BossJob, keepsMetadata: boolean): BossRun {
  const { retryCount = 0, retryLimit = 0, expireInSeconds = 0, signal } = job
  const facts = takeFacts(job)
  if (!keepsMetadata) dropMetadata(job)
  const started = performance.now()
  const run = member.started(job, facts)
  const fail = (end: JobEnd): void => {
    stop()
    if (retryCount < retryLimit) member.requeued(job, end)
    else run.end(end)
  }
  // The handler may go on, but whatever comes of it, pg-boss has given the job up.
  const givenUp = (): void => {
    const isExpired = performance.now() - started >= Math.max(1, expireInSeconds) * 1000 - CLOCK_ERROR_MS
    fail(isExpired ? { status: 'timeout' } : { status: 'error', errorType: 'ClaimLost' })
  }
  const stop = (): void => signal?.removeEventListener('abort', givenUp)
  signal?.addEventListener('abort', givenUp, { once: true })
  const end = (how: JobEnd) => (): void => {
    stop()
    run.end(how)
  }
  return { context: run.context, succeed: end({}), fail, cancel: end({ status: 'cancelled' }) }
}

/** Timers fire a little early, by the clock that this is measured by. */
const CLOCK_ERROR_MS = 20

/** Jobs that the app has fetched itself and not yet settled; further ones are not followed. */
const MAX_FETCHED = 100_000

/** The jobs that the app fetches and settles itself. */
export interface FetchedJobs {
  readonly add: (job: BossJob, run: BossRun) => void
  /** Settles those of an argument as pg-boss takes it: ids or jobs, one or several. */
  readonly settle: (of: unknown, how: (run: BossRun) => void) => void
}

export function createFetchedJobs(): FetchedJobs {
  const runs = new Map<string, BossRun>()
  return {
    add(job, run) {
      if (runs.size < MAX_FETCHED) runs.set(job.id, run)
    },
    settle(of, how) {
      for (const each of Array.isArray(of) ? (of as unknown[]) : [of]) {
        const id = typeof each === 'string' ? each : (each as BossJob | undefined)?.id
        const run = id === undefined ? undefined : runs.get(id)
        if (id === undefined || run === undefined) continue
        runs.delete(id)
        how(run)
      }
    },
  }
}
