import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { connect, type Socket } from 'node:net'
import { networkInterfaces } from 'node:os'
import { setImmediate } from 'node:timers/promises'
import { promisify } from 'node:util'

import { processMeters, readConfig, type Config } from '@mcp/otel-core'
import { createHealth } from '@mcp/otel-health'
import { diag } from '@opentelemetry/api'
import express from 'express'
import fastify from 'fastify'
import Koa from 'koa'
import { afterEach, describe, expect, test, vi } from 'vitest'

import { sendRaw } from '../../../test/support/raw-http.ts'
import { serve } from '../../../test/support/serve.ts'
import {
  createEndpointHandler,
  endpointPaths,
  requestPath,
  type EndpointHandler,
} from '../src/endpoint/create-handler.ts'
import { openEndpoint, type EndpointServer } from '../src/endpoint/endpoint-server.ts'
import { startHealth } from '../src/health/start-health.ts'

const answering = (text: string) => (_request: IncomingMessage, response: ServerResponse) => {
  response.setHeader('Cache-Control', 'no-store')
  response.end(text)
  return true
}

const { owns, paths } = createHealth({ memory: false, eventLoop: false })
const health = { owns, paths, handler: answering('the health') }

const handlerWith = (token?: string): EndpointHandler =>
  createEndpointHandler({
    metrics: async (request, response) => void answering('the page')(request as never, response as never),
    health,
    token,
  })

const opened: EndpointServer[] = []
async function open(settings: Partial<Config['endpoint']> = {}, handler = handlerWith()): Promise<EndpointServer> {
  const endpoint = openEndpoint(
    { ...readConfig().config.endpoint, port: 0, ...settings },
    handler,
    endpointPaths(health),
  )
  opened.push(endpoint)
  await endpoint.ready
  return endpoint
}

afterEach(async () => {
  vi.useRealTimers()
  diag.disable()
  await Promise.all(opened.splice(0).map((endpoint) => endpoint.close()))
})

/** What is said through diag while `run` runs. */
async function saidDuring(run: () => Promise<unknown>): Promise<string[]> {
  const said: string[] = []
  const say = (text: string) => void said.push(text)
  diag.setLogger({ error: say, warn: say, info() {}, debug() {}, verbose() {} }, { suppressOverrideMessage: true })
  await run()
  return said
}

