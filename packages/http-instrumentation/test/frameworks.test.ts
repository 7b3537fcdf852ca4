import { once } from 'node:events'
import { createServer } from 'node:http'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'

import { serve } from '@hono/node-server'
import { Router } from '@koa/router'
import express from 'express'
// @ts-expect-error -- the alias has no types of its own
import express4 from 'express4'
import Fastify from 'fastify'
import fastify4 from 'fastify4'
import { Hono } from 'hono'
import Koa from 'koa'
import { describe, expect, onTestFinished, test } from 'vitest'

import { honoRoute } from '../src/index.ts'
import { observe } from './support/observation.ts'
import type { Observation } from './support/observation.ts'
import { listen, request, stop } from './support/servers.ts'

/** Requests `paths` one after the other, and returns what was counted. */
async function countsOf(seen: Observation, port: number, paths: readonly string[]): Promise<Record<string, number>> {
  for (const [index, path] of paths.entries()) {
    const [method = '', target = ''] = path.includes(' ') ? path.split(' ') : ['GET', path]
    await request(port, method, target)
    await seen.ended(index + 1)
  }
  return await seen.counts()
}

/** Metrics and spans must tell the same. */
async function expectAgreement(seen: Observation): Promise<void> {
  const counted: Record<string, number> = {}
  for (const { name, attributes } of seen.serverSpans()) {
    const method = String(attributes['http.request.method'])
    const route = attributes['http.route'] as string | undefined
    expect(name).toBe(route === undefined ? method : `${method} ${route}`)
    const key = `${method} ${route ?? 'unmatched'} ${String(attributes['http.response.status_code'])}`
    counted[key] = (counted[key] ?? 0) + 1
  }
  expect(counted).toEqual(await seen.counts())
}

describe.each([
  ['Express 5', express],
  ['Express 4', express4 as unknown as typeof express],
])('%s', (_name, create) => {
  test('a request that brings a property route of its own shows its template as well', async () => {
    const seen = observe()
    const app = create()
    app.get('/users/:id', (req, res) => void res.send(`${req.route.path}`))
    const port = await listen(
      createServer((incoming, response) => {
        if (incoming.url === '/users/2') Object.assign(incoming, { route: undefined })
        app(incoming, response)
      }),
    )
    expect(await countsOf(seen, port, ['/users/1', '/users/2', '/users/3'])).toEqual({ 'GET /users/:id 200': 3 })
  })

  test('the endpoint is the route template, with the mount paths of nested routers and applications', async () => {
    const seen = observe()
    const app = create()
    const inner = create.Router({ mergeParams: true })
    const outer = create.Router()
    const mounted = create()
    inner.use((_req, _res, next) => next())
    inner.get('/repos/:repo', (req, res) => void res.json(req.params))
    inner.get('/', (_req, res) => void res.send('org'))
    outer.use('/orgs/:org', inner)
    outer.use(
      '/:kind',
      create.Router().get('/:name/extra', (_req, res) => void res.send('extra')),
    )
    outer.get('/ping', (_req, res) => void res.send('pong'))
    mounted.get('/stats/:day', (_req, res) => void res.status(201).send('stats'))
    mounted.use('/mcp', (req, res) => void res.status(req.path === '/lost' ? 404 : 200).send('no router'))
    app.use((_req, _res, next) => next())
    app.use('/api', outer)
    app.use('/admin', mounted)
    app.get('/', (_req, res) => void res.send('home'))
    app.get(['/first', '/second'], (_req, res) => void res.send('either'))
    app.get(/^\/pattern/, (_req, res) => void res.send('pattern'))
    app.get('/users/:id', (req, res) => void res.json({ route: req.route.path, base: req.baseUrl }))
    app.post('/fails', () => {
      throw new RangeError('no')
    })
    app.use(((_error, _req, res, _next) => void res.status(500).send('failed')) as express.ErrorRequestHandler)
    const port = await listen(createServer(app))
    const counts = await countsOf(seen, port, [
      '/',
      '/users/1',
      '/users/2?x=1',
      '/api/orgs/acme/repos/one',
      '/API/orgs/api/repos/api',
      '/api/orgs/%C3%A9',
      '/api/ping',
      '/admin/stats/monday',
      '/admin/mcp/anything/else',
      '/admin/mcp/lost',
      '/api/orgs/acme/extra',
      '/pattern/5',
      'POST /fails',
      '/nowhere',
      '/api/nowhere',
      'HEAD /users/3',
      'POST /users/4',
    ])
    expect(counts).toEqual({
      'GET / 200': 1,
      'GET /users/:id 200': 2,
      'GET /api/orgs/:org/repos/:repo 200': 2,
      'GET /api/orgs/:org 200': 1,
      'GET /api/ping 200': 1,
      'GET /admin/stats/:day 201': 1,
      'GET /admin/mcp 200': 1,
      'GET /admin/mcp 404': 1,
      'GET /api/:kind/:name/extra 200': 1,
      'GET /^\\/pattern/ 200': 1,
      'POST /fails 500': 1,
      'GET unmatched 404': 2,
      'HEAD /users/:id 200': 1,
      'POST unmatched 404': 1,
    })
    await expectAgreement(seen)
    await seen.idle()
  })

  test('the application sees the same route and base URL as ever', async () => {
    observe()
    const app = create()
    const router = create.Router()
    const facts: unknown[] = []
    router.use((req, _res, next) => {
      facts.push(req.baseUrl, req.route)
      next()
    })
    router.get('/:id', (req, res) => {
      facts.push(req.baseUrl, (req.route as { path: string }).path, req.params, Object.keys(req).includes('baseUrl'))
      res.send('ok')
    })
    app.use('/Mount', router)
    app.use((req, res) => {
      facts.push(req.baseUrl)
      res.status(404).end()
    })
    const port = await listen(createServer(app))
    await request(port, 'GET', '/mount/5')
    await request(port, 'GET', '/else')
    expect(facts).toEqual(['/mount', undefined, '/mount', '/:id', { id: '5' }, false, ''])
  })
})

