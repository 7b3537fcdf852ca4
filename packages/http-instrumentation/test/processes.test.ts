import { pathToFileURL } from 'node:url'

import { describe, expect, test } from 'vitest'

import { request } from './support/servers.ts'
import { fixturePath, startApp } from './support/start-app.ts'

const REQUIRE = ['--require', fixturePath('telemetry.cjs')]
const IMPORT = ['--import', pathToFileURL(fixturePath('telemetry.mjs')).href]
/** What lets instrumentations of modules see ESM imports. */
const LOADER = ['--import', pathToFileURL(fixturePath('loader.mjs')).href]
const OWN = '@mcp/otel-http-instrumentation'
const STOCK = '@opentelemetry/instrumentation-http'

describe.each([
  ['--require', REQUIRE],
  ['--import', IMPORT],
])('under %s', (_flag, flags) => {
  test.each(['plain.cjs', 'plain.mjs'])('%s, unmodified, is counted truthfully', async (fixture) => {
    const app = await startApp(fixture, flags, 'own')
    expect(await request(app.port, 'GET', '/a')).toEqual({ status: 200, body: 'GET /a' })
    expect(await request(app.port, 'POST', '/fails')).toEqual({ status: 500, body: 'POST /fails' })
    const { counts, spans } = await app.report()
    expect(counts).toEqual({ 'GET unmatched 200': 1, 'POST unmatched 500': 1 })
    expect(spans.map(({ name, scope }) => [name, scope])).toEqual([
      ['GET', OWN],
      ['POST', OWN],
    ])
  })

  test.each(['express.cjs', 'express.mjs', 'koa.cjs', 'koa.mjs', 'fastify.cjs', 'fastify.mjs'])(
    '%s, unmodified, shows its routes',
    async (fixture) => {
      const app = await startApp(fixture, flags, 'own')
      expect(await request(app.port, 'GET', '/users/1')).toEqual({ status: 200, body: '{"id":"1"}' })
      expect(await request(app.port, 'GET', '/nowhere')).toMatchObject({ status: 404 })
      const { counts, spans } = await app.report()
      expect(counts).toEqual({ 'GET /users/:id 200': 1, 'GET unmatched 404': 1 })
      expect(spans.map(({ name }) => name)).toEqual(['GET /users/:id', 'GET'])
    },
  )

  test.each(['hono.cjs', 'hono.mjs'])('%s, unmodified, shows its routes with a module hook', async (fixture) => {
    const app = await startApp(fixture, [...LOADER, ...flags], 'hono,own')
    expect(await request(app.port, 'GET', '/users/1')).toEqual({ status: 200, body: '{"id":"1"}' })
    expect(await request(app.port, 'GET', '/nowhere')).toMatchObject({ status: 404 })
    expect((await app.report()).counts).toEqual({ 'GET /users/:id 200': 1, 'GET unmatched 404': 1 })
  })
})

test('the ESM and the CommonJS build in one process count each request once', async () => {
  const app = await startApp('express.mjs', [...REQUIRE, ...IMPORT], 'own')
  await request(app.port, 'GET', '/users/1')
  const { counts, spans } = await app.report()
  expect(counts).toEqual({ 'GET /users/:id 200': 1 })
  expect(spans).toHaveLength(1)
})

describe('beside @opentelemetry/instrumentation-http', () => {
  test.each(['stock,own', 'own,stock', 'stock,off'])(
    '%s: its server span is the only one, and agrees on the route',
    async (parts) => {
      for (const fixture of ['express.cjs', 'fastify.cjs', 'koa.cjs']) {
        const app = await startApp(fixture, REQUIRE, parts)
        for (const id of [1, 2, 3]) await request(app.port, 'GET', `/users/${id}`)
        const { counts, spans } = await app.report()
        expect(counts).toEqual({ 'GET /users/:id 200': 3 })
        expect(spans.filter(({ isServer }) => isServer).map(({ name, scope, route }) => [name, scope, route])).toEqual(
          Array.from({ length: 3 }, () => ['GET /users/:id', STOCK, '/users/:id']),
        )
      }
    },
  )

  test('a request that it ignores is counted, and has no span of ours either', async () => {
    const app = await startApp('express.cjs', REQUIRE, 'stock-ignoring,own')
    for (const id of [0, 1, 0, 2]) await request(app.port, 'GET', `/users/${id}`)
    const { counts, spans } = await app.report()
    expect(counts).toEqual({ 'GET /users/:id 200': 4 })
    expect(spans.map(({ name, scope }) => [name, scope])).toEqual(
      Array.from({ length: 2 }, () => ['GET /users/:id', STOCK]),
    )
  })

  test('with its incoming side off the server span is ours', async () => {
    const app = await startApp('express.cjs', REQUIRE, 'stock-client,own')
    await request(app.port, 'GET', '/users/1')
    const { spans } = await app.report()
    expect(spans.map(({ name, scope }) => [name, scope])).toEqual([['GET /users/:id', OWN]])
  })
})
