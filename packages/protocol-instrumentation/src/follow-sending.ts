import type { Operation } from './operation.ts'
import { sendFailure } from './outcome-of.ts'
import type { RpcOutcome } from './outcome-of.ts'

/**
 * Ends an operation once its message has been sent, with `outcome` if there is one, or could not be sent. Returns what
 * the caller of the transport is to get: the same result or error.
 */
export function followSending(result: unknown, operation: Operation, outcome: RpcOutcome | undefined): unknown {
  if (!(result instanceof Promise)) {
    if (outcome !== undefined) operation.end(outcome)
    return result
  }
  // What is returned follows the promise: a handler beside it would hide a rejection that nobody handles.
  return result.then(
    outcome &&
      ((value: unknown) => {
        operation.end(outcome)
        return value
      }),
    (error: unknown) => {
      operation.end(sendFailure(error))
      throw error
    },
  )
}
