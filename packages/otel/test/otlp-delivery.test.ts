import { setImmediate } from 'node:timers/promises'
import { gunzipSync } from 'node:zlib'

import { readConfig } from '@mcp/otel-core'
import { diag, trace } from '@opentelemetry/api'
import { ExportResultCode } from '@opentelemetry/core'
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest'

import { serve, type Served } from '../../../test/support/serve.ts'
import { createBatchQueue } from '../src/export/batch-queue.ts'
import { createExportVoice } from '../src/export/export-failure.ts'
import { createOtlpDelegate } from '../src/export/otlp-delegate.ts'
import type { OtlpDelegate } from '../src/export/otlp-delegate.ts'
import { createOtlpSpanPipeline } from '../src/export/otlp-exporters.ts'
import type { Send } from '../src/export/otlp-request.ts'
import { otlpTarget } from '../src/export/otlp-target.ts'
import { sendByHttp } from '../src/export/send-by-http.ts'
import { withVariables } from '../src/export/with-variables.ts'

interface Received {
  readonly headers: NodeJS.Dict<string | string[]>
  readonly body: string
}

type Answer = readonly [status: number, headers?: Record<string, string>, body?: string]

/** A collector that gives the answers in order, the last one for ever; `undefined` never answers. */
async function startCollector(...answers: (Answer | undefined)[]): Promise<Served & { received: Received[] }> {
  const received: Received[] = []
  const server = await serve(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk)
    const raw = Buffer.concat(chunks)
    const isGzip = request.headers['content-encoding'] === 'gzip'
    received.push({ headers: request.headers, body: (isGzip ? gunzipSync(raw) : raw).toString() })
    const answer = answers.length > 1 ? answers.shift() : answers[0]
    if (answer !== undefined) response.writeHead(answer[0], answer[1]).end(answer[2])
  })
  return { received, url: server.url, host: server.host, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() }
}

const serializer = {
  serializeRequest: (text: string) => (text === '' ? undefined : Buffer.from(text)),
  deserializeResponse: (body: Uint8Array) => JSON.parse(Buffer.from(body).toString()) as unknown,
}

function delegateTo(url: string, env: Record<string, string> = {}, send = sendByHttp) {
  const counts = { succeeded: 0, failed: 0 }
  const observer = { succeeded: () => void counts.succeeded++, failed: () => void counts.failed++, lost() {} }
  const target = withVariables({ OTEL_EXPORTER_OTLP_ENDPOINT: url, ...env }, () => otlpTarget('traces', 'text/plain'))
  const delegate = createOtlpDelegate({
    target,
    send,
    serializer,
    voice: createExportVoice('traces', target.url, observer),
  })
  const results: ExportResultCode[] = []
  return {
    counts,
    results,
    delegate,
    send: (text: string) => delegate.export(text, ({ code }) => void results.push(code)),
  }
}

const said: string[] = []
beforeEach(() => {
  said.length = 0
  const say = (text: string) => void said.push(text)
  diag.setLogger({ error: say, warn: say, info() {}, debug() {}, verbose() {} }, { suppressOverrideMessage: true })
})
afterEach(() => diag.disable())

const UNAVAILABLE: Answer = [503, { 'retry-after': '0' }]

