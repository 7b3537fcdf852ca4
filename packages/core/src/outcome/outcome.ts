/** How an execution or a job can end: the closed set of the attribute `status`. */
export const OUTCOME_STATUSES = ['success', 'error', 'timeout', 'cancelled'] as const

/** One of `OUTCOME_STATUSES`. */
export type OutcomeStatus = (typeof OUTCOME_STATUSES)[number]

/** What a call came to: it returned, it threw (`error` is present, whatever was thrown), or it was given up (`status`). */
export type Outcome = { readonly result: unknown } | { readonly error: unknown } | { readonly status: OutcomeStatus }

/** Reads a status out of an outcome; `undefined` leaves it to the rules of `outcomeStatus`. */
export type StatusOf = (outcome: Outcome) => OutcomeStatus | undefined
