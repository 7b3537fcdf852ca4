import { errorType, outcomeStatus } from '@mcp/otel-core'
import type { OutcomeStatus } from '@mcp/otel-core'
import type { ExecutionEnd } from '@mcp/otel-plugin-instrumentation'

import { errorCodeOf, fieldsOf, textOf } from './message.ts'
import type { RpcMessage } from './message.ts'

/** How a request or a notification ended. */
export interface RpcOutcome {
  /** As the guide's metrics have it. */
  readonly status: OutcomeStatus
  /** `error.type` of the conventions; missing when it succeeded, and for a caller's mistake on the server. */
  readonly errorType?: string
  /** Is it a failure of whom it is recorded for? A cancellation is none. */
  readonly isFailure: boolean
  /** Code of the JSON-RPC error that was the answer. */
  readonly code?: number
  /** Message of that error. */
  readonly message?: string
  /** What was thrown, if that is known. */
  readonly thrown?: { readonly error: unknown }
}

/** Parse error, invalid request, unknown method, invalid params, unknown resource: the caller's mistakes. */
const CALLERS_MISTAKES: ReadonlySet<number> = new Set([-32700, -32600, -32601, -32602, -32002])

export const SUCCESS: RpcOutcome = { status: 'success', isFailure: false }
export const CANCELLED: RpcOutcome = { status: 'cancelled', errorType: 'cancelled', isFailure: false }
export const TIMED_OUT: RpcOutcome = { status: 'timeout', errorType: 'timeout', isFailure: true }
export const CONNECTION_CLOSED: RpcOutcome = { status: 'error', errorType: 'connection_closed', isFailure: true }

/** Reads the outcome out of an answer; `thrown` is what a handler threw, which the answer may hide. */
export function answerOutcome(
  response: RpcMessage,
  side: 'server' | 'client',
  thrown: RpcOutcome['thrown'],
): RpcOutcome {
  const known = thrown && { thrown }
  if ('error' in response) {
    const code = errorCodeOf(response) ?? -32603
    const isMistake = side === 'server' && CALLERS_MISTAKES.has(code)
    const status = thrown === undefined || isMistake ? 'error' : failureStatus(thrown.error)
    if (isMistake) return { status, code, isFailure: false, ...known }
    const message = textOf(fieldsOf(response.error)['message'])
    return {
      status,
      code,
      isFailure: true,
      errorType: String(code),
      ...(message !== undefined && { message }),
      ...known,
    }
  }
  if (fieldsOf(response.result)['isError'] !== true) return SUCCESS
  const status = thrown === undefined ? 'error' : failureStatus(thrown.error)
  return { status, errorType: 'tool_error', isFailure: true, ...known }
}

/** Returns the outcome of a request that was refused before it got to a server, by the status of HTTP. */
export function rejectionOutcome(response: RpcMessage, code: number, httpStatus: number): RpcOutcome {
  if (httpStatus < 500) return { status: 'error', code, isFailure: false }
  return answerOutcome({ error: response.error }, 'client', undefined)
}

/** Returns the outcome of a message that could not be sent. */
export function sendFailure(error: unknown): RpcOutcome {
  const status = failureStatus(error)
  if (status === 'cancelled') return CANCELLED
  return { status, errorType: errorType(error), isFailure: true, thrown: { error } }
}

/** Returns the outcome of a request that was given up, by the reason that travels with `notifications/cancelled`. */
export function cancellationOutcome(reason: unknown): RpcOutcome {
  return typeof reason === 'string' && /timed? ?out|timeout/i.test(reason) ? TIMED_OUT : CANCELLED
}

/** Returns the end of the execution that a call is: with the class of what was thrown, where that is known. */
export function executionEnd({ status, errorType: type, thrown }: RpcOutcome, ended: number): ExecutionEnd {
  if (thrown !== undefined) return { status, error: thrown.error, ended }
  return type === undefined ? { status, ended } : { status, errorType: type, ended }
}

function failureStatus(error: unknown): OutcomeStatus {
  return outcomeStatus({ error })
}
