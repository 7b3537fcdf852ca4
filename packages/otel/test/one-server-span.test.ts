import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

import { SpanKind, trace } from '@opentelemetry/api'
import { InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace'
import { expect, onTestFinished, test } from 'vitest'

import { start } from '../src/index.ts'

test('middleware that makes a server span of its own adds no second one to the request', async () => {
  const exporter = new InMemorySpanExporter()
  const telemetry = start({
    banner: false,
    endpoint: { enabled: false },
    http: { clientSpans: false },
    sdk: { spanProcessors: [new SimpleSpanProcessor({ exporter })] },
  })
  onTestFinished(() => telemetry.shutdown())
  // As @hono/otel does it, inside the handler.
  const tracer = trace.getTracer('middleware')
  const server = createServer((_request, response) => {
    const attributes = { 'http.request.method': 'GET' }
    tracer.startActiveSpan('GET /theirs', { kind: SpanKind.SERVER, attributes }, (span) => {
      tracer.startSpan('a message', { kind: SpanKind.SERVER }).end()
      response.end('ok')
      span.end()
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  await (await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`)).text()

  await expect.poll(() => exporter.getFinishedSpans().length).toBe(3)
  const [message, theirs, ours] = exporter.getFinishedSpans()
  expect(ours).toMatchObject({
    kind: SpanKind.SERVER,
    instrumentationScope: { name: '@mcp/otel-http-instrumentation' },
  })
  expect(theirs).toMatchObject({ kind: SpanKind.INTERNAL, name: 'GET /theirs' })
  expect(theirs?.parentSpanContext?.spanId).toBe(ours?.spanContext().spanId)
  // What is no HTTP request is none of our affair.
  expect(message).toMatchObject({ kind: SpanKind.SERVER, name: 'a message' })
})
