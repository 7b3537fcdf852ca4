import { expect, onTestFinished, test, vi } from 'vitest'

import type { Health } from '../src/create-health.ts'
import { expectHealthBody, expectProbeBody } from './support/body-schema.ts'
import { createTestHealth } from './support/create-test-health.ts'
import { ask, serve } from './support/serve.ts'

/** Mounts the handler as an application does: what is not ours is answered by the application. */
function mount(health: Pick<Health, 'handler'>): Promise<string> {
  return serve((request, response) => {
    if (health.handler(request, response) !== false) return
    response.statusCode = 404
    response.end('the application')
  })
}

test('the body has the five fields first, in their order, then server, queues and checks', async () => {
  const health = createTestHealth({
    memory: {},
    eventLoop: {},
    plugins: () => [{ name: 'checksum', up: true }],
    queues: () => [{ plugin: 'checksum', size: 3, active: 1 }],
  })
  health.check('cache', () => ({ status: 'degraded', message: 'slow', observed: 1.5, unit: 's', details: { hits: 3 } }))
  const origin = await mount(health)
  const { status, body, headers } = await ask(`${origin}/health`)
  expect(status).toBe(200)
  expect(headers['content-type']).toBe('application/json; charset=utf-8')
  expect(headers['cache-control']).toBe('no-store')
  expect(Object.keys(body)).toEqual([
    'status',
    'version',
    'uptime',
    'queue_size',
    'plugins',
    'server',
    'queues',
    'checks',
  ])
  expect(body).toMatchObject({ status: 'degraded', version: '1.2.3', queue_size: 3 })
  expect(body['plugins']).toMatchObject({ checksum: { status: 'healthy', available: true } })
  expect(body['server']).toMatchObject({ status: 'healthy', process: 'running', pid: process.pid })
  expect(body['queues']).toMatchObject({ checksum: { status: 'healthy', size: 3, active: 1 } })
  expectHealthBody(body)
})

test('a request that the application has answered meanwhile is left alone', async () => {
  const health = createTestHealth()
  let handled: unknown
  const origin = await serve((request, response) => {
    handled = health.handler(request, response)
    response.end('the application')
  })
  expect(await (await fetch(`${origin}/health`)).text()).toBe('the application')
  expect(await handled).toBe(true)
})

test('what a proxy says of itself is understood however a server spells it', async () => {
  const health = createTestHealth()
  const bodyFor = async (headers: Record<string, string>): Promise<unknown> =>
    JSON.parse(
      (await health.respond({ method: 'GET', url: '/health', headers, remoteAddress: '127.0.0.1' }))?.body ?? '',
    )
  expect(await bodyFor({ Accept: '*/*' })).toHaveProperty('server')
  expect(await bodyFor({ 'X-Forwarded-For': '203.0.113.9' })).not.toHaveProperty('server')
})

test('a health that was stopped watches the process no more', () => {
  const disconnect = vi.spyOn(PerformanceObserver.prototype, 'disconnect')
  onTestFinished(() => disconnect.mockRestore())
  createTestHealth().stop()
  expect(disconnect).toHaveBeenCalledOnce()
})

test('without details the body is the five fields and nothing else', async () => {
  const health = createTestHealth({ details: 'never', plugins: () => [{ name: 'checksum', up: false }] })
  health.check('db', () => {
    throw new Error('postgres://admin:hunter2@db/app refused')
  })
  const { status, body, text } = await ask(`${await mount(health)}/health`)
  expect(status).toBe(503)
  expect(Object.keys(body)).toEqual(['status', 'version', 'uptime', 'queue_size', 'plugins'])
  expect(body['plugins']).toEqual({ checksum: { status: 'unhealthy' } })
  expect(text).not.toMatch(/hunter2|refused|db/)
  expectHealthBody(body)
})

