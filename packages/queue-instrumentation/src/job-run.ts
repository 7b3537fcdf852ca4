import { errorText, failSpan, telemetryFaults } from '@mcp/otel-core'
import type { StatusRules } from '@mcp/otel-core'
import { context } from '@opentelemetry/api'
import type { Context } from '@opentelemetry/api'

import { enterEnd, enterWait } from './job-ledger.ts'
import type { JobLedger } from './job-ledger.ts'
import type { SpanInContext } from './job-spans.ts'
import type { JobEnd } from './queue-options.ts'

/** One run of a job, from `started` to its end. */
export interface JobRun {
  /** The context of whoever put the job in the queue, with the job's span in it. */
  readonly context: Context
  /** Runs a function within `context`; its result and its errors are the caller's, and end nothing. */
  readonly run: <T>(fn: () => T) => T
  /** Stops its clock, where it is known only later what it came to. */
  readonly stop: () => void
  /** Ends the job; only the first call counts. Never throws. */
  readonly end: (end?: JobEnd) => void
}

/** A run whose job may wait again afterwards. */
export interface Attempt extends JobRun {
  /** Ends the attempt, but not the job. */
  readonly endAttempt: (end: JobEnd) => void
}

export interface AttemptOptions extends SpanInContext {
  readonly waitMs: number | undefined
  readonly isRetry: boolean
  readonly rules: StatusRules
  /** Called once, when it no longer runs. */
  readonly left: () => void
}

/** Starts the clock of a run, and enters what the job waited. */
export function startAttempt(ledger: JobLedger, options: AttemptOptions): Attempt {
  const { span, context: own, waitMs, isRetry, rules, left } = options
  const started = performance.now()
  let stopped: number | undefined
  let ended = false
  if (waitMs !== undefined) enterWait(ledger, waitMs, isRetry, own)
  const finish = (end: JobEnd, isFinal: boolean): void => {
    if (ended) return
    ended = true
    const runMs = (stopped ?? performance.now()) - started
    left()
    try {
      const { status, errorType } = enterEnd(ledger, { context: own, waitMs, runMs }, end, rules, isFinal)
      if (span === undefined) return
      span.setAttributes({
        ...end.attributes,
        ...((isFinal || errorType !== undefined) && { 'mcp.job.status': status }),
      })
      if (errorType !== undefined) failSpan(span, errorType, end)
      span.end()
    } catch (error) {
      telemetryFaults().add(1, { source: 'queue' })
      ledger.registry.say(`a job of queue ${ledger.name} could not be recorded: ${errorText(error)}`)
    }
  }
  return {
    context: own,
    run: (fn) => context.with(own, fn),
    stop: () => void (stopped ??= performance.now()),
    end: (end = {}) => finish(end, true),
    endAttempt: (end) => finish(end, false),
  }
}
