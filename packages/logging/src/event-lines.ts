import { channel } from 'node:diagnostics_channel'

import type { Context } from '@opentelemetry/api'

import type { Logger } from './logger.ts'
import { writeFields, writeThrown } from './write-categories.ts'

/** One served request, as `@mcp/otel-http-instrumentation` tells of it. */
export interface RequestEvent {
  readonly method: string
  readonly path: string
  readonly status: number
  readonly durationMs: number
  readonly context: Context
}

/** One execution that has ended, as `@mcp/otel-plugin-instrumentation` publishes it. */
interface ExecutionEvent {
  readonly plugin: string
  readonly command: string
  readonly status: string
  readonly durationMs: number
  readonly error?: unknown
  readonly context: Context
}

/** One job that has ended, or was given up, as `@mcp/otel-queue-instrumentation` publishes it. */
interface JobEvent {
  readonly plugin: string
  readonly queue: string
  readonly status: string
  readonly waitMs?: number
  readonly runMs?: number
  readonly error?: unknown
  readonly context: Context
}

/** Returns a listener that writes an access line for each request: the option `onRequest` of the http instrumentation. */
export function logRequests(logger: Logger): (request: RequestEvent) => void {
  return ({ method, path, status, durationMs, context }) => {
    logger.access({ method, path, status, duration_ms: rounded(durationMs) }, context)
  }
}

/**
 * Writes a plugin line for each plugin execution that ends, and an error line for what it threw. Of queue jobs, an error
 * line for what no execution has told of, a line for those that never started, and for the others one at DEBUG. Returns
 * what stops it.
 */
export function logExecutions(logger: Logger): () => void {
  const told = new WeakSet<object>()
  const tell = (error: unknown, details: object, context: Context): void => {
    if (typeof error === 'object' && error !== null) {
      if (told.has(error)) return
      told.add(error)
    }
    writeThrown(logger, error, details, context)
  }
  const stops = [
    subscribe<ExecutionEvent>('mcp.plugin.execution', ({ plugin, command, status, durationMs, error, context }) => {
      logger.plugin({ plugin, command, status, duration_ms: rounded(durationMs) }, context)
      if (hasFailed(status) && error !== undefined) tell(error, { plugin, command }, context)
    }),
    subscribe<JobEvent>('mcp.queue.job', ({ plugin, queue, status, waitMs, runMs, error, context }) => {
      const times = { wait_ms: rounded(waitMs), duration_ms: rounded(runMs) }
      writeFields(
        logger,
        runMs === undefined ? 'info' : 'debug',
        { type: 'queue', plugin, queue, status, ...times },
        context,
      )
      if (hasFailed(status) && error !== undefined) tell(error, { plugin, queue }, context)
    }),
  ]
  return () => {
    for (const stop of stops) stop()
  }
}

function subscribe<T>(name: string, listener: (event: T) => void): () => void {
  const subscriber = (message: unknown): void => listener(message as T)
  channel(name).subscribe(subscriber)
  return () => {
    channel(name).unsubscribe(subscriber)
  }
}

function hasFailed(status: string): boolean {
  return status === 'error' || status === 'timeout'
}

/** To the microsecond: more digits than that are noise, and cost space in every line. */
function rounded(milliseconds: number): number
function rounded(milliseconds: number | undefined): number | undefined
function rounded(milliseconds: number | undefined): number | undefined {
  return milliseconds === undefined ? undefined : Math.round(milliseconds * 1000) / 1000
}
