import { setImmediate } from 'node:timers/promises'

import { SpanKind, SpanStatusCode, trace } from '@opentelemetry/api'
import fastq from 'fastq'
import PQueue from 'p-queue'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'

import {
  createTelemetry,
  registerContext,
  underSpan,
  unregisterContext,
} from '../../plugin-instrumentation/test/support/telemetry.ts'
import type { Telemetry } from '../../plugin-instrumentation/test/support/telemetry.ts'
import { instrumentQueue, listQueues } from '../src/index.ts'

let telemetry: Telemetry
beforeAll(registerContext)
afterAll(unregisterContext)
beforeEach(() => {
  telemetry = createTelemetry()
})

test('jobs of a p-queue wait until their turn, run in the trace of their request, and are counted by their end', async () => {
  const queue = new PQueue({ concurrency: 1 })
  const measured = instrumentQueue({ plugin: 'files', engine: 'p-queue', ...telemetry })
  const gate = Promise.withResolvers<string>()
  const first = underSpan(telemetry, () => queue.add(measured.wrap(() => gate.promise)))
  const second = queue.add(measured.wrap(() => Promise.reject(new TypeError('no such file'))))
  const third = queue.add(measured.wrap(() => trace.getActiveSpan()?.spanContext().spanId))

  await setImmediate()
  expect(await telemetry.points('mcp.queue.size')).toEqual({ 'plugin=files': 2 })
  expect(await telemetry.points('mcp.queue.active_jobs')).toEqual({ 'plugin=files': 1 })
  expect(listQueues(telemetry)).toMatchObject([{ plugin: 'files', size: 2, active: 1, waits: { count: 1 } }])

  gate.resolve('done')
  expect(await first.result).toBe('done')
  await expect(second).rejects.toThrow(new TypeError('no such file'))
  const activeSpanId = await third
  expect(await telemetry.points('mcp.queue.size')).toEqual({ 'plugin=files': 0 })
  expect(await telemetry.points('mcp.queue.wait')).toEqual({ 'plugin=files': 3 })
  expect(await telemetry.points('mcp.queue.run')).toEqual({ 'plugin=files': 3 })
  expect(await telemetry.points('mcp.queue.jobs')).toEqual({
    'plugin=files,status=success': 2,
    'plugin=files,status=error': 1,
  })
  expect(await telemetry.points('mcp.errors')).toEqual({ 'source=queue,type=TypeError': 1 })

  const consumers = telemetry.spans().filter(({ kind }) => kind === SpanKind.CONSUMER)
  const producers = telemetry.spans().filter(({ kind }) => kind === SpanKind.PRODUCER)
  expect(producers.map(({ name }) => name)).toEqual(['send files', 'send files', 'send files'])
  expect(producers[0]?.parentSpanContext?.spanId).toBe(first.spanId)
  expect(consumers[0]).toMatchObject({
    name: 'process files',
    attributes: {
      'messaging.system': 'p-queue',
      'messaging.operation.name': 'process',
      'messaging.operation.type': 'process',
      'messaging.destination.name': 'files',
    },
  })
  expect(consumers[0]?.spanContext().traceId).toBe(first.traceId)
  expect(consumers.map((span) => span.parentSpanContext?.spanId)).toEqual(
    producers.map((span) => span.spanContext().spanId),
  )
  expect(consumers[1]?.status).toEqual({ code: SpanStatusCode.ERROR, message: 'no such file' })
  expect(consumers[1]?.events[0]).toMatchObject({ name: 'exception' })
  expect(consumers[2]?.spanContext().spanId).toBe(activeSpanId)
})

test('jobs of a fastq are measured by the same wrapper', async () => {
  const queue = fastq.promise(async (task: () => Promise<number>) => task(), 2)
  const measured = instrumentQueue({ plugin: 'sums', engine: 'fastq', ...telemetry })
  const gate = Promise.withResolvers<number>()
  const results = [1, 2, 3, 4, 5].map((value) => queue.push(measured.wrap(async () => (await gate.promise) + value)))
  expect(await telemetry.points('mcp.queue.size')).toEqual({ 'plugin=sums': 3 })
  expect(await telemetry.points('mcp.queue.active_jobs')).toEqual({ 'plugin=sums': 2 })
  gate.resolve(10)
  expect(await Promise.all(results)).toEqual([11, 12, 13, 14, 15])
  expect(await telemetry.points('mcp.queue.jobs')).toEqual({ 'plugin=sums,status=success': 5 })
})