test('HEAD has the headers of GET and no body; query and trailing slash are tolerated', async () => {
  const origin = await mount(createTestHealth({ details: 'never' }))
  for (const path of [
    '/health',
    '/health/',
    '/health?a=1',
    '/health/?a=/b',
    '/livez/',
    '/readyz?verbose',
    '/startupz',
  ]) {
    const got = await ask(`${origin}${path}`)
    const head = await ask(`${origin}${path}`, { method: 'HEAD' })
    expect(got.status).toBe(200)
    expect(head.status).toBe(200)
    expect(head.text).toBe('')
    expect(head.headers['content-type']).toBe(got.headers['content-type'])
    expect(Number(head.headers['content-length'])).toBeGreaterThan(0)
    expect(head.headers['cache-control']).toBe('no-store')
  }
})

test('the answer to HEAD has no body whatever server sends it', async () => {
  const { respond } = createTestHealth()
  const request = { url: '/readyz', headers: {}, remoteAddress: undefined }
  const got = await respond({ ...request, method: 'GET' })
  expect(got?.body).toBe('{"status":"healthy","process":"running"}\n')
  expect(await respond({ ...request, method: 'HEAD' })).toEqual({ ...got, body: '' })
})

test('other methods get 405 with Allow, and other paths are left to the application', async () => {
  const origin = await mount(createTestHealth())
  for (const method of ['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS']) {
    const { status, headers } = await ask(`${origin}/readyz`, { method })
    expect([method, status, headers['allow']]).toEqual([method, 405, 'GET, HEAD'])
  }
  for (const path of ['/', '/healthz', '/health.json', '/api/health', '//health', '/health/a/b', '/HEALTH']) {
    expect([path, (await ask(`${origin}${path}`)).text]).toEqual([path, 'the application'])
  }
})

test('an unhealthy critical check is 503, a degraded one 200, one that is not critical 200', async () => {
  const health = createTestHealth()
  let found: 'healthy' | 'degraded' | 'unhealthy' = 'healthy'
  health.check('critical', () => found, { ttl: 0 })
  health.check('optional', () => false, { critical: false })
  const origin = await mount(health)
  for (const [next, ready, whole, status] of [
    ['healthy', 200, 200, 'degraded'],
    ['degraded', 200, 200, 'degraded'],
    ['unhealthy', 503, 503, 'unhealthy'],
  ] as const) {
    found = next
    expect((await ask(`${origin}/readyz`)).status).toBe(ready)
    const answer = await ask(`${origin}/health`)
    expect([answer.status, answer.body['status']]).toEqual([whole, status])
    expect((await ask(`${origin}/livez`)).status).toBe(200)
  }
})

test('readiness asks critical checks only, and liveness none unless told so', async () => {
  const health = createTestHealth()
  const asked: string[] = []
  health.check('db', () => void asked.push('db'), { ttl: 0, interval: 0 })
  health.check('report', () => void asked.push('report'), { ttl: 0, interval: 0, critical: false })
  health.check('deadlock', () => void asked.push('deadlock'), { ttl: 0, interval: 0, groups: ['liveness'] })
  health.check('nightly', () => void asked.push('nightly'), { ttl: 0, interval: 0, groups: ['batch'] })
  const origin = await mount(health)
  const { body } = await ask(`${origin}/readyz`)
  expectProbeBody(body)
  expect(asked.splice(0)).toEqual(['db'])
  await ask(`${origin}/livez`)
  expect(asked.splice(0)).toEqual(['deadlock'])
  await ask(`${origin}/health/batch`)
  expect(asked.splice(0)).toEqual(['nightly'])
  await ask(`${origin}/health`)
  expect(asked.splice(0)).toEqual(['db', 'report', 'deadlock', 'nightly'])
  const unknown = await ask(`${origin}/health/unknown`)
  expect([unknown.status, unknown.body]).toEqual([404, { error: 'no health check is in the group "unknown"' }])
})

