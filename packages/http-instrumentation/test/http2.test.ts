import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { connect, constants, createSecureServer, createServer } from 'node:http2'
import type {
  ClientHttp2Session,
  ClientHttp2Stream,
  IncomingHttpHeaders,
  IncomingHttpStatusHeader,
  OutgoingHttpHeaders,
} from 'node:http2'
import { get as httpsGet, createServer as createHttpsServer } from 'node:https'

import { context, trace } from '@opentelemetry/api'
import { describe, expect, onTestFinished, test } from 'vitest'

import { setRoute } from '../src/index.ts'
import { CERTIFICATE } from './support/certificate.ts'
import { observe } from './support/observation.ts'
import { listen } from './support/servers.ts'

/** Opens a session until the test is over. */
function session(port: number, scheme = 'http'): ClientHttp2Session {
  const client = connect(`${scheme}://127.0.0.1:${port}`, { rejectUnauthorized: false })
  client.on('error', () => {})
  onTestFinished(() => client.destroy())
  return client
}

/** Makes one request and reads its response to the end. */
async function call(client: ClientHttp2Session, headers: OutgoingHttpHeaders): Promise<number | undefined> {
  const stream = client.request(headers)
  stream.end()
  const [response] = (await once(stream, 'response')) as [IncomingHttpHeaders & IncomingHttpStatusHeader]
  stream.resume()
  if (!stream.closed) await once(stream, 'close')
  return response[':status']
}