describe('the endpoint on its own port', () => {
  test.each([
    ['/metrics', 'the page'],
    ['/metrics/', 'the page'],
    ['/metrics?name[]=x', 'the page'],
    ['/health', 'the health'],
    ['/health/', 'the health'],
    ['/livez', 'the health'],
    ['/readyz?verbose', 'the health'],
    ['/startupz', 'the health'],
  ])('%s answers with %s', async (path, text) => {
    const { url } = await open()
    const response = await fetch(url + path)
    expect([response.status, await response.text()]).toEqual([200, text])
  })

  test('the index lists what there is, and so does a 404', async () => {
    const { url } = await open()
    const index = await fetch(`${url}/`)
    expect([index.status, await index.text()]).toEqual([200, '/metrics\n/health\n/livez\n/readyz\n/startupz\n'])
    expect(index.headers.get('cache-control')).toBe('no-store')
    const missing = await fetch(`${url}/metric`)
    expect([missing.status, await missing.text()]).toEqual([
      404,
      'not found; there is\n/metrics\n/health\n/livez\n/readyz\n/startupz\n',
    ])
  })

  test('the index takes GET and HEAD only', async () => {
    const { url } = await open()
    const head = await fetch(`${url}/`, { method: 'HEAD' })
    expect([head.status, await head.text()]).toEqual([200, ''])
    const post = await fetch(`${url}/`, { method: 'POST', body: 'x' })
    expect([post.status, post.headers.get('allow')]).toEqual([405, 'GET, HEAD'])
  })

  test('a handler that throws answers 500, says so, and the server lives on', async () => {
    const broken = createEndpointHandler({
      metrics: () => Promise.reject(new Error('it broke')),
      health,
      token: undefined,
    })
    const { url } = await open({}, broken)
    const said = await saidDuring(async () => expect((await fetch(`${url}/metrics`)).status).toBe(500))
    expect(said).toEqual(['/metrics could not be answered: it broke'])
    const faults = processMeters().provider.readSeries('mcp.telemetry.faults')
    expect(faults.filter(({ attributes }) => attributes['source'] === 'endpoint')).toMatchObject([{ value: 1 }])
    expect((await fetch(`${url}/health`)).status).toBe(200)
  })

  test('a request that health declines after all answers 404', async () => {
    const declining = createEndpointHandler({
      metrics: async () => {},
      health: { ...health, handler: () => false },
      token: undefined,
    })
    const { url } = await open({}, declining)
    const response = await fetch(`${url}/health/group`)
    expect([response.status, await response.text()]).toEqual([404, 'not found\n'])
  })

  test('a request that is no HTTP is refused, and the server lives on', async () => {
    const { url } = await open()
    expect(await sendRaw(url!, 'nonsense\r\n\r\n')).toMatch(/^HTTP\/1.1 400 /)
    expect((await fetch(`${url}/health`)).status).toBe(200)
  })

  test('one that is closed at once never listens', async () => {
    const endpoint = openEndpoint({ ...readConfig().config.endpoint, port: 0 }, handlerWith(), [])
    const events: string[] = []
    for (const event of ['listening', 'error']) endpoint.server.on(event, () => events.push(event))
    await endpoint.close()
    expect(await endpoint.ready).toBeUndefined()
    await setImmediate()
    expect([events, endpoint.server.listening]).toEqual([[], false])
  })

  test('one that is closed while its host is looked up does not go on listening', async () => {
    const endpoint = openEndpoint({ ...readConfig().config.endpoint, host: 'localhost', port: 0 }, handlerWith(), [])
    const listening = once(endpoint.server, 'listening')
    await new Promise<void>((resolve) => process.nextTick(resolve))
    expect(endpoint.server.listening).toBe(false)
    await endpoint.close()
    expect(await endpoint.ready).toBeUndefined()
    await listening
    if (endpoint.server.listening) await once(endpoint.server, 'close')
    expect([endpoint.url, endpoint.server.listening]).toEqual([undefined, false])
  })

  test('no more connections are held than allowed', async () => {
    const { server, url } = await open({ maxConnections: 2 })
    const { hostname, port } = new URL(url!)
    const taken: string[] = []
    for (const event of ['connection', 'drop']) server.on(event, () => taken.push(event))
    const sockets = [0, 1, 2].map(() => connect(Number(port), hostname).on('error', () => {}))
    await vi.waitUntil(() => taken.length === sockets.length)
    expect(taken.toSorted()).toEqual(['connection', 'connection', 'drop'])
    for (const socket of sockets) socket.destroy()
  })

  test('closing it waits for no client, however silent', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    const endpoint = await open()
    const { hostname, port } = new URL(endpoint.url!)
    const accepted = once(endpoint.server, 'connection')
    const socket = connect(Number(port), hostname).on('error', () => {})
    await accepted
    const closed = once(socket.resume(), 'close')
    await endpoint.close()
    await closed
    expect([endpoint.url, endpoint.server.listening]).toEqual([undefined, false])
  })

  test.runIf(networkInterfaces()['lo']?.some(({ family }) => family === 'IPv6'))(
    'has an address of IPv6 in brackets',
    async () => {
      const { url } = await open({ host: '::1' })
      expect(url).toMatch(/^http:\/\/\[::1\]:\d+$/)
      expect((await fetch(`${url}/health`)).status).toBe(200)
    },
  )

  test('a client that sends nothing, or no whole request, is not waited for longer than the limits that the server has', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    const { server, url } = await open()
    expect(server.headersTimeout).toBeLessThanOrEqual(5000)
    expect(server.requestTimeout).toBeLessThanOrEqual(10_000)
    const { hostname, port } = new URL(url!)
    const sockets = ['', 'GET / HTTP/1.1\r\nHost: x', 'GET / HTTP/1.1\r\nHost: x\r\n\r\n'].map((sent) => {
      const socket = connect(Number(port), hostname)
      socket.write(sent)
      return socket
    })
    const [silent, slow, asked] = sockets as [Socket, Socket, Socket]
    await Promise.all([...sockets.slice(0, 2).map((socket) => once(socket, 'connect')), once(asked, 'data')])
    const accepted = promisify(server.getConnections.bind(server))
    while ((await accepted()) < sockets.length) await setImmediate()
    const ends = [silent, slow].map((socket) => once(socket, 'close'))
    vi.advanceTimersByTime(10_000)
    await Promise.all(ends)
    expect(asked.destroyed).toBe(false)
    asked.destroy()
  })
})

describe('the path of a request', () => {
  test.each([
    [undefined, '/'],
    ['', '/'],
    ['/metrics', '/metrics'],
    ['/metrics//?x=/y/#z', '/metrics'],
    ['http://host:1/metrics/', '/metrics'],
    ['http://host', '/'],
    ['//', '/'],
  ])('%s is %s', (url, path) => {
    expect(requestPath(url)).toBe(path)
  })

  test('a target of slashes alone takes no time that grows with its square', () => {
    const slashes = '/'.repeat(200_000)
    expect(requestPath(`${slashes}x`)).toBe(`${slashes}x`)
    expect(requestPath(slashes)).toBe('/')
  })
})

