import { describe, expect, onTestFinished, test, vi } from 'vitest'

import { findPrometheus } from '../../../test/support/components.ts'
import { serve } from '../../../test/support/serve.ts'
import { startPrometheus } from '../../../test/support/start-prometheus.ts'
import { testWith } from '../../../test/support/test-with.ts'
import { createMetricsHandler } from '../src/index.ts'
import type { CollectionResult } from '../src/index.ts'
import { createCollection } from '../src/prometheus/collection.ts'
import { ask, endpoint, guide, guidePage } from './support/metrics-endpoint.ts'
import type { MetricsEndpoint } from './support/metrics-endpoint.ts'
import { collected, counter, gauge } from './support/metrics.ts'

const prometheus = await findPrometheus()

function unavailable(reason: string) {
  return { status: 503, type: 'text/plain; charset=utf-8', body: `metrics are unavailable: ${reason}\n` }
}

async function outcome(at: MetricsEndpoint, headers: Record<string, string> = {}) {
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

  test('is over for the scrapes after it, and leaves no timer behind, which would keep the process from its end', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    onTestFinished(() => void vi.useRealTimers())
    const results = [Promise.reject(new Error('away')), Promise.resolve(guide)]
    const collect = createCollection(() => results.shift() as Promise<CollectionResult>)
    await expect(collect(1000)).rejects.toThrow('away')
    expect(await collect(1000)).toBe(guide)
    await Promise.resolve()
    expect(vi.getTimerCount()).toBe(0)
  })

  test('in part still gives what there is, and says what is missing', async () => {
    await using at = await endpoint({ collect: async () => ({ ...guide, errors: [new Error('one callback threw')] }) })
    const { status, body } = await ask(at.url)
    expect({ status, body: body.toString() }).toEqual({ status: 200, body: guidePage('text') })
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
    expect(replies[1]?.body.toString()).toBe(guidePage('openmetrics'))
    await ask(server.url)
    expect(collections).toBe(2)
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
    const at = await running.untilScraped('app')
    expect(await running.query('mcp_requests_total', at)).toMatchObject([{ metric: { status: '200' }, value: 12 }])
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
