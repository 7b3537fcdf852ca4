import { createServer as createHttp2Server, connect } from 'node:http2'
import type { AddressInfo } from 'node:net'

import { serve as honoServe } from '@hono/node-server'
import express from 'express'
import fastify from 'fastify'
import fastify4 from 'fastify4'
import { Hono } from 'hono'
import Koa from 'koa'
import { describe, expect, onTestFinished, test } from 'vitest'

import type { Health } from '../src/create-health.ts'
import { expressHealth } from '../src/servers/express-health.ts'
import { fastifyHealth } from '../src/servers/fastify-health.ts'
import { honoHealth } from '../src/servers/hono-health.ts'
import { koaHealth } from '../src/servers/koa-health.ts'
import { expectHealthBody } from './support/body-schema.ts'
import { createTestHealth } from './support/create-test-health.ts'
import { ask, serve } from './support/serve.ts'

const fastifies = { 'Fastify 5': fastify, 'Fastify 4': fastify4 as unknown as typeof fastify }

/** Starts an application that answers `/hello`, with the health mounted, and returns its origin. */
type Mount = (health: Health) => Promise<string>

const mounts: Record<string, Mount> = {
  'node:http': (health) =>
    serve((request, response) => {
      if (health.handler(request, response) === false) response.end('hello')
    }),
  Express: (health) => {
    const app = express()
    app.use(expressHealth(health))
    app.get('/hello', (_request, response) => void response.send('hello'))
    return serve(app)
  },
  ...Object.fromEntries(Object.entries(fastifies).map(([name, create]) => [name, mountFastify(create)])),
  Koa: (health) => {
    const app = new Koa()
    app.use(koaHealth(health))
    app.use((context) => {
      context.body = 'hello'
    })
    return serve((request, response) => void app.callback()(request, response))
  },
  Hono: async (health) => {
    const app = new Hono()
    app.use(honoHealth(health))
    app.get('/hello', (context) => context.text('hello'))
    const server = await new Promise<ReturnType<typeof honoServe>>((resolve) => {
      const starting = honoServe({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }, () => resolve(starting))
    })
    onTestFinished(() => void server.close())
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  },
}

function mountFastify(create: typeof fastify): Mount {
  return async (health) => {
    const app = create()
    await app.register(fastifyHealth(health))
    app.get('/hello', () => 'hello')
    onTestFinished(() => app.close())
    return app.listen({ port: 0, host: '127.0.0.1' })
  }
}

describe.each(Object.entries(mounts))('%s', (_name, mount) => {
  test('answers every endpoint, with its headers, and leaves the application alone', async () => {
    const health = createTestHealth({ plugins: () => [{ name: 'checksum', up: true }] })
    let isUp = true
    health.check('db', () => isUp, { ttl: 0 })
    const origin = await mount(health)
    for (const path of ['/health', '/health/', '/health?a=1', '/livez', '/readyz/', '/startupz']) {
      const { status, headers, body } = await ask(`${origin}${path}`)
      expect([path, status, body['status']]).toEqual([path, 200, 'healthy'])
      expect(headers['content-type']).toBe('application/json; charset=utf-8')
      expect(headers['cache-control']).toBe('no-store')
    }
    isUp = false
    const whole = await ask(`${origin}/health`)
    expect([whole.status, whole.body['status']]).toEqual([503, 'unhealthy'])
    expect(whole.headers['content-length']).toBe(String(Buffer.byteLength(whole.text)))
    expectHealthBody(whole.body)
    expect((await ask(`${origin}/readyz`)).status).toBe(503)
    expect((await ask(`${origin}/livez`)).status).toBe(200)
    expect((await ask(`${origin}/hello`)).text).toBe('hello')
  })

  test('answers HEAD without a body, other methods with 405, and groups below /health', async () => {
    const health = createTestHealth()
    health.check('nightly', () => true, { groups: ['batch'] })
    const origin = await mount(health)
    const head = await ask(`${origin}/health`, { method: 'HEAD' })
    expect([head.status, head.text]).toEqual([200, ''])
    expect(Number(head.headers['content-length'])).toBeGreaterThan(0)
    const post = await ask(`${origin}/health`, { method: 'POST' })
    expect([post.status, post.headers['allow']]).toEqual([405, 'GET, HEAD'])
    expect((await ask(`${origin}/health/batch`)).body).toMatchObject({ checks: { nightly: { status: 'healthy' } } })
    expect((await ask(`${origin}/health/none`)).status).toBe(404)
  })

  test('shows details to loopback and not through a proxy', async () => {
    const origin = await mount(createTestHealth())
    expect('server' in (await ask(`${origin}/health`)).body).toBe(true)
    const proxied = await ask(`${origin}/health`, { headers: { 'x-forwarded-for': '127.0.0.1' } })
    expect('server' in proxied.body).toBe(false)
    const accept = 'application/health+json'
    expect((await ask(`${origin}/health`, { headers: { accept } })).body['status']).toBe('pass')
  })
})

test('Express mounts it below a path', async () => {
  const app = express()
  app.use('/internal', expressHealth(createTestHealth()))
  const origin = await serve(app)
  expect((await ask(`${origin}/internal/health`)).status).toBe(200)
  expect((await ask(`${origin}/health`)).status).toBe(404)
})

test.each(Object.entries(fastifies))('%s mounts it with a prefix', async (_name, create) => {
  const app = create()
  await app.register(fastifyHealth(createTestHealth()), { prefix: '/internal' })
  onTestFinished(() => app.close())
  const origin = await app.listen({ port: 0, host: '127.0.0.1' })
  expect((await ask(`${origin}/internal/readyz/`)).status).toBe(200)
  expect((await ask(`${origin}/readyz`)).status).toBe(404)
})

test('the handler answers HTTP/2 as well', async () => {
  const health = createTestHealth()
  const server = createHttp2Server((request, response) => {
    if (health.handler(request as never, response as never) === false) response.end('hello')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const client = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  onTestFinished(() => {
    client.destroy()
    server.close()
  })
  const stream = client.request({ ':path': '/health' })
  const status = await new Promise((resolve) => stream.once('response', (headers) => resolve(headers[':status'])))
  let text = ''
  for await (const chunk of stream.setEncoding('utf8')) text += String(chunk)
  expect(status).toBe(200)
  expectHealthBody(JSON.parse(text))
})