describe('a bearer token', () => {
  test.each([
    [undefined, 401],
    ['Bearer wrong', 401],
    ['Bearer secre', 401],
    ['Basic c2VjcmV0', 401],
    ['Bearer secret', 200],
    ['bearer secret', 200],
  ])('Authorization %s gets %s', async (authorization, status) => {
    const { url } = await open({}, handlerWith('secret'))
    const headers = authorization === undefined ? {} : { authorization }
    const response = await fetch(`${url}/metrics`, { headers })
    expect(response.status).toBe(status)
    expect(response.headers.get('www-authenticate')).toBe(status === 401 ? 'Bearer realm="mcp-otel"' : null)
    for (const path of ['/health', '/livez', '/readyz', '/startupz', '/']) {
      expect((await fetch(url + path, { headers })).status, path).toBe(200)
    }
  })

  test('shows the details of /health, which nobody sees without it, on this machine neither', async () => {
    const options = { service: { name: 'app', version: '1.2.3' }, token: 'secret', tally: undefined }
    const real = startHealth({}, options)
    const { url } = await open({}, createEndpointHandler({ metrics: async () => {}, health: real, token: 'secret' }))
    const fieldsWith = async (headers: Record<string, string>, path = '/health') =>
      Object.keys((await (await fetch(url + path, { headers })).json()) as object)
    const publicFields = ['status', 'version', 'uptime', 'queue_size', 'plugins']
    expect(await fieldsWith({})).toEqual(publicFields)
    expect(await fieldsWith({ authorization: 'Bearer wrong' })).toEqual(publicFields)
    expect(await fieldsWith({ authorization: 'Bearer secret' })).toEqual([
      ...publicFields,
      'server',
      'queues',
      'checks',
    ])
    expect(await fieldsWith({}, '/readyz')).toEqual(['status', 'process'])
    real.stop()
  })
})

describe('a port that cannot be had', () => {
  test('one in use is named with what to do, and nothing is thrown', async () => {
    await using taken = await serve(() => {})
    const port = Number(new URL(taken.url).port)
    const said = await saidDuring(async () => expect((await open({ port })).url).toBeUndefined())
    expect(said).toEqual([
      `/metrics and /health are not served: port ${port} on 127.0.0.1 is in use; set MCP_OTEL_PORT to a free one, or to 0 ` +
        'for any; the app runs on',
    ])
  })

  test('an address that is not of this machine is named with what to do', async () => {
    const said = await saidDuring(() => open({ host: '192.0.2.1' }))
    expect(said).toEqual([expect.stringContaining('192.0.2.1 is no address of this machine; set MCP_OTEL_HOST')])
  })
})

const get = async (url: string, path: string) => (await fetch(url + path)).text()

describe('the handler in a server of the app', () => {
  test('node:http: true for its own paths, false for others', async () => {
    const handler = handlerWith()
    await using server = await serve((request, response) => {
      if (!handler(request, response)) response.end('the app')
    })
    expect([await get(server.url, '/metrics'), await get(server.url, '/x')]).toEqual(['the page', 'the app'])
  })

  test('Express: next is called for paths not its own, also below a prefix', async () => {
    const app = express()
    app.use('/internal', handlerWith())
    app.use((_request, response) => void response.send('the app'))
    await using server = await serve(app as never)
    expect([await get(server.url, '/internal/health'), await get(server.url, '/health')]).toEqual([
      'the health',
      'the app',
    ])
  })

  test('Fastify: a hook that hijacks the reply', async () => {
    const handler = handlerWith()
    const app = fastify()
    app.addHook('onRequest', (request, reply, done) => {
      if (handler(request.raw, reply.raw)) reply.hijack()
      else done()
    })
    app.get('/x', () => 'the app')
    const url = await app.listen({ port: 0, host: '127.0.0.1' })
    expect([await get(url, '/metrics'), await get(url, '/x')]).toEqual(['the page', 'the app'])
    await app.close()
  })

  test('Koa: a middleware that lets go of the response', async () => {
    const handler = handlerWith()
    const app = new Koa()
    app.use(async (ctx, next) => {
      if (handler(ctx.req, ctx.res)) ctx.respond = false
      else await next()
    })
    app.use((ctx) => void (ctx.body = 'the app'))
    await using server = await serve(app.callback())
    expect([await get(server.url, '/metrics'), await get(server.url, '/x')]).toEqual(['the page', 'the app'])
  })

  test('a response that the app has answered already is left alone', async () => {
    const handler = handlerWith('secret')
    const server = createServer((request, response) => {
      response.end('the app')
      handler(request, response)
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as { port: number }
    expect(await get(`http://127.0.0.1:${port}`, '/metrics')).toBe('the app')
    server.close()
  })
})
