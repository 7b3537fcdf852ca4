import { once } from 'node:events'
import { request as httpRequest } from 'node:http'
import type { IncomingHttpHeaders } from 'node:http'
import { connect, createServer as createHttp2Server } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { gunzipSync } from 'node:zlib'

import { MeterProvider } from '@opentelemetry/sdk-metrics'
import { describe, expect, test } from 'vitest'

import { findPrometheus } from '../../../test/support/components.ts'
import { serve } from '../../../test/support/serve.ts'
import { startPrometheus } from '../../../test/support/start-prometheus.ts'
import { testWith } from '../../../test/support/test-with.ts'
import { createMetricsHandler, createPageRenderer } from '../src/index.ts'
import type { CollectionResult, MetricsHandlerOptions } from '../src/index.ts'
import { CollectingReader } from './support/collecting-reader.ts'
import { guideMetrics } from './support/guide-metrics.ts'
import { collected, counter, gauge } from './support/metrics.ts'

const prometheus = await findPrometheus()
const large = collected([
  counter('m', ...Array.from({ length: 100_000 }, (_, at) => [{ series: `s${at}` }, at] as const)),
])
const guide: CollectionResult = { resourceMetrics: guideMetrics, errors: [] }

interface Reply {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
}

async function ask(url: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Reply> {
  const request = httpRequest(url, { method, headers, agent: false }).end()
  const [response] = await once(request, 'response')
  return { status: response.statusCode, headers: response.headers, body: await buffer(response) }
}

interface Scraped extends AsyncDisposable {
  readonly url: string
  readonly host: string
  readonly problems: string[]
}

async function endpoint(options: Partial<MetricsHandlerOptions> = {}): Promise<Scraped> {
  const problems: string[] = []
  const onProblem = (problem: string): void => void problems.push(problem)
  const handler = createMetricsHandler({ collect: async () => guide, onProblem, ...options })
  const server = await serve((request, response) => void handler(request, response))
  return { ...server, problems, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() }
}

function page(format: 'text' | 'openmetrics'): string {
  return createPageRenderer().render(guideMetrics, format)
}

describe('a scrape', () => {
  test('gets text 0.0.4 unless it asks for more', async () => {
    await using at = await endpoint()
    const { status, headers, body } = await ask(at.url)
    expect(status).toBe(200)
    expect(headers).toMatchObject({
      'content-type': 'text/plain; version=0.0.4; charset=utf-8',
      'cache-control': 'no-store',
      'content-length': String(body.length),
      vary: 'Accept, Accept-Encoding',
    })
    expect(headers).not.toHaveProperty('content-encoding')
    expect(body.toString()).toBe(page('text'))
  })

  test('gets OpenMetrics 1.0.0 when it asks for that', async () => {
    await using at = await endpoint()
    const { headers, body } = await ask(at.url, { accept: 'application/openmetrics-text; version=1.0.0' })
    expect(headers['content-type']).toBe('application/openmetrics-text; version=1.0.0; charset=utf-8')
    expect(body.toString()).toBe(page('openmetrics'))
  })

  test('gets it compressed when it takes gzip, and not when it takes it with q=0', async () => {
    await using at = await endpoint()
    const zipped = await ask(at.url, { 'accept-encoding': 'deflate, gzip' })
    expect(zipped.headers).toMatchObject({ 'content-encoding': 'gzip', 'content-length': String(zipped.body.length) })
    expect(zipped.body.length).toBeLessThan(page('text').length / 3)
    expect(gunzipSync(zipped.body).toString()).toBe(page('text'))
    const plain = await ask(at.url, { 'accept-encoding': 'gzip;q=0' })
    expect(plain.headers).not.toHaveProperty('content-encoding')
    expect(plain.body.toString()).toBe(page('text'))
  })

  test('by HEAD gets the headers of GET and nothing else', async () => {
    await using at = await endpoint()
    const [get, head] = [await ask(at.url), await ask(at.url, {}, 'HEAD')]
    const { date: _date, ...expected } = get.headers
    expect(head.status).toBe(200)
    expect(head.headers).toMatchObject(expected)
    expect(head.body.length).toBe(0)
  })

  test.for(['POST', 'PUT', 'DELETE', 'OPTIONS'])('by %s is told what to use, and collects nothing', async (method) => {
    let collections = 0
    await using at = await endpoint({ collect: async () => (collections++, guide) })
    const { status, headers } = await ask(at.url, {}, method)
    expect(status).toBe(405)
    expect(headers['allow']).toBe('GET, HEAD')
    expect(collections).toBe(0)
  })

  test('keeps what the host says in Vary', async () => {
    const handler = createMetricsHandler({ collect: async () => guide })
    await using server = await serve((request, response) => {
      response.setHeader('Vary', 'Origin')
      void handler(request, response)
    })
    expect((await ask(server.url)).headers.vary).toBe('Origin, Accept, Accept-Encoding')
  })

  test('over HTTP/2 gets the same', async () => {
    const handler = createMetricsHandler({ collect: async () => guide })
    const server = createHttp2Server((request, response) => void handler(request, response)).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const session = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
    try {
      const stream = session.request({ ':path': '/metrics', 'accept-encoding': 'gzip' }).end()
      const [headers] = await once(stream, 'response')
      expect(headers).toMatchObject({ ':status': 200, 'content-encoding': 'gzip', 'cache-control': 'no-store' })
      expect(gunzipSync(await buffer(stream)).toString()).toBe(page('text'))
    } finally {
      session.close()
      server.close()
    }
  })

  test('of an SDK reader gets what the SDK collected', async () => {
    const reader = new CollectingReader()
    const provider = new MeterProvider({ readers: [reader] })
    provider.getMeter('shop').createCounter('requests').add(3, { status: 200 })
    await using at = await endpoint({ collect: (timeoutMillis) => reader.collect({ timeoutMillis }) })
    expect((await ask(at.url)).body.toString()).toContain('requests_total{status="200"} 3\n')
    await provider.shutdown()
    const { status, body } = await ask(at.url)
    expect({ status, body: body.toString() }).toEqual({
      status: 503,
      body: 'metrics are unavailable: MetricReader is shutdown\n',
    })
  })
})

function unavailable(reason: string) {
  return { status: 503, type: 'text/plain; charset=utf-8', body: `metrics are unavailable: ${reason}\n` }
}

async function outcome(at: Scraped, headers: Record<string, string> = {}) {
  const reply = await ask(at.url, headers)
  return { status: reply.status, type: reply.headers['content-type'], body: reply.body.toString() }
}

describe('a collection that fails', () => {
  test.for<[string, () => Promise<CollectionResult>, string]>([
    ['rejects', () => Promise.reject(new Error('disk\n is gone')), 'disk is gone'],
    [
      'throws',
      () => {
        throw new TypeError('no reader')
      },
      'no reader',
    ],
    ['rejects with nothing', () => Promise.reject(undefined), 'undefined'],
    ['has errors only', async () => ({ resourceMetrics: collected([gauge('m')]), errors: ['no data'] }), 'no data'],
    ['yields nonsense', async () => ({ resourceMetrics: {}, errors: [] }) as unknown as CollectionResult, ''],
  ])('because it %s is answered with 503 and the reason', async ([, collect, reason]) => {
    await using at = await endpoint({ collect })
    expect(await outcome(at, { accept: 'application/openmetrics-text', 'accept-encoding': 'gzip' })).toEqual({
      ...unavailable(reason),
      body: expect.stringContaining(unavailable(reason).body.trim()),
    })
    await ask(at.url)
    expect(at.problems).toEqual([expect.stringContaining(reason)])
  })

  test('in part still gives what there is, and says what is missing', async () => {
    await using at = await endpoint({ collect: async () => ({ ...guide, errors: [new Error('one callback threw')] }) })
    const { status, body } = await ask(at.url)
    expect({ status, body: body.toString() }).toEqual({ status: 200, body: page('text') })
    await ask(at.url)
    expect(at.problems).toEqual(['metrics were collected in part: one callback threw'])
  })

  test('by never ending is answered with 503 at its limit, and the next scrape tries anew', async () => {
    const collections: number[] = []
    await using at = await endpoint({
      timeoutMs: 20,
      collect: (timeoutMs) => (collections.push(timeoutMs) === 1 ? new Promise(() => {}) : Promise.resolve(guide)),
    })
    expect(await outcome(at)).toEqual(unavailable('collection took longer than its limit of 20 ms'))
    expect((await ask(at.url)).status).toBe(200)
    expect(collections).toEqual([20, 20])
  })

  test.for([
    ['2', 1800],
    ['0.5', 450],
    ['60', 5000],
    ['0', 5000],
    ['-1', 5000],
    ['soon', 5000],
  ] as const)('has, when the scraper gives it %s s, %d ms', async ([seconds, expected]) => {
    let limit = 0
    await using at = await endpoint({ timeoutMs: 5000, collect: async (timeoutMs) => ((limit = timeoutMs), guide) })
    await ask(at.url, { 'x-prometheus-scrape-timeout-seconds': seconds })
    expect(limit).toBe(expected)
  })

  test('too late for one scraper is still in time for another that waits longer', async () => {
    const { promise, resolve } = Promise.withResolvers<CollectionResult>()
    let collections = 0
    await using at = await endpoint({ collect: () => (collections++, promise) })
    const patient = ask(at.url)
    const hasty = await ask(at.url, { 'x-prometheus-scrape-timeout-seconds': '0.01' })
    resolve(guide)
    expect([(await patient).status, hasty.status, collections]).toEqual([200, 503, 1])
  })
})

describe('scrapes at the same time', () => {
  test('share one collection, each in its own format; the next has its own', async () => {
    const gate = Promise.withResolvers<void>()
    let collections = 0
    let started = 0
    const collect = async () => {
      collections++
      await gate.promise
      return guide
    }
    const handler = createMetricsHandler({ collect })
    await using server = await serve((request, response) => {
      void handler(request, response)
      if (++started === 3) gate.resolve()
    })
    const replies = await Promise.all([
      ask(server.url),
      ask(server.url, { accept: 'application/openmetrics-text' }),
      ask(server.url, { 'accept-encoding': 'gzip' }),
    ])
    expect(replies.map(({ status }) => status)).toEqual([200, 200, 200])
    expect(collections).toBe(1)
    expect(replies[1]?.body.toString()).toBe(page('openmetrics'))
    await ask(server.url)
    expect(collections).toBe(2)
  })
})

function throwing(): never {
  throw new Error('no log')
}

describe('the host', () => {
  test('sees neither error nor rejection when the client goes away', async () => {
    const gate = Promise.withResolvers<CollectionResult>()
    const asked = Promise.withResolvers<void>()
    const handler = createMetricsHandler({ collect: () => (asked.resolve(), gate.promise) })
    let handled: Promise<void> | undefined
    const closed = Promise.withResolvers<void>()
    await using server = await serve((request, response) => {
      response.on('close', closed.resolve)
      handled = handler(request, response)
    })
    const request = httpRequest(server.url, { agent: false }).end()
    const failed = once(request, 'error').catch(() => {})
    await asked.promise
    request.destroy()
    await closed.promise
    gate.resolve(guide)
    await expect(handled).resolves.toBeUndefined()
    await failed
  })

  test('may throw where problems are told: the scrape is answered all the same', async () => {
    await using at = await endpoint({ onProblem: throwing, collect: () => Promise.reject(new Error('broken')) })
    expect((await outcome(at)).body).toBe('metrics are unavailable: broken\n')
  })

  test('is not in the way when it has answered already', async () => {
    const handler = createMetricsHandler({ collect: async () => guide })
    let handled: Promise<void> | undefined
    await using server = await serve((request, response) => {
      handled = handler(request, response)
      response.end('mine')
    })
    expect((await ask(server.url)).body.toString()).toBe('mine')
    await expect(handled).resolves.toBeUndefined()
  })

  test('is not harmed when the client goes away in the midst of a large page', async () => {
    const handler = createMetricsHandler({ collect: async () => ({ resourceMetrics: large, errors: [] }) })
    let handled: Promise<void> | undefined
    await using server = await serve((request, response) => void (handled = handler(request, response)))
    const request = httpRequest(server.url, { agent: false }).end()
    const [response] = await once(request, 'response')
    await once(response, 'data')
    const closed = once(response, 'close')
    response.destroy()
    await closed
    await expect(handled).resolves.toBeUndefined()
    expect((await ask(server.url, {}, 'HEAD')).status).toBe(200)
  })

  test('has turns of its own while a large page is written', async () => {
    const turns = { taken: 0, end: false }
    const take = (): void => {
      turns.taken++
      if (!turns.end) setImmediate(take)
    }
    setImmediate(take)
    let length = 0
    for await (const piece of createPageRenderer().renderInPieces(large, 'text')) length += piece.length
    turns.end = true
    expect(length).toBeGreaterThan(1e6)
    expect(turns.taken).toBeGreaterThan(1)
  })
})

describe('a real Prometheus', () => {
  testWith(prometheus, 'takes the page in the format it likes best, and its exemplars', async (found) => {
    const now = Date.now() / 1000
    const exemplar = { value: 0.031, timestamp: now, traceId: 'a'.repeat(32), spanId: 'b'.repeat(16) }
    const metrics = collected([counter('mcp.requests', [{ status: '200' }, 12, { exemplars: [exemplar] }])])
    const types = new Set<unknown>()
    const handler = createMetricsHandler({ collect: async () => ({ resourceMetrics: metrics, errors: [] }) })
    await using server = await serve((request, response) => {
      response.on('finish', () => types.add(response.getHeader('content-type')))
      void handler(request, response)
    })
    await using running = await startPrometheus(found, { scrape: { app: { targets: [server.host] } } })
    await running.untilScraped('app')
    expect(await running.query('mcp_requests_total')).toMatchObject([{ metric: { status: '200' }, value: 12 }])
    expect([...types]).toEqual(['application/openmetrics-text; version=1.0.0; charset=utf-8'])
    const range = `start=${now - 60}&end=${now + 60}`
    expect(await running.api(`query_exemplars?query=mcp_requests_total&${range}`)).toMatchObject([
      { exemplars: [{ labels: { trace_id: exemplar.traceId, span_id: exemplar.spanId }, value: '0.031' }] },
    ])
  })

  testWith(prometheus, 'sees a target that cannot collect as down', async (found) => {
    await using at = await endpoint({ collect: () => Promise.reject(new Error('broken')) })
    await using running = await startPrometheus(found, { scrape: { app: { targets: [at.host] } } })
    await expect(running.untilScraped('app')).rejects.toThrow('503')
    expect(await running.query('up{job="app"}')).toMatchObject([{ value: 0 }])
  })
})
