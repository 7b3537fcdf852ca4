import { channel } from 'node:diagnostics_channel'
import { EventEmitter, once } from 'node:events'
import { createServer } from 'node:http'
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import { createServer as createTcpServer } from 'node:net'
import { inspect } from 'node:util'

import { context, diag, DiagLogLevel, metrics, ROOT_CONTEXT, trace } from '@opentelemetry/api'
import type { Context } from '@opentelemetry/api'
import type { Instrumentation } from '@opentelemetry/instrumentation'
import { registerInstrumentations } from '@opentelemetry/instrumentation'
import { describe, expect, onTestFinished, test } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'

import { HttpServerInstrumentation, ignoreServer, setRoute } from '../src/index.ts'
import type { HttpServerInstrumentationConfig } from '../src/index.ts'
import { observe } from './support/observation.ts'
import { exchangeText, listen, open, readUntil, request, stop } from './support/servers.ts'

function fail(): never {
  throw new Error('mistake of the application')
}

/** Collects what is said through `diag` until the test is over. */
function listenToDiag(): string[] {
  const said: string[] = []
  const log = (message: string) => void said.push(message)
  diag.setLogger({ error: log, warn: log, info: log, debug: log, verbose: log }, DiagLogLevel.WARN)
  onTestFinished(() => diag.disable())
  return said
}

describe('as an OpenTelemetry instrumentation', () => {
  test('it is one, and takes the providers that it is registered with', async () => {
    const before = observe({ enabled: false })
    const after = observe({ enabled: false })
    const instrumentation: Instrumentation = before.instrumentation
    const { meterProvider, tracerProvider } = after
    onTestFinished(registerInstrumentations({ instrumentations: [instrumentation], meterProvider, tracerProvider }))
    const port = await listen(createServer((_req, res) => res.end()))
    await request(port, 'GET', '/')
    await before.ended(1)
    expect(instrumentation.instrumentationName).toBe('@mcp/otel-http-instrumentation')
    expect([await before.counts(), before.spans()]).toEqual([{}, []])
    expect([await after.counts(), after.serverSpans().length]).toEqual([{ 'GET unmatched 200': 1 }, 1])
  })

  test('enabling twice, or two of them, counts once; when the first is disabled the second takes over', async () => {
    const first = observe()
    const second = observe()
    first.instrumentation.enable()
    const port = await listen(createServer((_req, res) => res.end()))
    await request(port, 'GET', '/')
    await first.ended(1)
    first.instrumentation.disable()
    first.instrumentation.disable()
    await request(port, 'GET', '/')
    await second.ended(1)
    second.instrumentation.disable()
    expect(channel('http.server.request.start').hasSubscribers).toBe(false)
    await request(port, 'GET', '/')
    expect([await first.counts(), await second.counts()]).toEqual([
      { 'GET unmatched 200': 1 },
      { 'GET unmatched 200': 1 },
    ])
    expect([first.serverSpans().length, second.serverSpans().length]).toEqual([1, 1])
  })

  test('what is under way when it is disabled is still counted to its end', async () => {
    const seen = observe()
    const server = createServer()
    const port = await listen(server)
    const answer = request(port, 'GET', '/')
    const [, response] = (await once(server, 'request')) as [IncomingMessage, ServerResponse]
    seen.instrumentation.disable()
    response.end()
    await answer
    await seen.idle()
    expect(await seen.counts()).toEqual({ 'GET unmatched 200': 1 })
  })

  test('it may be registered before any provider is: what comes later is told to the global ones', async () => {
    const ended = new EventEmitter()
    const instrumentation = new HttpServerInstrumentation({ onRequest: () => ended.emit('request') })
    onTestFinished(registerInstrumentations({ instrumentations: [instrumentation] }))
    onTestFinished(() => {
      metrics.disable()
      trace.disable()
    })
    const seen = observe({ enabled: false })
    const actives: Context[] = []
    const server = createServer((_req, res) => {
      actives.push(context.active())
      res.end()
    })
    const port = await listen(server)
    await Promise.all([once(ended, 'request'), request(port, 'GET', '/early')])
    expect(actives).toEqual([ROOT_CONTEXT])
    trace.setGlobalTracerProvider(seen.tracerProvider)
    metrics.setGlobalMeterProvider(seen.meterProvider)
    await Promise.all([once(ended, 'request'), request(port, 'GET', '/late')])
    expect(seen.serverSpans().map((span) => span.attributes['url.path'])).toEqual(['/late'])
    expect((await seen.counts())['GET unmatched 200']).toBeGreaterThanOrEqual(1)
  })
})

