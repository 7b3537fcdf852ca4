import { channel } from 'node:diagnostics_channel'

import { ROOT_CONTEXT, trace } from '@opentelemetry/api'
import { expect, onTestFinished, test } from 'vitest'

import { logExecutions, logRequests } from '../src/index.ts'
import { createFamily } from './support/log-family.ts'
import { registerSdk } from './support/sdk.ts'

const CONTEXT = { context: ROOT_CONTEXT }

function fields(line: object | undefined): object {
  return Object.fromEntries(Object.entries(line ?? {}).slice(4))
}

test("each request makes an access line with exactly the guide's fields, in the request's trace", () => {
  const { tracer } = registerSdk()
  const { logger, lines } = createFamily()
  const span = tracer.startSpan('GET /help')
  const context = trace.setSpan(ROOT_CONTEXT, span)
  logRequests(logger)({ method: 'GET', path: '/help', status: 200, durationMs: 1.23456789, context })
  expect(fields(lines()[0])).toEqual({
    type: 'access',
    method: 'GET',
    path: '/help',
    status: 200,
    duration_ms: 1.235,
    trace_id: span.spanContext().traceId,
    span_id: span.spanContext().spanId,
    trace_flags: '01',
  })
})

test('each execution makes a plugin line, and what it threw an error line, until it is stopped', () => {
  const { logger, lines } = createFamily()
  const stop = logExecutions(logger)
  const executions = channel('mcp.plugin.execution')
  executions.publish({ plugin: 'sum', command: 'md5', status: 'success', durationMs: 12, ...CONTEXT })
  executions.publish({
    plugin: 'sum',
    command: 'sha',
    status: 'error',
    durationMs: 1,
    error: new RangeError('boom'),
    ...CONTEXT,
  })
  executions.publish({
    plugin: 'sum',
    command: 'sha',
    status: 'cancelled',
    durationMs: 1,
    error: new Error('no'),
    ...CONTEXT,
  })
  stop()
  executions.publish({ plugin: 'sum', command: 'md5', status: 'success', durationMs: 12, ...CONTEXT })
  expect(lines().map(fields)).toEqual([
    { type: 'plugin', plugin: 'sum', command: 'md5', status: 'success', duration_ms: 12 },
    { type: 'plugin', plugin: 'sum', command: 'sha', status: 'error', duration_ms: 1 },
    {
      type: 'error',
      error: 'boom',
      traceback: expect.stringContaining('RangeError: boom') as string,
      context: { plugin: 'sum', command: 'sha' },
    },
    { type: 'plugin', plugin: 'sum', command: 'sha', status: 'cancelled', duration_ms: 1 },
  ])
  expect(lines().map(({ levelname }) => levelname)).toEqual(['INFO', 'INFO', 'ERROR', 'INFO'])
})

test('what was thrown is told once, though the job around it failed by it too; anything may be thrown', () => {
  const { logger, lines } = createFamily()
  onTestFinished(logExecutions(logger))
  const error = new Error('boom')
  channel('mcp.plugin.execution').publish({
    plugin: 'p',
    command: 'c',
    status: 'error',
    durationMs: 1,
    error,
    ...CONTEXT,
  })
  channel('mcp.queue.job').publish({ plugin: 'p', queue: 'q', status: 'error', waitMs: 1, runMs: 2, error, ...CONTEXT })
  channel('mcp.queue.job').publish({
    plugin: 'p',
    queue: 'q',
    status: 'error',
    waitMs: 1,
    runMs: 2,
    error: 'a text',
    ...CONTEXT,
  })
  expect(lines().map(({ type, error: told, context }) => ({ type, told, context }))).toEqual([
    { type: 'plugin', told: undefined, context: undefined },
    { type: 'error', told: 'boom', context: { plugin: 'p', command: 'c' } },
    { type: 'error', told: 'a text', context: { plugin: 'p', queue: 'q' } },
  ])
})

test('a job that never started has a line; the others are told of by their execution, and at DEBUG', () => {
  const { logger, lines } = createFamily()
  onTestFinished(logExecutions(logger))
  const job = { plugin: 'p', queue: 'q', ...CONTEXT }
  channel('mcp.queue.job').publish({ ...job, status: 'timeout', waitMs: 30_000 })
  channel('mcp.queue.job').publish({ ...job, status: 'success', waitMs: 1.5, runMs: 20 })
  logger.level = 'DEBUG'
  channel('mcp.queue.job').publish({ ...job, status: 'success', waitMs: 1.5, runMs: 20 })
  expect(lines().map(fields)).toEqual([
    { type: 'queue', plugin: 'p', queue: 'q', status: 'timeout', wait_ms: 30_000 },
    { type: 'queue', plugin: 'p', queue: 'q', status: 'success', wait_ms: 1.5, duration_ms: 20 },
  ])
})
