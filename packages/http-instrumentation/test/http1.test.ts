import { once } from 'node:events'
import type { EventEmitter } from 'node:events'
import { createServer, IncomingMessage, ServerResponse } from 'node:http'
import type { RequestListener } from 'node:http'
import type { Socket } from 'node:net'

import { describe, expect, test } from 'vitest'

import { setRoute } from '../src/index.ts'
import { observe } from './support/observation.ts'
import { exchangeText, listen, open, readToEnd, readUntil } from './support/servers.ts'

const get = (path: string, headers = '') => `GET ${path} HTTP/1.1\r\nHost: test\r\n${headers}\r\n`
const CLOSE = 'Connection: close\r\n'
/** Where a connection keeps the requests that wait for others. */
const QUEUED = Symbol.for('@mcp/otel/http-queued-exchanges')

describe('what is sent over HTTP/1 is what is counted', () => {
  test('a response is counted with its status as sent', async () => {
    const seen = observe({ routes: ['/ok'] })
    const port = await listen(createServer((_req, res) => res.writeHead(201).end('made')))
    await exchangeText(port, get('/ok?token=1', CLOSE))
    await seen.ended(1)
    expect(await seen.counts()).toEqual({ 'GET /ok 201': 1 })
    expect(await seen.durations()).toEqual({ 'GET /ok': 1 })
    expect(seen.requests[0]).toMatchObject({ method: 'GET', path: '/ok', route: '/ok', status: 201 })
    await seen.idle()
  })

  test('HEAD, HTTP/1.0 and keep-alive requests count once each', async () => {
    const seen = observe()
    const port = await listen(createServer((_req, res) => res.end('body')))
    const text = `HEAD /a HTTP/1.1\r\nHost: t\r\n\r\n${get('/b')}${get('/c', CLOSE)}`
    expect((await exchangeText(port, text)).match(/HTTP\/1.1 200/g)).toHaveLength(3)
    await exchangeText(port, 'GET /d HTTP/1.0\r\n\r\n')
    await seen.ended(4)
    expect(await seen.counts()).toEqual({ 'HEAD unmatched 200': 1, 'GET unmatched 200': 3 })
    await seen.idle()
  })

  test('a client that leaves before the headers is 499, and the client may leave in any way', async () => {
    const seen = observe()
    const server = createServer(() => {})
    const port = await listen(server)
    for (const leave of [(s: Socket) => s.destroy(), (s: Socket) => s.end(), (s: Socket) => s.resetAndDestroy()]) {
      const socket = await open(port)
      socket.write(get('/slow'))
      await once(server, 'request')
      leave(socket)
      await seen.ended(seen.requests.length + 1)
    }
    expect(await seen.counts()).toEqual({ 'GET unmatched 499': 3 })
    expect(await seen.errors()).toEqual({})
    await seen.idle()
  })

  test('an event stream that the client leaves keeps the status it was sent with', async () => {
    const seen = observe()
    const port = await listen(
      createServer((_req, res) => res.writeHead(200, { 'content-type': 'text/event-stream' }).write('data: 1\n\n')),
    )
    const socket = await open(port)
    socket.write(get('/events'))
    await readUntil(socket, 'data: 1')
    expect(await seen.active()).toEqual({ requests: 1, connections: 1 })
    socket.destroy()
    await seen.ended(1)
    expect(await seen.counts()).toEqual({ 'GET unmatched 200': 1 })
    expect(await seen.errors()).toEqual({})
    await seen.idle()
  })

  test('a server that closes the connection without a response is 444 and an error', async () => {
    const seen = observe()
    const port = await listen(
      createServer((req) => req.socket.destroy(req.url === '/error' ? new TypeError('broken') : undefined)),
    )
    expect(await exchangeText(port, get('/'))).toBe('')
    expect(await exchangeText(port, get('/error'))).toBe('')
    await seen.ended(2)
    expect(await seen.counts()).toEqual({ 'GET unmatched 444': 2 })
    expect(await seen.errors()).toEqual({ no_response: 2 })
    await seen.idle()
  })

  test('a response that the server breaks off keeps its status and is an error', async () => {
    const seen = observe()
    const port = await listen(
      createServer((_req, res) => {
        res.writeHead(200, { 'content-length': '100' })
        res.write('half', () => res.destroy(new TypeError('broken')))
      }),
    )
    await exchangeText(port, get('/'))
    await seen.ended(1)
    expect(await seen.counts()).toEqual({ 'GET unmatched 200': 1 })
    expect(await seen.errors()).toEqual({ TypeError: 1 })
    await seen.idle()
  })

  test('a response that is broken off with the error of another connection, as a proxy does, is an error of the server', async () => {
    const seen = observe()
    const upstream = Object.assign(new RangeError('read ECONNRESET'), { syscall: 'read' })
    const port = await listen(
      createServer((_req, res) => {
        res.writeHead(200, { 'content-length': '100' })
        res.write('half', () => res.destroy(upstream))
      }),
    )
    await exchangeText(port, get('/'))
    await seen.ended(1)
    expect(await seen.errors()).toEqual({ RangeError: 1 })
  })

  test('what Node answers by itself counts: no Host 400, too many requests 503, an unknown expectation 417', async () => {
    const seen = observe()
    const server = createServer((_req, res) => res.end())
    server.maxRequestsPerSocket = 1
    const port = await listen(server)
    await exchangeText(port, 'GET / HTTP/1.1\r\n\r\n')
    await exchangeText(port, get('/', 'Expect: miracles\r\nConnection: close\r\n'))
    await exchangeText(port, get('/') + get('/', CLOSE))
    await seen.ended(4)
    expect(await seen.counts()).toEqual({
      'GET unmatched 400': 1,
      'GET unmatched 417': 1,
      'GET unmatched 200': 1,
      'GET unmatched 503': 1,
    })
    await seen.idle()
  })

  test('what is no HTTP at all counts by the status that it is refused with, without a duration', async () => {
    const seen = observe()
    const port = await listen(createServer((_req, res) => res.end()))
    expect(await exchangeText(port, 'garbage\r\n\r\n')).toContain('400')
    expect(await exchangeText(port, get('/', `X: ${'x'.repeat(20_000)}\r\n`))).toContain('431')
    expect(await seen.counts()).toEqual({ '_OTHER unmatched 400': 1, '_OTHER unmatched 431': 1 })
    expect(await seen.durations()).toEqual({})
    await seen.idle()
  })

  test("an application's own answer to what cannot be read is the one that counts", async () => {
    const seen = observe()
    const server = createServer()
    server.on('clientError', (_error, socket) => socket.end('HTTP/1.1 418 Teapot\r\n\r\n'))
    const port = await listen(server)
    expect(await exchangeText(port, 'garbage\r\n\r\n')).toContain('418')
    expect(await seen.counts()).toEqual({ '_OTHER unmatched 418': 1 })
  })

  test('what an application writes to a client whose connection broke counts as nothing', async () => {
    const seen = observe()
    const server = createServer()
    const socket = await open(await listen(server))
    const broken = once(server, 'clientError') as Promise<[NodeJS.ErrnoException, Socket]>
    server.on('clientError', (_error, connection) => connection.end('HTTP/1.1 400 Bad Request\r\n\r\n'))
    socket.write('GET / HT', () => socket.resetAndDestroy())
    const [error] = await broken
    expect(error.code).toBe('ECONNRESET')
    expect(await seen.counts()).toEqual({})
  })

  test('a body that breaks the protocol makes Node answer 400 for the request that is being handled', async () => {
    const seen = observe()
    const port = await listen(createServer((req) => req.resume()))
    const text = 'POST / HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\nnonsense\r\n'
    expect(await exchangeText(port, text)).toContain('400')
    await seen.ended(1)
    expect(await seen.counts()).toEqual({ 'POST unmatched 400': 1 })
    await seen.idle()
  })

  test('a request whose body does not come in time is 408, as Node answers it', async () => {
    const seen = observe()
    const server = createServer(
      { requestTimeout: 400, headersTimeout: 300, connectionsCheckingInterval: 10 },
      (req) => {
        req.resume()
      },
    )
    const port = await listen(server)
    expect(await exchangeText(port, 'POST / HTTP/1.1\r\nHost: t\r\nContent-Length: 5\r\n\r\nab')).toContain('408')
    await seen.ended(1)
    expect(await exchangeText(port, 'POST / HTTP/1.1\r\nHo')).toContain('408')
    expect(await seen.counts()).toEqual({ 'POST unmatched 408': 1, '_OTHER unmatched 408': 1 })
    await seen.idle()
  })

  test('pipelined responses that wait when the connection breaks are settled too', async () => {
    const seen = observe()
    const responses: ServerResponse[] = []
    const server = createServer((_req, res) => void responses.push(res))
    const port = await listen(server)
    const socket = await open(port)
    socket.write(get('/1') + get('/2') + get('/3'))
    while (responses.length < 3) await once(server, 'request')
    responses[2]?.end('third')
    socket.destroy()
    await seen.ended(3)
    expect(await seen.counts()).toEqual({ 'GET unmatched 499': 2, 'GET unmatched 200': 1 })
    await seen.idle()
  })

  test('of pipelined requests that are answered nothing is kept with their connection', async () => {
    const seen = observe()
    const server = createServer((_req, res) => res.end())
    const connection = once(server, 'connection') as Promise<[Socket & { [QUEUED]?: Set<unknown> }]>
    const socket = await open(await listen(server))
    socket.write(get('/1') + get('/2') + get('/3'))
    await seen.ended(3)
    const [{ [QUEUED]: queued }] = await connection
    expect(queued).toEqual(new Set())
    socket.destroy()
    await seen.idle()
  })

  test.each([
    ['/a?b', '/a'],
    ['/a#b?c', '/a'],
    ['http://test', '/'],
    ['http://test?b', '/'],
    ['http://test/a', '/a'],
  ])('the path of %s is %s', async (target, path) => {
    const seen = observe()
    const port = await listen(createServer((_req, res) => res.end()))
    await exchangeText(port, get(target, CLOSE))
    await seen.ended(1)
    expect(seen.requests[0]).toMatchObject({ path })
  })

  test('100-continue is no status, and the handler runs once', async () => {
    const seen = observe()
    let calls = 0
    const listener: RequestListener = (req, res) => {
      calls++
      req.resume().on('end', () => res.end('done'))
    }
    const port = await listen(createServer(listener))
    const socket = await open(port)
    socket.write('POST / HTTP/1.1\r\nHost: t\r\nExpect: 100-continue\r\nContent-Length: 2\r\nConnection: close\r\n\r\n')
    await readUntil(socket, '100 Continue')
    socket.write('ok')
    expect(await readToEnd(socket)).toContain('200 OK')
    await seen.ended(1)
    expect([calls, await seen.counts()]).toEqual([1, { 'POST unmatched 200': 1 }])
  })

  test('a method that the conventions do not know is _OTHER', async () => {
    const seen = observe()
    const port = await listen(createServer((_req, res) => res.end()))
    await exchangeText(port, 'PROPFIND / HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n')
    await seen.ended(1)
    expect(await seen.counts()).toEqual({ '_OTHER unmatched 200': 1 })
    expect(seen.serverSpans()[0]).toMatchObject({
      name: 'HTTP',
      attributes: { 'http.request.method': '_OTHER', 'http.request.method_original': 'PROPFIND' },
    })
  })
})