describe('an export by HTTP', () => {
  test('goes to the path of its signal with the headers of the environment', async () => {
    await using collector = await startCollector([200])
    const { counts, delegate, send } = delegateTo(collector.url, { OTEL_EXPORTER_OTLP_HEADERS: 'key=value' })
    send('spans')
    await delegate.forceFlush()
    expect(collector.received).toMatchObject([
      { headers: { key: 'value', 'content-type': 'text/plain' }, body: 'spans' },
    ])
    expect(counts).toEqual({ succeeded: 1, failed: 0 })
  })

  test('is compressed where that is asked for', async () => {
    await using collector = await startCollector([200])
    const { delegate, send } = delegateTo(collector.url, { OTEL_EXPORTER_OTLP_COMPRESSION: 'gzip' })
    send('spans')
    await delegate.forceFlush()
    expect(collector.received[0]).toMatchObject({ headers: { 'content-encoding': 'gzip' }, body: 'spans' })
  })

  test('is taken as delivered at once, so that no timer of the SDK waits for the collector', async () => {
    await using collector = await startCollector(undefined)
    const { results, send } = delegateTo(collector.url, { OTEL_EXPORTER_OTLP_TIMEOUT: '50' })
    send('spans')
    expect(results).toEqual([ExportResultCode.SUCCESS])
  })

  test.each([429, 502, 503, 504])('is tried again after a %i, when the collector says', async (status) => {
    await using collector = await startCollector([status, { 'retry-after': '0' }], [200])
    const { counts, delegate, send } = delegateTo(collector.url)
    send('spans')
    await delegate.forceFlush()
    expect(collector.received.map(({ body }) => body)).toEqual(['spans', 'spans'])
    expect(counts).toEqual({ succeeded: 1, failed: 0 })
  })

  test('is tried again at the time that the collector names', async () => {
    const soon = new Date(Date.now() + 1000).toUTCString()
    await using collector = await startCollector([503, { 'retry-after': soon }], [200])
    const { counts, delegate, send } = delegateTo(collector.url)
    send('spans')
    await delegate.forceFlush()
    expect([collector.received.length, counts]).toEqual([2, { succeeded: 1, failed: 0 }])
  })

  test('is among the last words while it waits to be tried again', async () => {
    let sent = 0
    const send: Send = async (_request, { onHandedOver }) => {
      onHandedOver?.()
      sent += 1
      const body = new Uint8Array()
      return sent === 1 ? { refusal: 'busy', isRetryable: true, retryAfterMillis: 5000, body } : { body }
    }
    const { delegate, send: exported } = delegateTo('http://collector.test', {}, send)
    exported('spans')
    await setImmediate()
    expect(sent).toBe(1)
    expect(delegate.lastRequests(['more']).map(({ body }) => String(body))).toEqual(['spans', 'more'])
  })

  test('is given up when the collector asks for a longer wait than there is time', async () => {
    await using collector = await startCollector([429, { 'retry-after': '3600' }])
    const { counts, delegate, send } = delegateTo(collector.url)
    send('spans')
    await delegate.forceFlush()
    expect(collector.received).toHaveLength(1)
    expect(counts).toEqual({ succeeded: 0, failed: 1 })
    expect(said).toEqual([
      `traces cannot be exported to ${collector.url}/v1/traces: the collector answered 429; start the collector there, or ` +
        'correct OTEL_EXPORTER_OTLP_ENDPOINT; the app runs on',
    ])
  })

  test.each([302, 400, 401, 404])('is not tried again after a %i', async (status) => {
    await using collector = await startCollector([status])
    const { counts, delegate, send } = delegateTo(collector.url)
    send('spans')
    await delegate.forceFlush()
    expect(collector.received).toHaveLength(1)
    expect(counts.failed).toBe(1)
  })

  test('ends in time when the collector never answers', async () => {
    await using collector = await startCollector(undefined)
    const { counts, delegate, send } = delegateTo(collector.url, { OTEL_EXPORTER_OTLP_TIMEOUT: '50' })
    delegate.hurry()
    send('spans')
    await delegate.forceFlush()
    expect(counts.failed).toBe(1)
    expect(said[0]).toContain('no answer within 50 ms')
  })

  test('is not tried again in a hurry when nobody listens there', async () => {
    const { counts, delegate, send } = delegateTo('http://127.0.0.1:9')
    delegate.hurry()
    send('spans')
    await delegate.forceFlush()
    expect(counts.failed).toBe(1)
    expect(said[0]).toContain('ECONNREFUSED')
  })

  test('is not tried again in a hurry when the connection breaks', async () => {
    let requests = 0
    await using collector = await serve((request) => {
      requests += 1
      request.socket.destroy()
    })
    const { counts, delegate, send } = delegateTo(collector.url)
    delegate.hurry()
    send('spans')
    await delegate.forceFlush()
    expect([requests, counts.failed]).toEqual([1, 1])
  })

  test('fails once in words, until it works again', async () => {
    await using collector = await startCollector([400], [400], [200], [200], [400])
    const { delegate, send } = delegateTo(collector.url)
    for (const text of ['a', 'b', 'c', 'd', 'e']) {
      send(text)
      await delegate.forceFlush()
    }
    expect(said.map((text) => text.split(' to ')[0])).toEqual([
      'traces cannot be exported',
      'traces are exported',
      'traces cannot be exported',
    ])
  })

  test('waits in bounded number: what exceeds it is refused and counted', async () => {
    await using collector = await startCollector(undefined)
    const { counts, results, send } = delegateTo(collector.url, { OTEL_EXPORTER_OTLP_TIMEOUT: '100' })
    for (let i = 0; i < 10; i++) send(`batch ${i}`)
    expect(results.filter((code) => code === ExportResultCode.FAILED)).toHaveLength(2)
    expect(counts.failed).toBe(2)
    expect(said[0]).toContain('8 exports wait for an answer already')
  })

  test('waits in bounded size: beyond 64 MiB under way records wait, and beyond their queue they are counted, and said once', async () => {
    const answers: (() => void)[] = []
    const sizes: number[] = []
    await using collector = await serve((request, response) => {
      answers.push(() => {
        let size = 0
        request.on('data', (chunk: Buffer) => (size += chunk.length))
        request.on('end', () => (sizes.push(size), response.end()))
      })
    })
    let lost = 0
    const observer = { succeeded() {}, failed() {}, lost: (_signal: string, count: number) => void (lost += count) }
    const target = withVariables({ OTEL_EXPORTER_OTLP_ENDPOINT: collector.url }, () => otlpTarget('traces', 'x'))
    const voice = createExportVoice('traces', target.url, observer)
    const firstOf = { ...serializer, serializeRequest: ([record]: Buffer[]) => record }
    const delegate = createOtlpDelegate({ target, send: sendByHttp, serializer: firstOf, voice })
    const limits = { maxQueueSize: 1, maxExportBatchSize: 1, scheduledDelayMillis: 60_000, exportTimeoutMillis: 60_000 }
    const queue = createBatchQueue(limits, delegate, voice)

    const big = Buffer.alloc(33 * 1024 * 1024)
    for (let i = 0; i < 6; i++) queue.add(big)
    expect(lost).toBe(3)
    expect(said).toEqual([
      `1 spans wait for export already, and what exceeds them is dropped, and counted in mcp_telemetry_lost_records_total: ` +
        `see that ${target.url} answers, or set OTEL_BSP_MAX_QUEUE_SIZE`,
    ])

    const flushed = queue.forceFlush()
    await vi.waitUntil(() => answers.length === 2, 10_000)
    for (const answer of answers) answer()
    await vi.waitUntil(() => answers.length === 3, 10_000)
    answers[2]?.()
    await flushed
    expect(sizes).toEqual([big.length, big.length, big.length])
    expect(said.slice(1)).toEqual([`traces are exported to ${target.url} again; 3 spans were lost meanwhile`])
  })

  test('does not read an answer without an end', async () => {
    await using collector = await startCollector([200, {}, 'x'.repeat(4 * 1024 * 1024 + 1)])
    const { counts, delegate, send } = delegateTo(collector.url)
    delegate.hurry()
    send('spans')
    await delegate.forceFlush()
    expect(counts).toEqual({ succeeded: 0, failed: 1 })
    expect(said[0]).toContain('the answer is longer than 4194304 bytes')
  })

  test('says what the collector refused of it', async () => {
    await using collector = await startCollector([200, {}, '{"partialSuccess":{"rejectedSpans":3}}'])
    const { delegate, send } = delegateTo(collector.url)
    send('spans')
    await delegate.forceFlush()
    expect(said).toEqual(['the collector refused a part of an export: {"rejectedSpans":3}'])
  })

  test('of nothing is no request, and of what cannot be serialized a failure that is not thrown', async () => {
    await using collector = await startCollector([200])
    const { delegate, results, send } = delegateTo(collector.url)
    send('')
    send(null as never)
    await delegate.forceFlush()
    expect(results).toEqual([ExportResultCode.SUCCESS, ExportResultCode.FAILED])
    expect(collector.received).toHaveLength(0)
  })

  test.each([
    ['as is', 0.5, [1000, 1500, 2250, 3375, 5000, 5000]],
    ['a fifth sooner at the least', 0, [800, 1200, 1800, 2700, 4000, 4000, 4000]],
  ])('waits longer from try to try, up to five seconds: %s', async (_spread, random, expected) => {
    vi.useFakeTimers()
    const drawn = vi.spyOn(Math, 'random').mockReturnValue(random)
    onTestFinished(() => {
      vi.useRealTimers()
      drawn.mockRestore()
    })
    const tries: { readonly at: number; readonly left: number }[] = []
    const send: Send = async (_request, { timeoutMillis }) => {
      tries.push({ at: performance.now(), left: timeoutMillis })
      return { refusal: 'busy', isRetryable: true, body: new Uint8Array() }
    }
    const limit = { OTEL_EXPORTER_OTLP_TIMEOUT: '20000' }
    const { counts, delegate, send: exported } = delegateTo('http://collector.test', limit, send)
    exported('spans')
    await vi.runAllTimersAsync()
    await delegate.forceFlush()
    expect(tries.slice(1).map(({ at }, index) => at - tries[index]!.at)).toEqual(expected)
    // Each try has what is left of the one limit, and one that would begin after it is not awaited.
    expect(tries.map(({ at, left }) => at + left)).toEqual(tries.map(() => tries[0]!.at + 20_000))
    expect(counts).toEqual({ succeeded: 0, failed: 1 })
  })

  test('gets through a collector that comes back', async () => {
    await using collector = await startCollector(UNAVAILABLE, UNAVAILABLE, UNAVAILABLE, [200])
    const { counts, delegate, send } = delegateTo(collector.url)
    send('spans')
    await delegate.forceFlush()
    expect(counts).toEqual({ succeeded: 1, failed: 0 })
    expect(said).toEqual([])
  })
})

