import type { Context } from '@opentelemetry/api'

import type { JobLedger } from './job-ledger.ts'
import type { JobRun } from './job-run.ts'
import type { SpanSource } from './job-spans.ts'
import { createFigures, notKnown, ownFigures } from './queue-figures.ts'
import { createQueueJobs } from './queue-jobs.ts'
import type {
  EnqueueOptions,
  JobEnd,
  LostOptions,
  QueueOptions,
  RequeueOptions,
  SendOptions,
  StartOptions,
} from './queue-options.ts'
import { queueRegistry, queuesOf } from './queue-registry.ts'
import type { QueueRecord, QueueRegistry } from './queue-registry.ts'
import { sendJob } from './send-job.ts'
import { createTaskWrapper } from './task-wrapper.ts'
import type { WrapOptions } from './task-wrapper.ts'
import type { JobKey } from './waiting-jobs.ts'

/** The adapter interface: what a queue, or the code around it, tells about its jobs. None of it throws. */
export interface InstrumentedQueue {
  /** A job was put in the queue. Returns the context of its producer's span. */
  readonly enqueued: (job: JobKey, options?: EnqueueOptions) => Context
  /** A job has left the queue and runs. */
  readonly started: (job: JobKey, options?: StartOptions) => JobRun
  /** A job has ended; the same as `end` of its run. */
  readonly ended: (job: JobKey, end?: JobEnd) => void
  /** An attempt at a job is over, and the job waits again. */
  readonly requeued: (job: JobKey, options?: RequeueOptions) => void
  /** An attempt at a job ran in a process that is gone, or hangs: its span ends as an error here, as it will not there. */
  readonly lost: (job: JobKey, options?: LostOptions) => void
  /** A job was taken out before it ran: it is counted as `cancelled`. */
  readonly removed: (job: JobKey) => void
  /**
   * For any in-process queue of functions: called when a task is put in the queue, it returns what to put there in its
   * place. The job waits until that is called, and runs until what it returns has settled.
   */
  readonly wrap: <A extends unknown[], R>(task: (...args: A) => R, options?: WrapOptions) => (...args: A) => R
  /** Makes a call that hands a job to a broker, together with the carrier of its trace; returns what the call returns. */
  readonly send: <T>(call: (carrier: Record<string, string>) => T, options?: SendOptions<T>) => T
  /** The queue is gone: its gauges leave the next scrape; what was counted stays. */
  readonly close: () => void
}

/** Measures a queue by what it tells: its size, waits, run times, oldest job and outcomes, and the trace of each job. */
export function measureQueue(options: QueueOptions): InstrumentedQueue {
  const registry = queueRegistry(options.meterProvider)
  const plugin = nameOf(options.plugin, registry.say)
  const {
    name = plugin,
    scope = 'local',
    engine = 'in_process',
    address = '',
    trace = 'parent',
    tracerProvider,
  } = options
  const queues = queuesOf(registry, plugin)
  const ledger: JobLedger = { registry, queues, name }
  const spans: SpanSource = { plugin, name, engine, trace, tracerProvider, say: registry.say }
  const own = ownFigures(options, registry.say)
  const { waiting, active, ...jobs } = createQueueJobs(ledger, spans, options, own.size ?? notKnown)
  const { wrap, jobOf } = createTaskWrapper(jobs)
  const record: QueueRecord = { name, scope, engine, address, ...createFigures(own, waiting, active, scope) }
  queues.queues.add(record)
  return {
    enqueued: jobs.enqueued,
    started: (job, start) => jobs.started(jobOf(job), start),
    ended: (job, end) => jobs.ended(jobOf(job), end),
    requeued: (job, requeue) => jobs.requeued(jobOf(job), requeue),
    lost: (job, lost) => jobs.lost(jobOf(job), lost),
    removed: (job) => jobs.removed(jobOf(job)),
    wrap,
    send: (call, send) => sendJob(spans, call, send),
    close: () => void queues.queues.delete(record),
  }
}

function nameOf(plugin: unknown, say: QueueRegistry['say']): string {
  if (typeof plugin === 'string' && plugin !== '') return plugin
  say(
    `plugin of a queue is ${typeof plugin === 'string' ? '""' : typeof plugin}; expected a name; it is measured as _OTHER`,
  )
  return '_OTHER'
}
