import type { Outcome, OutcomeStatus } from './outcome.ts'

const CANCELLED_NAMES: ReadonlySet<unknown> = new Set([
  'AbortError',
  'CancelError',
  'CanceledError',
  'CancelledError',
  'CancellationError',
])
const CANCELLED_CODES: ReadonlySet<unknown> = new Set(['ABORT_ERR', 'ERR_CANCELED'])
const TIMEOUT_NAME = /^(?:\w*Timeout(?:Error|Exception)|TimedOutError)$/
const TIMEOUT_CODE = /(?:TIMEDOUT|_TIMEOUT)$/

/** The fields by which well-known libraries and Node tell a timeout and a cancellation from a failure. */
interface ErrorLike {
  readonly name?: unknown
  readonly message?: unknown
  readonly code?: unknown
  readonly cause?: unknown
  /** A subprocess' error in Node (`exec`, `execFile`). */
  readonly killed?: unknown
  readonly signal?: unknown
  readonly cmd?: unknown
  /** A subprocess' error in execa. */
  readonly timedOut?: unknown
  readonly isCanceled?: unknown
}

/**
 * Returns the status of an outcome: `success` for a result; for an error `timeout` (a `TimeoutError`, `ETIMEDOUT` and
 * their like, a subprocess stopped by its time limit), `cancelled` (an `AbortError` whose cause is no timeout, and its
 * like) or `error`. Never throws, whatever was thrown.
 */
export function outcomeStatus(outcome: Outcome): OutcomeStatus {
  if ('status' in outcome) return outcome.status
  if (!('error' in outcome)) return 'success'
  try {
    return errorStatus(outcome.error)
  } catch {
    // A getter or a Proxy of the application's threw: the error is one in any case.
    return 'error'
  }
}

function errorStatus(error: unknown): Exclude<OutcomeStatus, 'success'> {
  if (typeof error !== 'object' || error === null) return 'error'
  const like: ErrorLike = error
  if (isTimeout(like)) return 'timeout'
  if (isCancellation(like)) return isTimeout(like.cause) ? 'timeout' : 'cancelled'
  // Node's fetch wraps whatever went wrong in a TypeError that says nothing else.
  if (like.message === 'fetch failed' && isTimeout(like.cause)) return 'timeout'
  return 'error'
}

function isTimeout(error: unknown): boolean {
  if (typeof error !== 'object' || error === null) return false
  const { name, code, timedOut, killed, signal, cmd }: ErrorLike = error
  if (timedOut === true) return true
  if (typeof name === 'string' && TIMEOUT_NAME.test(name)) return true
  if (typeof code === 'string' && TIMEOUT_CODE.test(code)) return true
  // `exec` and `execFile` kill for a timeout without a code; for too much output, and an abort, they give one.
  return killed === true && typeof code !== 'string' && typeof signal === 'string' && typeof cmd === 'string'
}

function isCancellation({ name, code, isCanceled }: ErrorLike): boolean {
  return isCanceled === true || CANCELLED_NAMES.has(name) || CANCELLED_CODES.has(code)
}
