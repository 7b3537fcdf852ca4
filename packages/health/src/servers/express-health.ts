import type { IncomingMessage, ServerResponse } from 'node:http'

import type { Health } from '../create-health.ts'

/** A middleware of Express 4 and 5, and of Connect. */
export type ExpressMiddleware = (
  request: IncomingMessage,
  response: ServerResponse,
  next: (error?: unknown) => void,
) => void

/** Answers the health endpoints in Express: `app.use(expressHealth(health))`, before whatever asks for a login. */
export function expressHealth({ handler }: Pick<Health, 'handler'>): ExpressMiddleware {
  return (request, response, next) => {
    if (handler(request, response) === false) next()
  }
}
