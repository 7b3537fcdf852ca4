import { errorType } from '@mcp/otel-core'

import { NO_RESPONSE } from './exchange.ts'
import type { Exchange } from './exchange.ts'
import { expressError } from './frameworks/express-error.ts'

/** Why a request counts as failed. */
export interface Failure {
  /** Class of the error, or the status, or what became of the response. */
  readonly type: string
  readonly error?: unknown
}

/**
 * Returns why an exchange failed: the server said so (5xx), gave no response, or broke one off. A client that leaves
 * is no failure.
 */
export function failureOf(exchange: Exchange, status: number): Failure | undefined {
  if (status >= 500) return failure(exchange, String(status))
  if (exchange.sentStatus === undefined && status === NO_RESPONSE) return failure(exchange, 'no_response')
  if (!exchange.isComplete && !exchange.clientLeft) return failure(exchange, 'incomplete_response')
  return undefined
}

function failure(exchange: Exchange, fallback: string): Failure {
  const error = exchange.error ?? expressError(exchange.request) ?? exchange.responseError ?? undefined
  return error === undefined ? { type: fallback } : { type: errorType(error), error }
}