test('a check that reaches outside the process is refused in liveness', async () => {
  const health = createTestHealth()
  const outside = Object.assign(() => true, { outside: true })
  expect(() => health.check('db', outside, { groups: ['readiness', 'liveness'] })).toThrow(
    'health check "db" reaches outside the process; expected a group other than "liveness"',
  )
})

test('details are for loopback only, and neither a header nor a proxy nor a rebound name makes a client local', async () => {
  const health = createTestHealth({ token: 'correct-horse' })
  const origin = await mount(health)
  const isDetailed = async (headers: Record<string, string | string[]>): Promise<boolean> => {
    return 'server' in (await ask(`${origin}/health`, { headers })).body
  }
  expect(await isDetailed({})).toBe(true)
  expect(await isDetailed({ host: 'localhost:5000' })).toBe(true)
  expect(await isDetailed({ host: '[::1]:5000' })).toBe(true)
  for (const headers of [
    { 'x-forwarded-for': '203.0.113.9' },
    { 'x-forwarded-for': '127.0.0.1' },
    { forwarded: 'for=127.0.0.1' },
    { 'x-real-ip': '127.0.0.1' },
    { via: '1.1 proxy' },
    { 'x-forwarded': 'for=127.0.0.1' },
    { 'cf-connecting-ip': '203.0.113.9' },
    { 'true-client-ip': '203.0.113.9' },
    { 'x-envoy-external-address': '203.0.113.9' },
    { host: 'rebound.example.com' },
    { host: '127.0.0.1.example.com' },
    { host: 'localhost.example.com' },
  ]) {
    expect([headers, await isDetailed(headers)]).toEqual([headers, false])
    expect(await isDetailed({ ...headers, authorization: 'Bearer correct-horse' })).toBe(true)
  }
  for (const authorization of [
    'Bearer wrong',
    'Bearer correct-hors',
    'Bearer correct-horse-',
    'Basic correct-horse',
    'Bearer ',
    'correct-horse',
  ]) {
    expect([authorization, await isDetailed({ 'x-forwarded-for': '127.0.0.1', authorization })]).toEqual([
      authorization,
      false,
    ])
  }
})

test('a client from another address sees details with the token only', async () => {
  const health = createTestHealth({ token: 'correct-horse' })
  const base = { method: 'GET', url: '/health', headers: { host: '127.0.0.1' } }
  for (const remoteAddress of [
    '192.0.2.1',
    '::ffff:192.0.2.1',
    '2001:db8::1',
    undefined,
    'not an address',
    '128.0.0.1',
  ]) {
    const answer = await health.respond({ ...base, remoteAddress })
    expect([remoteAddress, 'server' in JSON.parse(answer?.body ?? '')]).toEqual([remoteAddress, false])
    const headers = { host: '10.0.0.1', authorization: 'bearer correct-horse' }
    const withToken = await health.respond({ ...base, headers, remoteAddress })
    expect('server' in JSON.parse(withToken?.body ?? '')).toBe(true)
  }
  const rebound = { ...base, headers: { ':authority': 'rebound.example.com' }, remoteAddress: '127.0.0.1' }
  expect('server' in JSON.parse((await health.respond(rebound))?.body ?? '')).toBe(false)
  for (const remoteAddress of ['127.0.0.1', '127.8.9.10', '::1', '::ffff:127.0.0.1']) {
    const answer = await health.respond({ ...base, remoteAddress })
    expect([remoteAddress, 'server' in JSON.parse(answer?.body ?? '')]).toEqual([remoteAddress, true])
  }
})

