import { observeCall, processWide } from '@mcp/otel-core'
import type { Context } from '@opentelemetry/api'

import type { JobRun } from './job-run.ts'
import type { EnqueueOptions, StartOptions } from './queue-options.ts'
import type { JobKey } from './waiting-jobs.ts'

export interface WrapOptions extends Pick<EnqueueOptions, 'delay' | 'context'> {
  /** The signal that the queue was given too: a job that it cancels before its start has left the queue. */
  readonly signal?: AbortSignal | undefined
}

/** What a wrapped task tells. */
export interface TaskEvents {
  readonly enqueued: (job: JobKey, options: EnqueueOptions) => Context
  readonly started: (job: JobKey, options: StartOptions) => JobRun
  readonly removed: (job: JobKey) => void
  /** The queue has forgotten the job, if it still waits. */
  readonly dropped: (job: JobKey) => void
}

export interface TaskWrapper {
  readonly wrap: <A extends unknown[], R>(task: (...args: A) => R, options?: WrapOptions) => (...args: A) => R
  /** The job that a wrapped task stands for; anything else stands for itself. */
  readonly jobOf: (job: JobKey) => JobKey
}

/** Whether a task tells of its job already: the queue that it is put in need not tell of it, too. */
export function isWrappedTask(task: object): boolean {
  return wrappedTasks().has(task)
}

function wrappedTasks(): WeakSet<object> {
  return processWide('wrapped-tasks', () => new WeakSet<object>())
}

/** Creates what makes jobs of tasks. */
export function createTaskWrapper({ enqueued, started, removed, dropped }: TaskEvents): TaskWrapper {
  const jobs = new WeakMap<object, JobKey>()
  // A queue that is cleared drops its tasks without a word.
  const collected = new FinalizationRegistry<() => void>((forget) => forget())
  return {
    wrap<A extends unknown[], R>(task: (...args: A) => R, { delay, context: cause, signal }: WrapOptions = {}) {
      const job = {}
      const creation = enqueued(job, { delay, context: cause })
      const leave = (): void => removed(job)
      if (signal?.aborted === true) leave()
      else signal?.addEventListener('abort', leave, { once: true })
      const wrapped = new Proxy(task, {
        apply(target, receiver, args: A) {
          signal?.removeEventListener('abort', leave)
          const run = started(job, { context: creation, signal })
          return observeCall(() => Reflect.apply(target, receiver, args), run.context, run.end)
        },
      })
      jobs.set(wrapped, job)
      wrappedTasks().add(wrapped)
      collected.register(wrapped, () => {
        signal?.removeEventListener('abort', leave)
        dropped(job)
      })
      return wrapped
    },
    jobOf: (job) => (typeof job === 'string' || typeof job === 'number' ? job : (jobs.get(job) ?? job)),
  }
}