describe('options', () => {
  test('routes are named by setRoute, else by the option route, else by the list', async () => {
    const seen = observe({
      routes: ['/users/:id', '/files/*', '/users/me', '/a.b'],
      route: (_req, { path }) => (path.startsWith('/v1') ? '/v1/*' : undefined),
    })
    const port = await listen(
      createServer((req, res) => {
        if (req.url?.endsWith('by-hand')) setRoute(req, '/by-hand')
        res.end()
      }),
    )
    const paths = [
      '/users/1/',
      '/users/me?x',
      '/files',
      '/files/a/b',
      '/v1/x',
      '/v1/by-hand',
      '/users',
      '/aXb',
      '/a.b',
      '/USERS/1',
    ]
    for (const path of paths) await request(port, 'GET', path)
    await seen.ended(paths.length)
    expect(seen.requests.map(({ route }) => route)).toEqual([
      '/users/:id',
      '/users/:id',
      '/files/*',
      '/files/*',
      '/v1/*',
      '/by-hand',
      undefined,
      undefined,
      '/a.b',
      undefined,
    ])
  })

  test('a route that is no text leaves the request to the list', async () => {
    const seen = observe({ routes: ['/users/:id'], route: () => 5 as never })
    const port = await listen(createServer((_req, res) => res.end()))
    await request(port, 'GET', '/users/1')
    await seen.ended(1)
    expect(await seen.counts()).toEqual({ 'GET /users/:id 200': 1 })
  })

  test('other options take effect with the next request, and the providers stay', async () => {
    const seen = observe({ routes: ['/users/:id'] })
    const port = await listen(createServer((_req, res) => res.end()))
    await request(port, 'GET', '/users/1')
    await seen.ended(1)
    const ended = new EventEmitter()
    seen.instrumentation.setConfig({ routes: ['/users/*'], onRequest: () => ended.emit('request') })
    const last = once(ended, 'request')
    await request(port, 'GET', '/users/1')
    await last
    expect(await seen.counts()).toEqual({ 'GET /users/:id 200': 1, 'GET /users/* 200': 1 })
    expect(seen.serverSpans().map(({ name }) => name)).toEqual(['GET /users/:id', 'GET /users/*'])
  })

  test('what is ignored is neither counted nor traced, nor is what its handler does', async () => {
    const seen = observe({ ignore: (_req, { method, path }) => method === 'POST' && path === '/health' })
    const tracer = seen.tracerProvider.getTracer('app')
    const port = await listen(
      createServer((req, res) => {
        req.resume().on('end', () => {
          tracer.startSpan(`work for ${req.url}`).end()
          res.end()
        })
      }),
    )
    await request(port, 'POST', '/health')
    await request(port, 'POST', '/')
    await seen.ended(1)
    expect(await seen.counts()).toEqual({ 'POST unmatched 200': 1 })
    expect(seen.spans().map(({ name }) => name)).toEqual(['work for /', 'POST'])
    await seen.idle()
  })

  test('an ignored server leaves no trace, in connections neither', async () => {
    const seen = observe()
    const during: unknown[] = []
    const server = createServer(async (_req, res) => {
      during.push(await seen.active(), context.active())
      res.end()
    })
    server.on('upgrade', (_req, socket) => socket.end('HTTP/1.1 401 Unauthorized\r\n\r\n'))
    ignoreServer(server)
    const port = await listen(server)
    await request(port, 'GET', '/metrics')
    await exchangeText(port, 'garbage\r\n\r\n')
    await exchangeText(port, 'GET / HTTP/1.1\r\nHost: t\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n')
    expect(during).toMatchObject([{ requests: 0, connections: 0 }, {}])
    expect([await seen.counts(), seen.spans()]).toEqual([{}, []])
  })

  test('connections to servers that speak no HTTP do not count', async () => {
    const seen = observe()
    const server = createTcpServer((socket) => void socket.write('hello'))
    const port = await listen(server)
    const socket = await open(port)
    await readUntil(socket, 'hello')
    expect(await seen.active()).toEqual({ requests: 0, connections: 0 })
    socket.destroy()
    await stop(server)
  })

  test('callbacks that throw harm nobody, and are named once', async () => {
    const said = listenToDiag()
    const seen = observe({ ignore: fail, route: fail, onRequest: fail })
    const port = await listen(createServer((_req, res) => res.end('fine')))
    for (let round = 0; round < 3; round++)
      expect(await request(port, 'GET', '/')).toEqual({ status: 200, body: 'fine' })
    await seen.ended(3)
    expect(await seen.counts()).toEqual({ 'GET unmatched 200': 3 })
    expect(said.map((message) => /the option \w+/.exec(message)?.[0])).toEqual([
      'the option ignore',
      'the option route',
      'the option onRequest',
    ])
    expect(said[0]).toContain('mistake of the application')
  })

  test('wrong options are named all at once, with what is accepted, and the rest is used', () => {
    const said = listenToDiag()
    const config = {
      spans: 'on',
      routes: ['users'],
      captureQuery: false,
      typo: 1,
    } as unknown as HttpServerInstrumentationConfig
    const instrumentation = new HttpServerInstrumentation({ ...config, enabled: false })
    expect(said).toEqual([
      "[mcp-otel] wrong options of HttpServerInstrumentation: spans is 'on', expected 'own' or 'off'; " +
        "routes is [ 'users' ], expected a list of templates that begin with /; there is no option typo; the defaults apply",
    ])
    expect(instrumentation.getConfig()).toEqual({ captureQuery: false, enabled: false })
  })
})

