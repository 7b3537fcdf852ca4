import { once } from 'node:events'
import { request as httpRequest } from 'node:http'
import { connect, createServer as createHttp2Server } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { gunzipSync } from 'node:zlib'

import { MeterProvider } from '@opentelemetry/sdk-metrics'
import { describe, expect, onTestFinished, test, vi } from 'vitest'

import { serve } from '../../../test/support/serve.ts'
import { createMetricsHandler, createPageRenderer } from '../src/index.ts'
import type { CollectionResult } from '../src/index.ts'
import { CollectingReader } from './support/collecting-reader.ts'
import { ask, endpoint, guide, guidePage } from './support/metrics-endpoint.ts'
import { collected, counter } from './support/metrics.ts'

const large = collected([
  counter('m', ...Array.from({ length: 100_000 }, (_, at) => [{ series: `s${at}` }, at] as const)),
])

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
    expect(body.toString()).toBe(guidePage('text'))
  })

  test('gets OpenMetrics 1.0.0 when it asks for that', async () => {
    await using at = await endpoint()
    const { headers, body } = await ask(at.url, { accept: 'application/openmetrics-text; version=1.0.0' })
    expect(headers['content-type']).toBe('application/openmetrics-text; version=1.0.0; charset=utf-8')
    expect(body.toString()).toBe(guidePage('openmetrics'))
  })

  test('gets its own page, however many others are answered before it and with it', async () => {
    let value = 0
    const collect = async () => {
      const points = Array.from({ length: 3000 }, (_, index) => [{ series: `é${index}` }, value + index] as const)
      value += 1e6
      return { resourceMetrics: collected([counter('m', ...points)]), errors: [] }
    }
    await using at = await endpoint({ collect })
    for (let round = 0; round < 4; round++) {
      const answers = await Promise.all(
        ['gzip', 'identity', 'gzip', 'gzip'].map((encoding) => ask(at.url, { 'accept-encoding': encoding })),
      )
      for (const { headers, body } of answers) {
        const page = (headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body).toString()
        const values = page
          .split('\n')
          .flatMap((line) => /^m_total\{series="é(\d+)"\} (\d+)$/.exec(line)?.slice(1) ?? [])
        const first = Number(values[1])
        expect(values).toEqual(
          Array.from({ length: 3000 }, (_, index) => [String(index), String(first + index)]).flat(),
        )
        expect(first).toBeGreaterThanOrEqual(round * 1e6)
      }
    }
  })

  test('gets it compressed when it takes gzip, and not when it takes it with q=0', async () => {
    await using at = await endpoint()
    const zipped = await ask(at.url, { 'accept-encoding': 'deflate, gzip' })
    expect(zipped.headers).toMatchObject({ 'content-encoding': 'gzip', 'content-length': String(zipped.body.length) })
    expect(zipped.body.length).toBeLessThan(guidePage('text').length / 3)
    expect(gunzipSync(zipped.body).toString()).toBe(guidePage('text'))
    const plain = await ask(at.url, { 'accept-encoding': 'gzip;q=0' })
    expect(plain.headers).not.toHaveProperty('content-encoding')
    expect(plain.body.toString()).toBe(guidePage('text'))
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
      expect(gunzipSync(await buffer(stream)).toString()).toBe(guidePage('text'))
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
    expect((await ask(at.url)).body.toString()).toBe('metrics are unavailable: broken\n')
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

  test('writes no further for a client that has gone away', async () => {
    // Each look at the clock is a turn later, so that others run wherever the page may pause.
    let now = performance.now()
    const clock = vi.spyOn(performance, 'now').mockImplementation(() => (now += 1000))
    onTestFinished(() => clock.mockRestore())
    const count = 20_000
    let written = 0
    const begun = Promise.withResolvers<void>()
    const points = Array.from({ length: count }, (_, at) => {
      const attributes = {
        get series() {
          written += 1
          begun.resolve()
          return `s${at}`
        },
      }
      return [attributes, at] as const
    })
    const metrics = collected([counter('m', ...points)])
    const handler = createMetricsHandler({
      collect: async () => ({ resourceMetrics: metrics, errors: [] }),
      timeoutMs: 1e9,
    })
    let handled: Promise<void> | undefined
    await using server = await serve((request, response) => void (handled = handler(request, response)))
    const request = httpRequest(server.url, { agent: false }).end()
    const failed = once(request, 'error').catch(() => {})
    await begun.promise
    request.destroy()
    await handled
    await failed
    expect(written).toBeGreaterThan(0)
    expect(written).toBeLessThan(count)
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