test('health+json speaks the words of the draft, in both views', async () => {
  const health = createTestHealth({
    plugins: () => [{ name: 'search', up: false }],
    queues: () => [{ plugin: 'search', size: 500 }],
  })
  health.check('cache', () => ({ status: 'degraded', message: 'slow', observed: 1.5, unit: 's' }))
  const origin = await mount(health)
  const accept = 'application/health+json, application/json;q=0.9'
  const { headers, body } = await ask(`${origin}/health`, { headers: { accept } })
  expect(headers['content-type']).toBe('application/health+json; charset=utf-8')
  expect(Object.keys(body)).toEqual(['status', 'version', 'uptime', 'queue_size', 'plugins', 'checks'])
  expect(body).toMatchObject({ status: 'warn', queue_size: 500 })
  const time = expect.stringMatching(/^\d{4}-\d\d-\d\dT/) as string
  expect(body['checks']).toEqual({
    'plugin:search': [{ componentType: 'component', status: 'fail', time, output: 'not available' }],
    'queue:search': [{ componentType: 'component', status: 'warn', time, output: '500 jobs wait (limit 100)' }],
    cache: [
      { componentType: 'component', status: 'warn', time, observedValue: 1.5, observedUnit: 's', output: 'slow' },
    ],
  })
  const proxied = await ask(`${origin}/health`, { headers: { accept, via: '1.1 proxy' } })
  expect(Object.keys(proxied.body)).toEqual(['status', 'version', 'uptime', 'queue_size', 'plugins'])
})

test('a health says which URLs are its own', () => {
  const { owns } = createTestHealth({ paths: { startup: '/started' } })
  for (const url of ['/health', '/health/?a', '/health/batch', 'http://h/livez', '/readyz#x', '/started']) {
    expect([url, owns(url)]).toEqual([url, true])
  }
  for (const url of ['', '/', '/metrics', '/startupz', '/health/a/b', `/health${'/'.repeat(50_000)}x`]) {
    expect([url.slice(0, 20), owns(url)]).toEqual([url.slice(0, 20), false])
  }
})

test('paths of your own replace the usual ones', async () => {
  const origin = await mount(createTestHealth({ paths: { health: '/internal/health', liveness: '/alive' } }))
  expect((await ask(`${origin}/internal/health`)).status).toBe(200)
  expect((await ask(`${origin}/alive`)).status).toBe(200)
  expect((await ask(`${origin}/readyz`)).status).toBe(200)
  expect((await ask(`${origin}/health`)).text).toBe('the application')
  expect((await ask(`${origin}/livez`)).text).toBe('the application')
})

test('wrong options of the endpoint are refused with what is accepted', () => {
  const wrong: [object, string][] = [
    [{ paths: { health: 'health' } }, 'health option paths.health is "health"; expected a path such as "/health"'],
    [{ paths: { liveness: '/live/' } }, 'health option paths.liveness is "/live/"; expected a path such as "/health"'],
    [{ paths: { readiness: '/health' } }, 'health option paths.readiness is "/health"; expected a path of its own'],
    [{ details: 'everyone' }, 'health option details is "everyone"; expected "loopback", "always" or "never"'],
    [{ token: '' }, 'health option token is a string of 0 characters; expected letters, digits and -._~+/='],
    [{ token: 'with space' }, 'health option token is a string of 10 characters; expected letters, digits and -._~+/='],
    [{ window: 0 }, 'health option window is 0; expected milliseconds from 10 to 86400000'],
    [{ sampleInterval: '1s' }, 'health option sampleInterval is "1s"; expected milliseconds from 10 to 86400000'],
    [
      { pluginPolicy: { failAfter: 0 } },
      'health option pluginPolicy: failAfter is 0; expected an integer from 1 to 1000',
    ],
    [
      { queuePolicy: { degradedSize: '9' } },
      'health option queuePolicy: degradedSize is "9"; expected a number from 0',
    ],
    [
      { pluginPolicy: { critical: 'search' } },
      'health option pluginPolicy: critical is "search"; expected true, false or a list of names',
    ],
    [{ pluginPolicy: { probes: { a: 1 } } }, 'health option pluginPolicy: probes.a is 1; expected a function'],
    [{ version: 3 }, 'health option version is 3; expected a string'],
  ]
  for (const [options, message] of wrong) expect(() => createTestHealth(options)).toThrow(message)
})
