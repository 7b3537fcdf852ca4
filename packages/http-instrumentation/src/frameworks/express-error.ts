// Registered by router 2.3 (Express 5.3), for copies of it to share.
const SEEN_ERRORS = Symbol.for('router.tracing.publishedErrors')

/** Returns the last error that Express' router passed on for a request, if its version keeps them. */
export function expressError(request: unknown): unknown {
  const seen = (request as Record<symbol, unknown>)[SEEN_ERRORS]
  return seen instanceof Set ? [...(seen as Set<unknown>)].at(-1) : undefined
}
