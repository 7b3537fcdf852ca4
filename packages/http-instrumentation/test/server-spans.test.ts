import { once } from 'node:events'
import { createServer } from 'node:http'
import type { RequestListener } from 'node:http'
import { setTimeout } from 'node:timers/promises'

import { context, ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api'
import type { Context, SpanOptions, Tracer } from '@opentelemetry/api'
import { getRPCMetadata, RPCType, setRPCMetadata, suppressTracing } from '@opentelemetry/core'
import type { RPCMetadata } from '@opentelemetry/core'
import { AlwaysOffSampler } from '@opentelemetry/sdk-trace'
import type { ReadableSpan } from '@opentelemetry/sdk-trace'
import { describe, expect, test } from 'vitest'

import { observe } from './support/observation.ts'
import { exchangeText, listen, open, readToEnd, request } from './support/servers.ts'

const TRACE_ID = '0af7651916cd43dd8448eb211c80319c'
const PARENT_ID = 'b7ad6b7169203331'
const traceparent = (flags = '01') => `00-${TRACE_ID}-${PARENT_ID}-${flags}`

const spanIdOf = (active: Context) => trace.getSpan(active)?.spanContext().spanId

describe('a server span', () => {
  test('carries the attributes of the HTTP conventions, and the remote parent', async () => {
    const seen = observe({ routes: ['/users/:id'] })
    const port = await listen(createServer((_req, res) => res.end()))
    await request(port, 'GET', '/users/5?q=a&api_key=secret&sig=x', {
      traceparent: traceparent(),
      'user-agent': 'tester/1',
      host: 'example.test:8080',
    })
    await seen.ended(1)
    const [span] = seen.serverSpans()
    expect(span?.name).toBe('GET /users/:id')
    expect(span?.parentSpanContext?.spanId).toBe(PARENT_ID)
    expect(span?.spanContext().traceId).toBe(TRACE_ID)
    expect(span?.status.code).toBe(SpanStatusCode.UNSET)
    expect(span?.attributes).toEqual({
      'http.request.method': 'GET',
      'http.response.status_code': 200,
      'http.route': '/users/:id',
      'url.path': '/users/5',
      'url.query': 'q=a&api_key=REDACTED&sig=REDACTED',
      'url.scheme': 'http',
      'network.protocol.version': '1.1',
      'network.peer.address': '127.0.0.1',
      'network.peer.port': expect.any(Number) as number,
      'client.address': '127.0.0.1',
      'server.address': 'example.test',
      'server.port': 8080,
      'user_agent.original': 'tester/1',
    })
  })

  test('believes the proxies in front about client, host and scheme', async () => {
    const seen = observe({ captureQuery: false })
    const port = await listen(createServer((_req, res) => res.end()))
    await request(port, 'GET', '/?secret=1', {
      'x-forwarded-for': '203.0.113.9, 10.0.0.1',
      'x-forwarded-proto': 'https',
    })
    await request(port, 'GET', '/', {
      forwarded: 'for="[2001:db8::1]:4711";proto=https;host=api.test:444',
      'x-forwarded-for': '203.0.113.9',
    })
    await request(port, 'GET', '/', { 'x-forwarded-for': ' , 10.0.0.1' })
    await seen.ended(3)
    expect(seen.serverSpans()[2]?.attributes).toMatchObject({ 'client.address': '127.0.0.1' })
    expect(seen.serverSpans()[0]?.attributes).toMatchObject({ 'client.address': '203.0.113.9', 'url.scheme': 'https' })
    expect(seen.serverSpans()[0]?.attributes).not.toHaveProperty('url.query')
    expect(seen.serverSpans()[1]?.attributes).toMatchObject({
      'client.address': '2001:db8::1',
      'url.scheme': 'https',
      'server.address': 'api.test',
      'server.port': 444,
    })
  })

  test.each([
    ['[::1]', '[::1]', undefined],
    ['[::1]:8080', '[::1]', 8080],
    ['test', 'test', undefined],
  ])('of a call to %s names the server %s, and the port %s', async (host, address, port) => {
    const seen = observe()
    await request(await listen(createServer((_req, res) => res.end())), 'GET', '/', { host })
    await seen.ended(1)
    const { 'server.address': name, 'server.port': number } = seen.serverSpans()[0]?.attributes ?? {}
    expect([name, number]).toEqual([address, port])
  })

  test('is an error for 5xx and for no response, not for 4xx or a client that leaves', async () => {
    const seen = observe()
    const server = createServer((req, res) => {
      if (req.url === '/500') res.writeHead(500).end()
      else if (req.url === '/404') res.writeHead(404).end()
      else if (req.url === '/none') req.socket.destroy()
    })
    const port = await listen(server)
    await request(port, 'GET', '/500')
    await request(port, 'GET', '/404')
    await exchangeText(port, 'GET /none HTTP/1.1\r\nHost: t\r\n\r\n')
    const socket = await open(port)
    socket.write('GET /left HTTP/1.1\r\nHost: t\r\n\r\n')
    await once(server, 'request')
    socket.destroy()
    await seen.ended(4)
    const told = seen.serverSpans().map(({ status, attributes }) => ({
      error: status.code === SpanStatusCode.ERROR,
      status: attributes['http.response.status_code'],
      type: attributes['error.type'],
    }))
    expect(told).toEqual([
      { error: true, status: 500, type: '500' },
      { error: false, status: 404, type: undefined },
      { error: true, status: 444, type: 'no_response' },
      { error: false, status: 499, type: '499' },
    ])
  })

  test('is there for what Node answers before any handler runs', async () => {
    const seen = observe()
    const port = await listen(createServer())
    await exchangeText(port, 'GET /? HTTP/1.1\r\n\r\n')
    await seen.ended(1)
    expect(seen.serverSpans()).toMatchObject([{ name: 'GET', attributes: { 'http.response.status_code': 400 } }])
    expect(seen.serverSpans()[0]?.attributes).not.toHaveProperty('url.query')
  })

  test('that Node answers before any handler began when the request did', async () => {
    const real = observe({ enabled: false }).tracerProvider.getTracer('test')
    const given: unknown[] = []
    const tracer = Object.assign(Object.create(real) as Tracer, {
      startSpan: (name: string, options: SpanOptions, parent: Context) => {
        given.push(options.startTime)
        return real.startSpan(name, options, parent)
      },
    })
    const seen = observe({ tracerProvider: { getTracer: () => tracer } })
    const port = await listen(createServer((_req, res) => res.end()))
    await request(port, 'GET', '/')
    await exchangeText(port, 'GET / HTTP/1.1\r\n\r\n')
    await seen.ended(2)
    expect(given).toEqual([undefined, expect.any(Number)])
  })

  test('is not made when the parent was not sampled, and its context is passed on all the same', async () => {
    const seen = observe()
    let active: Context = ROOT_CONTEXT
    const port = await listen(
      createServer((_req, res) => {
        active = context.active()
        res.end()
      }),
    )
    await request(port, 'GET', '/', { traceparent: traceparent('00') })
    await seen.ended(1)
    expect(seen.spans()).toEqual([])
    expect(trace.getSpanContext(active)).toMatchObject({ traceId: TRACE_ID, traceFlags: 0 })
    expect(await seen.counts()).toEqual({ 'GET unmatched 200': 1 })
  })

  test('can be off: then no context is made, and metrics are as ever', async () => {
    const seen = observe({ spans: 'off' })
    const actives: Context[] = []
    const port = await listen(
      createServer((_req, res) => {
        actives.push(context.active())
        res.end()
      }),
    )
    await request(port, 'GET', '/', { traceparent: traceparent() })
    await seen.ended(1)
    expect(actives).toEqual([ROOT_CONTEXT])
    expect(seen.spans()).toEqual([])
    expect(await seen.counts()).toEqual({ 'GET unmatched 200': 1 })
  })

  test('gives its context to the measurements and to the access log', async () => {
    const seen = observe()
    const port = await listen(createServer((_req, res) => res.end()))
    await request(port, 'GET', '/')
    await seen.ended(1)
    const [info] = seen.requests
    expect(info && spanIdOf(info.context)).toBe(seen.serverSpans()[0]?.spanContext().spanId)
  })
})

describe('the context of a request', () => {
  test.each([
    ['pipelined on one connection', 1],
    ['on connections of their own', 8],
  ])('is its own in every event, with requests %s', async (_name, connections) => {
    const seen = observe()
    const found = new Map<string, Set<string | undefined>>()
    const places = new Map<string, Set<string>>()
    const server = createServer(
      noting((path, where, spanId) => {
        found.set(path, (found.get(path) ?? new Set()).add(spanId))
        places.set(path, (places.get(path) ?? new Set()).add(where))
      }),
    )
    const port = await listen(server)
    const bodies = await Promise.all(
      Array.from({ length: connections }, async (_, connection) => {
        const socket = await open(port)
        const paths = Array.from({ length: 12 }, (__, index) => `/${connection}-${index}-${(index * 7) % 10}`)
        socket.write(paths.map((path) => post(path, path === paths.at(-1))).join(''))
        return await readToEnd(socket)
      }),
    )
    expect(bodies.join('').match(/200 OK/g)).toHaveLength(connections * 12)
    await seen.ended(connections * 12)
    await seen.idle()
    const expected = new Map(seen.serverSpans().map((span) => [span.attributes['url.path'], span.spanContext().spanId]))
    expect(expected.size).toBe(connections * 12)
    for (const [path, spanId] of expected) {
      expect([...(found.get(String(path)) ?? [])], String(path)).toEqual([spanId])
      expect(places.get(String(path))).toEqual(
        new Set(['handler', 'data', 'end', 'timer', 'promise', 'finish', 'close']),
      )
    }
  })

  test('does not leak out of the request: what runs beside it has none', async () => {
    const seen = observe()
    const server = createServer((_req, res) => res.end())
    const port = await listen(server)
    const leaks: unknown[] = []
    server.on('connection', () => leaks.push(trace.getActiveSpan()))
    const timer = setInterval(() => leaks.push(trace.getActiveSpan()), 1)
    for (let round = 0; round < 20; round++) await request(port, 'GET', '/')
    clearInterval(timer)
    await seen.ended(20)
    expect(new Set(leaks)).toEqual(new Set([undefined]))
  })

  test('reaches the spans that handlers make, in a listener of the body as well', async () => {
    const seen = observe()
    const tracer = seen.tracerProvider.getTracer('app')
    const port = await listen(
      createServer((req, res) => {
        req.resume().on('end', () => {
          tracer.startSpan('work').end()
          res.end()
        })
      }),
    )
    await request(port, 'POST', '/')
    await seen.ended(1)
    const [work, server] = seen.spans() as [ReadableSpan, ReadableSpan]
    expect(work.parentSpanContext?.spanId).toBe(server.spanContext().spanId)
  })
})

test('a server whose emit was replaced, without a server span, has ours around its handlers from the second request on', async () => {
  const seen = observe()
  const ids: (string | undefined)[] = []
  const server = createServer((_req, res) => {
    ids.push(spanIdOf(context.active()))
    res.end()
  })
  const { emit } = server as { emit: (...args: unknown[]) => boolean }
  server.emit = (...args: unknown[]) => Reflect.apply(emit, server, args)
  const port = await listen(server)
  for (let round = 0; round < 3; round++) await request(port, 'GET', '/')
  await seen.ended(3)
  const spanIds = seen.serverSpans().map((span) => span.spanContext().spanId)
  expect([new Set(spanIds).size, ids]).toEqual([3, [undefined, spanIds[1], spanIds[2]]])
})

test('a request that another instrumentation keeps from being traced has no span of ours, and is counted', async () => {
  const seen = observe()
  const server = createServer((_req, res) => res.end())
  const { emit } = server as { emit: (...args: unknown[]) => boolean }
  server.emit = (...args: unknown[]) => context.with(suppressTracing(ROOT_CONTEXT), emit, server, ...args)
  const port = await listen(server)
  for (let round = 0; round < 2; round++) await request(port, 'GET', '/')
  await seen.ended(2)
  expect([seen.spans(), await seen.counts()]).toEqual([[], { 'GET unmatched 200': 2 }])
})

test('a route that another instrumentation finds for our span is the endpoint', async () => {
  const seen = observe()
  const port = await listen(
    createServer((_req, res) => {
      Object.assign(getRPCMetadata(context.active()) ?? {}, { route: '/orgs/:org' })
      res.end()
    }),
  )
  await request(port, 'GET', '/orgs/acme')
  await seen.ended(1)
  expect(await seen.counts()).toEqual({ 'GET /orgs/:org 200': 1 })
  expect(seen.serverSpans()[0]?.name).toBe('GET /orgs/:org')
})

test('the server span of another instrumentation is left to it, and it is told the route', async () => {
  const seen = observe({ routes: ['/users/:id'] })
  const server = createServer((_req, res) => res.end())
  const { emit } = server as { emit: (...args: unknown[]) => boolean }
  const told: RPCMetadata[] = []
  server.emit = (...args: unknown[]) => {
    if (args[0] !== 'request') return Reflect.apply(emit, server, args)
    const span = seen.tracerProvider.getTracer('theirs').startSpan('theirs', { kind: SpanKind.SERVER })
    const metadata: RPCMetadata = { type: RPCType.HTTP, span }
    told.push(metadata)
    return context.with(setRPCMetadata(trace.setSpan(ROOT_CONTEXT, span), metadata), emit, server, ...args)
  }
  await request(await listen(server), 'GET', '/users/5')
  await seen.ended(1)
  told[0]?.span.end()
  expect(told[0]?.route).toBe('/users/:id')
  expect(seen.spans().map(({ name }) => name)).toEqual(['theirs'])
})

test('a sampler that drops everything leaves the metrics whole', async () => {
  const seen = observe({ sampler: new AlwaysOffSampler() })
  const port = await listen(createServer((_req, res) => res.end()))
  await request(port, 'GET', '/')
  await seen.ended(1)
  expect([seen.spans(), await seen.counts()]).toEqual([[], { 'GET unmatched 200': 1 }])
})

test('a tracer that throws harms nobody, and nothing of the request is kept', async () => {
  const given: (SpanOptions | undefined)[] = []
  const tracer = {
    startSpan(_name: string, options?: SpanOptions): never {
      given.push(options)
      throw new Error('no')
    },
  }
  const seen = observe({ tracerProvider: { getTracer: () => tracer as unknown as Tracer } })
  const port = await listen(createServer((_req, res) => res.end('fine')))
  expect(await request(port, 'GET', '/')).toEqual({ status: 200, body: 'fine' })
  await seen.ended(1)
  expect(await seen.counts()).toEqual({ 'GET unmatched 200': 1 })
  // These options are those of all requests; what a span that begins late is given is its own.
  expect(given[0]?.attributes).toEqual({})
})

/** Notes which span is active in every event and callback of a handler. */
function noting(note: (path: string, where: string, spanId: string | undefined) => void): RequestListener {
  return (req, res) => {
    const path = req.url ?? ''
    const here = (where: string) => note(path, where, spanIdOf(context.active()))
    here('handler')
    req.on('data', () => here('data'))
    req.on('end', async () => {
      here('end')
      await setTimeout(Number(path.slice(-1)))
      here('timer')
      await Promise.resolve()
      here('promise')
      res.end(path)
    })
    res.on('finish', () => here('finish'))
    res.on('close', () => here('close'))
  }
}

function post(path: string, isLast: boolean): string {
  const connection = isLast ? 'Connection: close\r\n' : ''
  return `POST ${path} HTTP/1.1\r\nHost: t\r\nContent-Length: 4\r\n${connection}\r\nbody`
}
