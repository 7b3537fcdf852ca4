import { observeCall } from '@mcp/otel-core'
import type { Outcome } from '@mcp/otel-core'
import { context } from '@opentelemetry/api'
import type { Attributes } from '@opentelemetry/api'

import type { JobRun } from '../job-run.ts'
import type { QueueMember } from '../shared-queue.ts'
import { hideCarrier, readTravelling } from './bullmq-carrier.ts'
import type { Travelling } from './bullmq-carrier.ts'
import { leaveOnClose, memberOf, safely } from './bullmq-members.ts'
import { noteRetries, noteRunning, readyAtOf, takeNote } from './bullmq-ready.ts'
import type { BullBase, BullJob } from './bullmq-shape.ts'
import { isFirstTime, wrapMethod } from './wrap-method.ts'

/** One attempt at a job, from the call of the app's function until BullMQ has said what became of it. */
interface BullAttempt {
  readonly run: JobRun
  readonly member: QueueMember
  readonly left: () => void
  /** What the app's function came to. */
  outcome: Outcome | undefined
}

/** Those that run. Weak maps of so many short-lived jobs would be a burden on the garbage collector. */
const attempts = new Map<BullJob, BullAttempt>()
/** What came with the jobs that are about to run. */
const travelled = new Map<BullJob, Travelling>()
const MAX_TRAVELLED = 10_000

type Create = (this: BullBase, ...args: unknown[]) => BullJob
type Call = (this: BullBase, job: BullJob, ...args: unknown[]) => unknown
type Emit = (this: BullBase, event: unknown, ...args: unknown[]) => unknown
type Run = (this: BullBase, ...args: unknown[]) => unknown

/** Instruments the class of workers, or one worker. */
export function instrumentWorkers(target: object): void {
  if (!isFirstTime(target, 'bullmq-worker')) return
  wrapMethod<Run>(
    target,
    'run',
    (original) =>
      function (...args) {
        safely(this, () => {
          memberOf(this)
          noteRetries(this)
        })
        return original.apply(this, args)
      },
  )
  wrapMethod<Create>(
    target,
    'createJob',
    (original) =>
      function (...args) {
        const job = original.apply(this, args)
        safely(this, () => receive(this, job))
        return job
      },
  )
  wrapMethod<Call>(target, 'callProcessJob', wrapCall)
  wrapMethod<Call>(
    target,
    'processJob',
    (original) =>
      function (job, ...args) {
        const processing = original.call(this, job, ...args)
        const over = (): void => safely(this, () => giveUp(job))
        // The worker's own loop is who hears of a rejection.
        if (processing instanceof Promise) processing.then(over, over)
        return processing
      },
  )
  wrapMethod<Emit>(
    target,
    'emit',
    (original) =>
      function (event, ...args) {
        if (event === 'completed' || event === 'failed') {
          safely(this, () => settle(this, event, args[0] as BullJob | undefined, args[1]))
        } else if (event === 'stalled') safely(this, () => void stall(this, String(args[0])))
        return original.call(this, event, ...args)
      },
  )
  leaveOnClose(target)
}

/** The app sees the job as it would without us. */
function receive(worker: BullBase, job: BullJob): void {
  const note = takeNote(worker, job)
  if (worker.processFn !== undefined && worker.processFn !== null) {
    // A worker that fails between getting a job and running it leaves one behind.
    if (travelled.size >= MAX_TRAVELLED) travelled.clear()
    travelled.set(job, { ...readTravelling(job), note })
  }
  if (worker.opts?.telemetry === undefined) hideCarrier(job)
}

function wrapCall(original: Call): Call {
  return function (job, ...args) {
    const attempt = safely(this, () => start(this, job))
    if (attempt === undefined) return original.call(this, job, ...args)
    return observeCall(
      () => original.call(this, job, ...args),
      attempt.run.context,
      (outcome) => {
        attempt.run.stop()
        attempt.outcome = outcome
      },
    )
  }
}

