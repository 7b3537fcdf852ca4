import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { connect, createServer as createHttp2Server } from 'node:http2'
import type { AddressInfo, Server } from 'node:net'

import { createMeterProvider } from '@mcp/otel-core'
import { createHealth, type HealthOptions } from '@mcp/otel-health'
import { HttpServerInstrumentation, type HttpServerInstrumentationConfig } from '@mcp/otel-http-instrumentation'
import { expect, onTestFinished, test } from 'vitest'

import { createEndpointHandler, type EndpointHandler } from '../src/endpoint/create-handler.ts'
import { ignoredPath } from '../src/instrument/ignored-path.ts'

/** Observes servers until the test is over; returns the requests that have ended, as `GET /users/:id 200`, by their path. */
function observe(config: HttpServerInstrumentationConfig = {}): Map<string, string> {
  const seen = new Map<string, string>()
  const instrumentation = new HttpServerInstrumentation({
    ...config,
    spans: 'off',
    meterProvider: createMeterProvider(),
    onRequest: ({ method, path, route, status }) => void seen.set(path, `${method} ${route} ${status}`),
  })
  onTestFinished(() => instrumentation.disable())
  return seen
}

async function listen(server: Server): Promise<string> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

const answer = (_request: unknown, response: { end(): unknown }) => void response.end()
const metrics = async (request: unknown, response: unknown) => answer(request, response as ServerResponse)

/** A handler with a real health behind it. */
function handlerWith(options: HealthOptions): EndpointHandler {
  const health = createHealth({ ...options, meterProvider: createMeterProvider() })
  onTestFinished(() => health.stop())
  return createEndpointHandler({ metrics, health, token: undefined })
}

const withApp = (handler: EndpointHandler) => (request: IncomingMessage, response: ServerResponse) => {
  if (!handler(request, response)) response.end('the app')
}

/** Requests the paths over one HTTP/2 connection, one after the other. */
async function requestOverHttp2(url: string, paths: readonly string[]): Promise<void> {
  const client = connect(url)
  for (const path of paths) {
    const stream = client.request({ ':path': path })
    stream.resume().end()
    await once(stream, 'close')
  }
  client.close()
  await once(client, 'close')
}

test('paths that are ignored are neither counted nor told, over HTTP/1 and HTTP/2', async () => {
  const seen = observe({ ignore: ignoredPath(['/healthz', '/assets/*']) })
  const url = await listen(createServer(answer))
  const paths = ['/healthz', '/healthz/?verbose', '/assets/logo.png?v=1', '/healthzz', '/asset']
  for (const path of paths) await fetch(url + path)
  await expect.poll(() => [...seen.keys()]).toEqual(['/healthzz', '/asset'])

  seen.clear()
  await requestOverHttp2(await listen(createHttp2Server(answer)), paths)
  await expect.poll(() => [...seen.keys()]).toEqual(['/healthzz', '/asset'])
})

test('the endpoint in a server without a router counts each of its paths as a route of its own', async () => {
  const handler = handlerWith({ checks: { store: [() => true, { groups: ['storage'] }] } })
  const expected = {
    '/metrics': 'GET /metrics 200',
    '/health': 'GET /health 200',
    '/livez': 'GET /livez 200',
    '/readyz': 'GET /readyz 200',
    '/startupz': 'GET /startupz 200',
    '/health/storage': 'GET /health/:group 200',
    '/health/nothing': 'GET /health/:group 404',
    '/else': 'GET undefined 200',
  }
  const seen = observe()
  const url = await listen(createServer(withApp(handler)))
  for (const path of Object.keys(expected)) await (await fetch(url + path)).text()
  await expect.poll(() => Object.fromEntries(seen)).toEqual(expected)

  seen.clear()
  const http2 = createHttp2Server(withApp(handler) as never)
  await requestOverHttp2(await listen(http2), Object.keys(expected))
  await expect.poll(() => Object.fromEntries(seen)).toEqual(expected)
})

test('the paths that health was given are the ones that are served, counted and left to the app', async () => {
  const handler = handlerWith({ paths: { health: '/status', liveness: '/alive' } })
  const seen = observe()
  const url = await listen(createServer(withApp(handler)))
  const texts: string[] = []
  for (const path of ['/status', '/alive/', '/status/x', '/health', '/livez'])
    texts.push(await (await fetch(url + path)).text())
  expect(texts).toEqual([
    expect.stringContaining('"status"'),
    expect.stringContaining('"status"'),
    expect.stringContaining('no health check is in the group'),
    'the app',
    'the app',
  ])
  await expect
    .poll(() => [...seen.values()])
    .toEqual(['GET /status 200', 'GET /alive 200', 'GET /status/:group 404', 'GET undefined 200', 'GET undefined 200'])
})