test('Express 5 says the class of the error that a handler threw', async () => {
  const seen = observe()
  const app = express()
  app.get('/fails', () => {
    throw new RangeError('no')
  })
  app.use(((_error, _req, res, _next) => void res.status(503).end()) as express.ErrorRequestHandler)
  await countsOf(seen, await listen(createServer(app)), ['/fails'])
  expect(await seen.errors()).toEqual({ RangeError: 1 })
  expect(seen.serverSpans()[0]?.events).toMatchObject([{ name: 'exception' }])
})

describe.each([
  ['Fastify 5', Fastify],
  ['Fastify 4', fastify4 as unknown as typeof Fastify],
])('%s', (_name, create) => {
  test('the endpoint is the route of the request, also when a hook refuses it or a handler throws', async () => {
    const seen = observe()
    const app = create()
    app.get('/users/:id', async () => ({ ok: true }))
    app.get('/fails', async () => {
      throw new SyntaxError('no')
    })
    app.get('/refused', { preValidation: async (_req, reply) => reply.code(401).send() }, async () => 'never')
    await app.register(async (scope) => void scope.get('/stats/*', async () => 'stats'), { prefix: '/api' })
    await app.listen({ port: 0, host: '127.0.0.1' })
    onTestFinished(() => app.close())
    const { port } = app.server.address() as AddressInfo
    const paths = ['/users/1', '/users/2', '/fails', '/refused', '/api/stats/a/b', '/nowhere', 'HEAD /users/9']
    expect(await countsOf(seen, port, paths)).toEqual({
      'GET /users/:id 200': 2,
      'GET /fails 500': 1,
      'GET /refused 401': 1,
      'GET /api/stats/* 200': 1,
      'GET unmatched 404': 1,
      'HEAD /users/:id 200': 1,
    })
    expect(await seen.errors()).toEqual({ SyntaxError: 1 })
    await expectAgreement(seen)
  })
})

test('Koa: the endpoint is the route of @koa/router, with its prefix', async () => {
  const seen = observe()
  const app = new Koa()
  const router = new Router({ prefix: '/api' })
  const matched: unknown[] = []
  router.get('/users/:id', (ctx) => {
    matched.push(ctx['_matchedRoute'])
    ctx.body = 'user'
  })
  router.get('/fails', (ctx) => ctx.throw(500))
  app.silent = true
  app.use(async (_ctx, next) => await next())
  app.use(router.routes()).use(router.allowedMethods())
  const port = await listen(createServer(app.callback()))
  const paths = ['/api/users/1', '/api/users/2', '/api/fails', '/nowhere', 'DELETE /api/users/1', 'HEAD /api/users/3']
  expect(await countsOf(seen, port, paths)).toEqual({
    'GET /api/users/:id 200': 2,
    'GET /api/fails 500': 1,
    'GET unmatched 404': 1,
    'DELETE unmatched 405': 1,
    'HEAD /api/users/:id 200': 1,
  })
  expect(matched).toEqual(['/api/users/:id', '/api/users/:id', '/api/users/:id'])
  await expectAgreement(seen)
})

test('Hono: with its one middleware the endpoint is the route', async () => {
  const seen = observe()
  const users = new Hono()
  users.get('/:id', (c) => c.text('user'))
  const app = new Hono()
  app.use(honoRoute())
  app.use('/*', async (c, next) => (c.req.path === '/closed' ? c.text('closed', 403) : await next()))
  app.get('/', (c) => c.text('home'))
  app.use('/static/*', async (c) => c.text('file', c.req.path.endsWith('.css') ? 200 : 404))
  app.get('/fails', () => {
    throw new Error('no')
  })
  app.onError((_error, c) => c.text('failed', 500))
  app.route('/users', users)
  const server = serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }) as Server
  await once(server, 'listening')
  onTestFinished(() => stop(server))
  const { port } = server.address() as AddressInfo
  const paths = [
    '/',
    '/users/1',
    '/users/2',
    '/static/a.css',
    '/static/lost',
    '/fails',
    '/nowhere',
    '/closed',
    'HEAD /users/3',
  ]
  expect(await countsOf(seen, port, paths)).toEqual({
    'GET / 200': 1,
    'GET unmatched 403': 1,
    'GET /users/:id 200': 2,
    'GET /static/* 200': 1,
    'GET /fails 500': 1,
    'GET unmatched 404': 2,
    'HEAD /users/:id 200': 1,
  })
  await expectAgreement(seen)
})