describe('HTTP/2', () => {
  test('requests of the compatibility API count once each, in the clear and over TLS', async () => {
    for (const [scheme, server] of [
      ['http', createServer()],
      ['https', createSecureServer(CERTIFICATE)],
    ] as const) {
      const seen = observe({ routes: ['/users/:id'] })
      server.on('request', (req, res) => void res.writeHead(req.url === '/users/1' ? 200 : 404).end('body'))
      const client = session(await listen(server), scheme)
      expect(await call(client, { ':path': '/users/1' })).toBe(200)
      expect(await call(client, { ':path': '/users/1', ':method': 'HEAD' })).toBe(200)
      expect(await call(client, { ':path': '/x?y', ':method': 'POST' })).toBe(404)
      await seen.ended(3)
      expect(await seen.counts()).toEqual({
        'GET /users/:id 200': 1,
        'HEAD /users/:id 200': 1,
        'POST unmatched 404': 1,
      })
      expect(await seen.active()).toEqual({ requests: 0, connections: 1 })
      expect(seen.serverSpans()[0]?.attributes).toMatchObject({
        'network.protocol.version': '2',
        'url.scheme': scheme,
        'url.path': '/users/1',
        'server.address': '127.0.0.1',
        'network.peer.address': '127.0.0.1',
      })
      client.close()
      await seen.idle()
      seen.instrumentation.disable()
    }
  })

  test('streams run in the context of their own span, in every event, and take a route', async () => {
    const seen = observe()
    const server = createServer()
    const found: [string, string | undefined][] = []
    server.on('stream', (stream, headers) => {
      const here = () => found.push([String(headers[':path']), trace.getSpan(context.active())?.spanContext().spanId])
      here()
      setRoute(stream, '/jobs/:id')
      stream.on('data', here)
      stream.on('end', () => {
        here()
        stream.respond({ ':status': 202 })
        stream.end()
      })
      stream.on('close', here)
    })
    const client = session(await listen(server))
    const paths = ['/jobs/1', '/jobs/2', '/jobs/3']
    for (const path of paths) client.request({ ':path': path, ':method': 'POST' }).resume().end('body')
    await seen.ended(3)
    expect(await seen.counts()).toEqual({ 'POST /jobs/:id 202': 3 })
    for (const span of seen.serverSpans()) {
      const ids = found.filter(([path]) => path === span.attributes['url.path']).map(([, id]) => id)
      expect(ids).toEqual(Array.from({ length: 4 }, () => span.spanContext().spanId))
    }
  })

  test('a stream that the client resets is 499 before the headers, and keeps its status after', async () => {
    const seen = observe()
    const server = createServer()
    server.on('stream', (stream, headers) => {
      stream.on('error', () => {})
      if (headers[':path'] === '/events') stream.respond({ ':status': 200 })
    })
    const client = session(await listen(server))
    const silent = client.request({ ':path': '/silent' })
    await once(server, 'stream')
    silent.close(constants.NGHTTP2_CANCEL)
    const events = client.request({ ':path': '/events' })
    await once(events, 'response')
    events.close(constants.NGHTTP2_CANCEL)
    await seen.ended(2)
    expect(await seen.counts()).toEqual({ 'GET unmatched 499': 1, 'GET unmatched 200': 1 })
    expect(await seen.errors()).toEqual({})
  })

  test('a session that breaks settles all its streams as 499', async () => {
    const seen = observe()
    const server = createServer()
    server.on('stream', (stream) => void stream.on('error', () => {}))
    const client = session(await listen(server))
    for (let index = 0; index < 3; index++) client.request({ ':path': '/' }).on('error', () => {})
    await once(server, 'stream')
    client.destroy()
    await seen.ended(3)
    expect(await seen.counts()).toEqual({ 'GET unmatched 499': 3 })
    await seen.idle()
  })

  test('a stream that the server gives up without headers is 444 and an error', async () => {
    const seen = observe()
    const server = createServer()
    server.on('stream', (stream, headers) => {
      stream.on('error', () => {})
      if (headers[':path'] === '/error') stream.destroy(new RangeError('no'))
      else stream.close(Number(String(headers[':path']).slice(1)))
    })
    const client = session(await listen(server))
    const reasons = [
      constants.NGHTTP2_INTERNAL_ERROR,
      constants.NGHTTP2_REFUSED_STREAM,
      constants.NGHTTP2_ENHANCE_YOUR_CALM,
      constants.NGHTTP2_HTTP_1_1_REQUIRED,
    ]
    for (const path of ['error', ...reasons]) client.request({ ':path': `/${path}` }).on('error', () => {})
    await seen.ended(5)
    expect(await seen.counts()).toEqual({ 'GET unmatched 444': 5 })
    expect(await seen.errors()).toEqual({ RangeError: 1, no_response: 4 })
  })

  test('a CONNECT has no path, so that what it asks for is its authority', async () => {
    const seen = observe()
    const server = createServer((_req, res) => void res.end())
    server.on('connect', (_req, res) => void res.end())
    const client = session(await listen(server))
    await call(client, { ':method': 'CONNECT', ':authority': 'example.test:443' })
    await seen.ended(1)
    expect(seen.requests).toMatchObject([{ method: 'CONNECT', path: 'example.test:443', status: 200 }])
  })

  test('what the server pushes is no request', async () => {
    const seen = observe()
    const server = createServer()
    server.on('stream', (stream) => {
      stream.pushStream({ ':path': '/pushed' }, (_error, pushed) => {
        pushed.respond({ ':status': 200 })
        pushed.end('pushed')
        stream.respond({ ':status': 200 })
        stream.end()
      })
    })
    const client = session(await listen(server))
    const pushed = once(client, 'stream') as Promise<[ClientHttp2Stream]>
    await call(client, { ':path': '/' })
    const [stream] = await pushed
    await once(stream.resume(), 'close')
    await seen.ended(1)
    client.close()
    await seen.idle()
    expect(await seen.counts()).toEqual({ 'GET unmatched 200': 1 })
  })

  test('a server that speaks both counts HTTP/1 and HTTP/2 alike', async () => {
    const seen = observe()
    const server = createSecureServer({ ...CERTIFICATE, allowHTTP1: true }, (_req, res) => void res.end('ok'))
    const port = await listen(server)
    await call(session(port, 'https'), { ':path': '/' })
    await getOverTls(port)
    await seen.ended(2)
    expect(await seen.counts()).toEqual({ 'GET unmatched 200': 2 })
    expect(seen.serverSpans().map((span) => span.attributes['network.protocol.version'])).toEqual(['2', '1.1'])
  })
})

test('HTTPS requests count, and each TLS connection is one connection', async () => {
  const seen = observe()
  const during: unknown[] = []
  const server = createHttpsServer(CERTIFICATE, async (_req, res) => {
    during.push(await seen.active())
    res.end()
  })
  await getOverTls(await listen(server))
  await seen.ended(1)
  expect(during).toEqual([{ requests: 1, connections: 1 }])
  expect(await seen.counts()).toEqual({ 'GET unmatched 200': 1 })
  expect(seen.serverSpans()[0]?.attributes).toMatchObject({ 'url.scheme': 'https' })
  await seen.idle()
})

async function getOverTls(port: number): Promise<void> {
  const outgoing = httpsGet({ host: '127.0.0.1', port, rejectUnauthorized: false, agent: false })
  const [response] = (await once(outgoing, 'response')) as [IncomingMessage]
  response.resume()
  await once(response, 'end')
}
