import { gunzipSync } from 'node:zlib'

import { diag } from '@opentelemetry/api'
import { ExportResultCode } from '@opentelemetry/core'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'

import { serve, type Served } from '../../../test/support/serve.ts'
import { createBatchQueue } from '../src/export/batch-queue.ts'
import { createExportVoice } from '../src/export/export-failure.ts'
import { createOtlpDelegate } from '../src/export/otlp-delegate.ts'
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

function delegateTo(url: string, env: Record<string, string> = {}) {
  const counts = { succeeded: 0, failed: 0 }
  const observer = { succeeded: () => void counts.succeeded++, failed: () => void counts.failed++, lost() {} }
  const target = withVariables({ OTEL_EXPORTER_OTLP_ENDPOINT: url, ...env }, () => otlpTarget('traces', 'text/plain'))
  const delegate = createOtlpDelegate({
    target,
    send: sendByHttp,
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

  test.each([400, 401, 404])('is not tried again after a %i', async (status) => {
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

  test('gets through a collector that comes back', async () => {
    await using collector = await startCollector(UNAVAILABLE, UNAVAILABLE, UNAVAILABLE, [200])
    const { counts, delegate, send } = delegateTo(collector.url)
    send('spans')
    await delegate.forceFlush()
    expect(counts).toEqual({ succeeded: 1, failed: 0 })
    expect(said).toEqual([])
  })
})
