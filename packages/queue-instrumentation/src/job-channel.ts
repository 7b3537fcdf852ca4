import { channel } from 'node:diagnostics_channel'

import { errorType } from '@mcp/otel-core'
import type { OutcomeStatus } from '@mcp/otel-core'
import { context, diag } from '@opentelemetry/api'
import type { Context } from '@opentelemetry/api'

/** Name of the `node:diagnostics_channel` on which each job that ends is published as a `QueueJob`. */
export const JOB_CHANNEL = 'mcp.queue.job'

/** One job that has ended, or was given up before it started. Its shape is part of the public contract. */
export interface QueueJob {
  readonly plugin: string
  /** Name of the queue. */
  readonly queue: string
  readonly status: OutcomeStatus
  /** Time in the queue; missing when nobody knows when the job was put there. */
  readonly waitMs?: number
  /** Missing when the job never started. */
  readonly runMs?: number
  /** Class of the error, as the label `type` of `mcp_errors_total`; only for `error` and `timeout`. */
  readonly errorType?: string
  /** What was thrown, the same object that the caller got; present only if something was. */
  readonly error?: unknown
  /** The job's own context: its span, and the baggage of whoever put it in the queue. */
  readonly context: Context
}

/** Publishes a job. */
export function publishJob(job: () => QueueJob): void {
  const jobs = channel(JOB_CHANNEL)
  if (jobs.hasSubscribers) jobs.publish(job())
}

/**
 * Calls a listener, within the job's context, for each job in this process that ends; returns what stops it. What the
 * listener throws is said and goes no further.
 */
export function onJob(listener: (job: QueueJob) => void): () => void {
  const jobs = channel(JOB_CHANNEL)
  const subscriber = (message: unknown): void => {
    const job = message as QueueJob
    try {
      context.with(job.context, () => listener(job))
    } catch (error) {
      diag.warn(`a listener of queue jobs threw ${errorType(error)}; it stays subscribed`)
    }
  }
  jobs.subscribe(subscriber)
  return () => jobs.unsubscribe(subscriber)
}
