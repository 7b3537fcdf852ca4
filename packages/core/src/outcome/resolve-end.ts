import { errorType } from '../error-type.ts'
import { outcomeStatus } from './outcome-status.ts'
import type { Outcome, OutcomeStatus, StatusOf } from './outcome.ts'

/** How an execution or a job ended; what is left out is derived from the rest. */
export interface OutcomeEnd {
  readonly status?: OutcomeStatus
  /** What was thrown; if present, even as `undefined`, the status is `error` unless the error tells otherwise. */
  readonly error?: unknown
  readonly result?: unknown
  /** Class of the failure, a bounded set of values; default: the error's class. */
  readonly errorType?: string
}

/** How a status is found where none was given. */
export interface StatusRules {
  /** Reads the status out of a result or an error; `undefined` leaves it to the usual rules. */
  readonly statusOf?: StatusOf | undefined
  /** Cancels the work: its reason, when thrown, is no error. */
  readonly signal?: AbortSignal | undefined
}

/** An end whose status is known; `errorType` is there for `error` and `timeout` only. */
export interface ResolvedEnd {
  readonly status: OutcomeStatus
  readonly errorType?: string
}

/** Finds the status of an end and the class of its failure; `complain` is told when the application's `statusOf` throws. */
export function resolveEnd(end: OutcomeEnd, rules: StatusRules, complain: (text: string) => void): ResolvedEnd {
  const status = end.status ?? statusOfEnd(end, rules, complain)
  if (status === 'success' || status === 'cancelled') return { status }
  return { status, errorType: end.errorType ?? ('error' in end ? errorType(end.error) : NAMELESS[status]) }
}

const NAMELESS = { error: '_OTHER', timeout: 'TimeoutError' } as const

function statusOfEnd(end: OutcomeEnd, rules: StatusRules, complain: (text: string) => void): OutcomeStatus {
  const outcome: Outcome = 'error' in end ? { error: end.error } : { result: end.result }
  if (rules.statusOf !== undefined) {
    try {
      const status = rules.statusOf(outcome)
      if (status !== undefined) return status
    } catch (error) {
      complain(`statusOf threw ${errorType(error)}; the status is found by the usual rules`)
    }
  }
  const status = outcomeStatus(outcome)
  const isReason = rules.signal?.aborted === true && 'error' in outcome && outcome.error === rules.signal.reason
  return isReason && status === 'error' ? 'cancelled' : status
}