describe('upgrades', () => {
  test('an upgrade counts once, as 101, and its connection goes on being one', async () => {
    const seen = observe()
    const server = createServer((_req, res) => res.end())
    server.on('upgrade', (req, socket) => {
      setRoute(req, '/chat')
      socket.write('HTTP/1.1 103 Early ')
      socket.write('Hints\r\n\r\n')
      socket.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n')
      socket.on('data', (chunk) => socket.end(chunk))
    })
    const port = await listen(server)
    const socket = await open(port)
    socket.write(get('/chat/7', 'Upgrade: x\r\nConnection: Upgrade\r\n'))
    await readUntil(socket, 'Upgrade: x')
    await seen.ended(1)
    expect(await seen.active()).toEqual({ requests: 0, connections: 1 })
    socket.write('HTTP/1.1 500 not a status any more\r\n\r\n')
    await readToEnd(socket)
    await seen.idle()
    expect(await seen.counts()).toEqual({ 'GET /chat 101': 1 })
    expect(seen.serverSpans()).toHaveLength(1)
  })

  test('an upgraded socket that may have any number of listeners goes on having them', async () => {
    const seen = observe()
    const limits: number[] = []
    const server = createServer()
    server.on('connection', (socket) => socket.setMaxListeners(0))
    server.on('upgrade', (_req, socket) => {
      limits.push(socket.getMaxListeners())
      socket.end('HTTP/1.1 401 Unauthorized\r\n\r\n')
    })
    await exchangeText(await listen(server), get('/', 'Upgrade: x\r\nConnection: Upgrade\r\n'))
    await seen.ended(1)
    expect(limits).toEqual([0])
  })

  test('a refused upgrade counts with the status of the refusal', async () => {
    const seen = observe()
    const server = createServer()
    server.on('upgrade', (_req, socket) => socket.end('HTTP/1.1 401 Unauthorized\r\n\r\n'))
    const port = await listen(server)
    expect(await exchangeText(port, get('/', 'Upgrade: x\r\nConnection: Upgrade\r\n'))).toContain('401')
    await seen.ended(1)
    expect(await seen.counts()).toEqual({ 'GET unmatched 401': 1 })
    await seen.idle()
  })

  test('CONNECT counts with the status that the proxy writes', async () => {
    const seen = observe()
    const server = createServer()
    server.on('connect', (_req, socket) => socket.end('HTTP/1.1 200 Connection Established\r\n\r\n'))
    const port = await listen(server)
    await exchangeText(port, 'CONNECT example.test:443 HTTP/1.1\r\nHost: example.test\r\n\r\n')
    await seen.ended(1)
    expect(await seen.counts()).toEqual({ 'CONNECT unmatched 200': 1 })
    await seen.idle()
  })
})