function start(worker: BullBase, job: BullJob): BullAttempt {
  const member = memberOf(worker)
  noteRetries(worker)
  const came = travelled.get(job) ?? readTravelling(job)
  const { attemptsStarted = 1 } = job
  const isTraced = worker.opts?.telemetry !== undefined
  const run = member.started(job, {
    ...(isTraced ? { span: false, context: context.active() } : { carrier: came.carrier }),
    readyAt: readyAtOf(job, came),
    isRetry: attemptsStarted > 1,
    attributes: attributesOf(job),
  })
  const attempt: BullAttempt = { run, member, left: noteRunning(worker, job), outcome: undefined }
  attempts.set(job, attempt)
  return attempt
}

/** BullMQ has said what became of a job. */
function settle(worker: BullBase, event: 'completed' | 'failed', job: BullJob | undefined, error: unknown): void {
  // Only the last failure has an end.
  const isFinal = event === 'completed' || job === undefined || typeof job.finishedOn === 'number'
  const came = job && travelled.get(job)
  const attempt = job && take(job)
  if (attempt === undefined) {
    if (event === 'failed') fail(worker, job ?? {}, came, { error, isFinal })
  } else if (event === 'completed') attempt.run.end({ status: 'success' })
  else if (isFinal) attempt.run.end({ error })
  else attempt.member.requeued(job, { error })
}

/** A job failed without being run here: too many stalls, or the failure of a child. */
function fail(
  worker: BullBase,
  job: BullJob,
  came: Travelling | undefined,
  end: { readonly error: unknown; readonly isFinal: boolean },
): void {
  memberOf(worker).lost(job, { ...lostOf(worker, job, came), ...end })
}

/** The attempt is over, and BullMQ has said nothing of the job: it waits again, or it is another worker's by now. */
function giveUp(job: BullJob): void {
  const attempt = take(job)
  if (attempt === undefined) return
  const { outcome, member } = attempt
  if (outcome !== undefined && 'error' in outcome && isPutBack(outcome.error)) member.requeued(job)
  else member.requeued(job, { error: new StalledError(`job ${job.id} was no longer this worker's when it ended`) })
}

/** A worker was found to be gone, or blocked: its attempt ends here, as it may never end there. */
async function stall(worker: BullBase, id: string): Promise<void> {
  const job = await worker.Job?.fromId(worker, id).catch(() => undefined)
  const error = new StalledError(`the worker of job ${id} did not renew its lock: it is gone, or blocked`)
  memberOf(worker).lost(job ?? {}, { ...lostOf(worker, job ?? { id }), startedAt: job?.processedOn, error })
}

function lostOf(worker: BullBase, job: BullJob, { carrier } = readTravelling(job)): object {
  return { carrier, span: worker.opts?.telemetry === undefined, attributes: attributesOf(job) }
}

function take(job: BullJob): BullAttempt | undefined {
  const attempt = attempts.get(job)
  travelled.delete(job)
  if (attempt === undefined) return undefined
  attempts.delete(job)
  attempt.left()
  return attempt
}

function attributesOf({ id, name, attemptsMade }: BullJob): Attributes {
  return {
    ...(id !== undefined && { 'messaging.message.id': id }),
    ...(name !== undefined && { 'mcp.job.name': name }),
    ...(attemptsMade !== undefined && { 'mcp.job.attempt': attemptsMade + 1 }),
  }
}

/** What a job throws to be put back: not a failure. */
function isPutBack(error: unknown): boolean {
  const { name, message } = (error ?? {}) as { readonly name?: unknown; readonly message?: unknown }
  return (
    message === 'bullmq:rateLimitExceeded' ||
    ['DelayedError', 'WaitingError', 'WaitingChildrenError', 'RateLimitError'].includes(String(name))
  )
}

class StalledError extends Error {
  override readonly name = 'StalledError'
}