describe('records on their way', () => {
  const limits = { maxQueueSize: 4, maxExportBatchSize: 10, scheduledDelayMillis: 1000, exportTimeoutMillis: 1000 }
  const queueTo = (hasRoom: () => boolean) => {
    const batches: string[][] = []
    const delegate: OtlpDelegate<string[]> = {
      hasRoom,
      export: (batch, done) => (batches.push(batch), done({ code: ExportResultCode.SUCCESS })),
      roomMade: async () => {},
      forceFlush: async () => {},
      shutdown: async () => {},
      setMetrics() {},
      hurry() {},
      lastRequests: () => [],
    }
    const voice = createExportVoice('traces', 'http://collector.test', { succeeded() {}, failed() {}, lost() {} })
    return { batches, queue: createBatchQueue(limits, delegate, voice) }
  }
  afterEach(() => vi.useRealTimers())

  test('are sent as soon as their queue is full, also where a batch might be larger', () => {
    const { batches, queue } = queueTo(() => true)
    for (const record of ['a', 'b', 'c', 'd', 'e']) queue.add(record)
    expect([batches, queue.takeAll()]).toEqual([[['a', 'b', 'c', 'd']], [['e']]])
  })

  test('are not taken any more after the end', async () => {
    const { batches, queue } = queueTo(() => true)
    queue.add('a')
    await queue.shutdown()
    queue.add('late')
    expect([batches, queue.takeAll()]).toEqual([[['a']], []])
  })

  test('are tried again each time that their delay is over, as long as there is no room', () => {
    vi.useFakeTimers()
    let hasRoom = false
    const { batches, queue } = queueTo(() => hasRoom)
    queue.add('a')
    vi.advanceTimersByTime(1000)
    hasRoom = true
    expect(batches).toEqual([])
    vi.advanceTimersByTime(1000)
    expect(batches).toEqual([['a']])
  })

  test('are counted as lost from one outage to its end, where credentials are left out', () => {
    const voice = createExportVoice('traces', 'http://user:hidden@collector.test/v1', {
      succeeded() {},
      failed() {},
      lost() {},
    })
    for (const count of [2, 1]) {
      voice.failed(new Error('no answer'), count)
      voice.succeeded()
    }
    expect(said.filter((text) => text.includes('again')).map((text) => text.split('; ')[1])).toEqual([
      '2 spans were lost meanwhile',
      '1 spans were lost meanwhile',
    ])
    expect(said.join()).not.toContain('hidden')
  })

  test('are those that are sampled: what is recorded for others to see is not sent', () => {
    const { exporting, processor } = createOtlpSpanPipeline(readConfig().config, {
      succeeded() {},
      failed() {},
      lost() {},
    })
    processor.onEnd(trace.wrapSpanContext({ traceId: '1'.repeat(32), spanId: '2'.repeat(16), traceFlags: 0 }) as never)
    expect(exporting?.lastRequests()).toEqual([])
  })
})