describe('events that nobody listens to', () => {
  test('are the same as without us for an app whose requests and responses have an emit of their own', async () => {
    const emitted: unknown[] = []
    const note = (kind: string, prototype: EventEmitter) => {
      const { emit } = prototype as { emit: (...args: unknown[]) => boolean }
      prototype.emit = function (...args) {
        emitted.push(`${kind} ${String(args[0])}`)
        return Reflect.apply(emit, this, args)
      }
    }
    class Request extends IncomingMessage {}
    class Response extends ServerResponse<Request> {}
    note('request', Request.prototype)
    note('response', Response.prototype)
    const server = createServer({ IncomingMessage: Request, ServerResponse: Response }, (_req, res) => res.end('ok'))
    const port = await listen(server)
    const eventsOfRequest = async () => {
      await exchangeText(port, get('/', CLOSE))
      return emitted.splice(0)
    }
    const without = await eventsOfRequest()
    const seen = observe()
    expect(await eventsOfRequest()).toEqual(without)
    expect(without).toContain('response prefinish')
    await seen.idle()
  })

  test('are thrown where they are errors', async () => {
    const seen = observe()
    const thrown: unknown[] = []
    const port = await listen(
      createServer((req, res) => {
        for (const emitter of [req, res]) {
          try {
            emitter.emit('error', 'nobody listens')
          } catch (error) {
            thrown.push((error as { context?: unknown }).context)
          }
        }
        res.end()
      }),
    )
    await exchangeText(port, get('/', CLOSE))
    expect(thrown).toEqual(['nobody listens', 'nobody listens'])
    await seen.idle()
  })
})
