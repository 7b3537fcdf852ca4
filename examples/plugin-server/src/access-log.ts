import type { Logger } from '@mcp/otel-logging'
import type { RequestHandler } from 'express'

import { millisecondsSince } from './milliseconds-since.ts'

/** Writes one access line for each request, once it is over; a client that went away before the answer is a 499. */
export function accessLog(log: Logger): RequestHandler {
  return (request, response, next) => {
    const started = performance.now()
    const { method, path } = request
    response.once('close', () => {
      const status = response.headersSent ? response.statusCode : 499
      log.access({ method, path, status, duration_ms: millisecondsSince(started) })
    })
    next()
  }
}
