import { appendFileSync } from 'node:fs'

import type { RequestHandler } from 'express'

import type { Job } from './job.ts'

/** What the server writes down. */
export interface ServerLog {
  /** Middleware: one line for each request, once it is over. */
  readonly access: RequestHandler
  /** A job has come into a new state. */
  job(job: Job): void
  error(error: unknown, context: Record<string, unknown>): void
  audit(action: string, details: object): void
  close(): Promise<void>
}

export function createServerLog(file: string): ServerLog {
  const write = (o: object) => appendFileSync(file, JSON.stringify(o) + '\n')
  return {
    access: (req, res, next) => {
      const s = performance.now()
      res.once('close', () =>
        write({
          type: 'access',
          method: req.method,
          path: req.path,
          status: res.headersSent ? res.statusCode : 499,
          duration_ms: performance.now() - s,
        }),
      )
      next()
    },
    job: (job) => write({ type: 'plugin', ...job }),
    error: (error, context) => write({ levelname: 'ERROR', type: 'error', error: String(error), context }),
    audit: (action, details) => write({ type: 'audit', action, details }),
    close: async () => {},
  }
}
