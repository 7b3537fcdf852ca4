import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'

import { HttpServerInstrumentation } from '@mcp/otel-http-instrumentation'
import { createLogger, logExecutions, logRequests } from '@mcp/otel-logging'
import { withExecution } from '@mcp/otel-plugin-instrumentation'
import { instrumentQueue } from '@mcp/otel-queue-instrumentation'
import { context, trace } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { TracerProvider } from '@opentelemetry/sdk-trace'
import { expect, onTestFinished, test } from 'vitest'

test('one trace holds the access line of a request, the lines of its job in the queue, and its plugin and error lines', async () => {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
  trace.setGlobalTracerProvider(new TracerProvider())
  const folder = mkdtempSync(path.join(tmpdir(), 'log-correlation-'))
  const file = path.join(folder, 'mcp.log')
  const logger = createLogger({ console: false, file })
  const http = new HttpServerInstrumentation({ onRequest: logRequests(logger) })
  const stopLines = logExecutions(logger)
  const queue = instrumentQueue({ plugin: 'sum' })
  const waiting: (() => unknown)[] = []
  const server = createServer((request, response) => {
    const task = async (): Promise<void> => {
      logger.info('job begins')
      await new Promise((resolve) => setImmediate(resolve))
      const run = async (): Promise<void> => {
        logger.getLogger('mcp.plugin').info('command runs')
        if (request.url === '/fail') throw new RangeError('too far')
      }
      await withExecution({ plugin: 'sum', command: 'md5' }, run).catch(() => {})
      response.end()
    }
    waiting.push(queue.wrap(task))
  })
  // The worker has no trace of its own: whatever it runs must bring it along.
  const worker = setInterval(() => void waiting.shift()?.(), 5)
  onTestFinished(async () => {
    clearInterval(worker)
    stopLines()
    http.disable()
    logger.close()
    server.close()
    await once(server, 'close')
    context.disable()
    trace.disable()
    rmSync(folder, { recursive: true })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  for (const url of ['/run', '/fail']) await (await fetch(`http://127.0.0.1:${port}${url}`)).text()
  const read = (): Record<string, unknown>[] =>
    readFileSync(file, 'utf8')
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as Record<string, unknown>)
  await expect.poll(() => read().filter(({ type }) => type === 'access')).toHaveLength(2)

  const told = new Map<unknown, unknown[]>()
  for (const { trace_id, type, message, path: url } of read()) {
    told.set(trace_id, [...(told.get(trace_id) ?? []), type === 'access' ? url : (type ?? message)])
  }
  expect([...told.keys()].every((id) => /^[0-9a-f]{32}$/.test(String(id)))).toBe(true)
  expect([...told.values()].map((lines) => lines.toSorted((a, b) => String(a).localeCompare(String(b))))).toEqual([
    ['/run', 'command runs', 'job begins', 'plugin'],
    ['/fail', 'command runs', 'error', 'job begins', 'plugin'],
  ])
})
