import { failSpan } from '@mcp/otel-core'
import { ROOT_CONTEXT, context } from '@opentelemetry/api'
import type { Context } from '@opentelemetry/api'

import { enterEnd } from './job-ledger.ts'
import type { JobLedger } from './job-ledger.ts'
import { startAttempt } from './job-run.ts'
import type { Attempt, JobRun } from './job-run.ts'
import { extract, inject, startConsumerSpan, startProducerSpan } from './job-spans.ts'
import type { SpanSource } from './job-spans.ts'
import type {
  EnqueueOptions,
  JobEnd,
  LostOptions,
  QueueOptions,
  RequeueOptions,
  StartOptions,
} from './queue-options.ts'
import { createWaitingJobs } from './waiting-jobs.ts'
import type { JobKey, WaitingJob, WaitingJobs } from './waiting-jobs.ts'

const MAX_TRACKED = 100_000

/** The jobs of one queue: those that wait, those that run, and what happens to them. */
export interface QueueJobs {
  readonly waiting: WaitingJobs
  readonly active: () => number
  readonly enqueued: (job: JobKey, options?: EnqueueOptions) => Context
  readonly started: (job: JobKey, options?: StartOptions) => JobRun
  readonly ended: (job: JobKey, end?: JobEnd) => void
  readonly requeued: (job: JobKey, options?: RequeueOptions) => void
  readonly lost: (job: JobKey, options?: LostOptions) => void
  readonly removed: (job: JobKey) => void
  readonly dropped: (job: JobKey) => void
}

/** Creates the jobs of a queue, which may have a count of its own of those that wait. */
export function createQueueJobs(
  ledger: JobLedger,
  spans: SpanSource,
  { scope, statusOf, maxTracked = MAX_TRACKED }: QueueOptions,
  ownSize: () => number | undefined,
): QueueJobs {
  const waiting = createWaitingJobs(maxTracked)
  const running = new Map<JobKey, { readonly attempt: Attempt; readonly creation: Context }>()
  let active = 0

  function wait(job: JobKey, entry: WaitingJob): void {
    // Who takes a job from a shared queue need not be here.
    if (scope === 'shared') return
    const counted = waiting.isFull() ? ownSize() : undefined
    if (counted !== undefined) waiting.keep(counted)
    waiting.add(job, entry)
  }

  function giveUp(entry: WaitingJob | undefined, end: JobEnd): void {
    const figures = { context: entry?.context ?? context.active(), waitMs: undefined, runMs: undefined }
    enterEnd(ledger, figures, end, { statusOf }, true)
  }

  function removed(job: JobKey): void {
    if (waiting.has(job)) giveUp(waiting.take(job), { status: 'cancelled' })
    else if (!running.has(job) && waiting.takeKeyless()) giveUp(undefined, { status: 'cancelled' })
  }

  return {
    waiting,
    active: () => active,
    enqueued(job, { delay = 0, carrier, context: cause = context.active() } = {}) {
      const { span, context: creation } = startProducerSpan(spans, job, cause)
      if (carrier !== undefined) inject(spans, creation, carrier)
      span?.end()
      if (!waiting.has(job)) wait(job, { readyAt: readyIn(delay), context: creation, isRetry: false })
      return creation
    },
    started(job, { carrier, context: cause, readyAt, isRetry, span = true, attributes, signal } = {}) {
      const known = waiting.take(job)
      if (known === undefined) waiting.takeKeyless()
      running.get(job)?.attempt.end({ status: 'error', errorType: 'StalledError' })
      const creation = carrier === undefined ? (cause ?? known?.context ?? ROOT_CONTEXT) : extract(spans, carrier)
      const attempt = startAttempt(ledger, {
        ...(span ? startConsumerSpan(spans, job, creation, { attributes }) : { span: undefined, context: creation }),
        waitMs: readyAt === undefined ? known && since(performance.now(), known.readyAt) : since(Date.now(), readyAt),
        isRetry: isRetry ?? known?.isRetry ?? false,
        rules: { statusOf, signal },
        left() {
          active -= 1
          if (running.get(job)?.attempt === attempt) running.delete(job)
        },
      })
      active += 1
      if (running.size < maxTracked) running.set(job, { attempt, creation })
      return attempt
    },
    ended(job, end) {
      const entry = running.get(job)
      if (entry !== undefined) entry.attempt.end(end)
      else if (waiting.has(job)) giveUp(waiting.take(job), end ?? {})
    },
    requeued(job, { delay = 0, ...end } = {}) {
      const entry = running.get(job)
      entry?.attempt.endAttempt(end)
      if (!waiting.has(job))
        wait(job, { readyAt: readyIn(delay), context: entry?.creation ?? context.active(), isRetry: true })
    },
    lost(job, { carrier, span: isOurs = true, startedAt, isFinal = false, ...end } = {}) {
      const creation = carrier === undefined ? ROOT_CONTEXT : extract(spans, carrier)
      const { span, context: own } = isOurs
        ? startConsumerSpan(spans, job, creation, { attributes: end.attributes, startTime: startedAt })
        : { span: undefined, context: creation }
      const { errorType } = enterEnd(
        ledger,
        { context: own, waitMs: undefined, runMs: undefined },
        end,
        { statusOf },
        isFinal,
      )
      if (span !== undefined && errorType !== undefined) failSpan(span, errorType, end)
      span?.end()
    },
    removed,
    dropped(job) {
      if (waiting.has(job)) removed(job)
    },
  }
}

function readyIn(delay: number): number {
  return performance.now() + (delay > 0 ? delay : 0)
}

/** Clocks of different machines differ: a wait is never negative. */
function since(now: number, then: number): number {
  return Math.max(0, now - then)
}