/** What a handler can find out about its request, its response and its server. */
const inspecting: RequestListener = (req, res) => {
  const chunks: string[] = []
  req.setEncoding('utf8').on('data', (chunk: string) => chunks.push(chunk))
  req.on('end', () => {
    const facts = {
      body: chunks,
      url: req.url,
      headers: req.headers,
      route: (req as { route?: unknown }).route,
      baseUrl: (req as { baseUrl?: unknown }).baseUrl,
      listeners: ['finish', 'close', 'end', 'error'].map((event) => [
        res.listenerCount(event),
        req.listenerCount(event),
      ]),
      aborted: req.destroyed,
    }
    res.writeHead(203, { 'x-test': 'yes' }).end(JSON.stringify(facts))
  })
}

describe('the application', () => {
  test('sees and sends the same with and without', async () => {
    const server = createServer(inspecting)
    const port = await listen(server)
    const text = 'POST /a?b HTTP/1.1\r\nHost: t\r\nConnection: close\r\nContent-Length: 4\r\n\r\nbody'
    const send = async () => (await exchangeText(port, text)).replace(/Date: .*/, '')
    const without = await send()
    const seen = observe()
    const listeners = server.eventNames().map((event) => [event, server.listenerCount(event)])
    expect(await send()).toBe(without)
    expect(server.eventNames().map((event) => [event, server.listenerCount(event)])).toEqual(listeners)
    await seen.ended(1)
    seen.instrumentation.disable()
    expect(await send()).toBe(without)
  })

  test('can print a request without a word about us but one', async () => {
    observe()
    let printed = ''
    const port = await listen(
      createServer((req, res) => {
        printed = inspect(req, { depth: 5 })
        res.end()
      }),
    )
    await request(port, 'GET', '/')
    expect(printed).toContain('[exchange of @mcp/otel]')
    expect(printed).not.toMatch(/tracker|instruments/i)
  })

  test('gets the errors that its handlers throw, unchanged', async () => {
    const seen = observe()
    const thrown = new Error('from the handler')
    const calls: [IncomingMessage, ServerResponse][] = []
    const server = createServer((req, res) => {
      calls.push([req, res])
      if (calls.length > 1) throw thrown
    })
    const answer = request(await listen(server), 'GET', '/')
    const [req, res] = (await once(server, 'request')) as [IncomingMessage, ServerResponse]
    expect(() => server.emit('request', req, res)).toThrow(thrown)
    res.end()
    await answer
    await seen.ended(1)
    expect(calls).toHaveLength(2)
    expect(await seen.counts()).toEqual({ 'GET unmatched 200': 1 })
  })

  test.each([
    ['upgrade', { method: 'GET', url: '/', headers: {} }, { write() {}, end() {} }],
    ['upgrade', null, null],
    ['connect'],
    ['stream'],
    ['clientError'],
  ])('gets the events that the application emits itself, whatever they bring: %s', async (event, ...given) => {
    listenToDiag()
    const seen = observe()
    const server = createServer((_req, res) => res.end())
    const got: unknown[][] = []
    server.on(event, (...args: unknown[]) => got.push(args))
    await request(await listen(server), 'GET', '/')
    expect(server.emit(event, ...given)).toBe(true)
    expect(got).toEqual([given])
    await seen.idle()
  })
})

test('WebSockets of ws: each handshake counts once, accepted or refused', async () => {
  const seen = observe({ routes: ['/chat', '/closed'] })
  const server = createServer((_req, res) => void res.end('page'))
  const sockets = new WebSocketServer({ server, path: '/chat' })
  sockets.on('connection', (socket) => socket.on('message', (data) => socket.send(data)))
  const port = await listen(server)
  const client = new WebSocket(`ws://127.0.0.1:${port}/chat`)
  await once(client, 'open')
  client.send('hello')
  const [data] = (await once(client, 'message')) as [Buffer]
  expect(String(data)).toBe('hello')
  expect(await seen.active()).toEqual({ requests: 0, connections: 1 })
  client.close()
  await once(client, 'close')
  const refused = new WebSocket(`ws://127.0.0.1:${port}/closed`)
  await once(refused, 'error')
  await request(port, 'GET', '/chat')
  await seen.ended(3)
  expect(await seen.counts()).toEqual({ 'GET /chat 101': 1, 'GET /closed 400': 1, 'GET /chat 200': 1 })
  await seen.idle()
})
