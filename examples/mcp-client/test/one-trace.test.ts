import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import path from 'node:path'

import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { AppProcess, REGISTER } from '../../../test/support/app-process.ts'
import { startMockOtlp } from '../../../test/support/mock-otlp.ts'
import type { MockOtlp } from '../../../test/support/mock-otlp.ts'
import type { ReceivedSpan } from '../../../test/support/otlp-records.ts'

const examples = path.dirname(path.dirname(import.meta.dirname))
const CLIENT = path.join(examples, 'mcp-client/src/main.ts')
const STDIO = path.join(examples, 'mcp-server/src/stdio.ts')
const HTTP = path.join(examples, 'mcp-server/src/http.ts')

/** The other service that a tool asks; it keeps the trace that it is given. */
const traces: string[] = []
const reviews = createServer((request, response) => {
  traces.push(String(request.headers['traceparent']))
  response.end('a fine book')
})
beforeAll(async () => {
  reviews.listen(0, '127.0.0.1')
  await once(reviews, 'listening')
})
afterAll(() => {
  reviews.close()
  reviews.closeAllConnections()
})

const ANSWERS = `tools: find-book, lend-book, scan-shelves, fetch-review
find-book: 978-0 The Sea
lend-book: failed, no copy of The Mountain is left
fetch-review: a fine book
`

function environment(collector: MockOtlp): Record<string, string> {
  return {
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.httpUrl,
    OTEL_EXPORTER_PROMETHEUS_PORT: '0',
    OTEL_BSP_SCHEDULE_DELAY: '200',
    REVIEW_URL: `http://127.0.0.1:${(reviews.address() as AddressInfo).port}/`,
  }
}

describe('the client and the server', () => {
  test('over stdio make one trace for each call, down to the request that a tool makes', async () => {
    await using collector = await startMockOtlp()
    await using client = new AppProcess(
      ['--require', REGISTER, CLIENT, process.execPath, '--require', REGISTER, STDIO],
      { cwd: path.dirname(CLIENT), env: environment(collector) },
    )
    expect(await client.exit()).toEqual({ code: 0, signal: null })
    await check(client, collector, { 'network.transport': 'pipe' })
  })

  test('over HTTP make one trace for each call, down to the request that a tool makes', async () => {
    await using collector = await startMockOtlp()
    const env = { ...environment(collector), PORT: '0' }
    await using server = new AppProcess(['--require', REGISTER, HTTP], { cwd: path.dirname(HTTP), env })
    const [, url = ''] = await server.sees(/^listening on (\S+)/m)
    await using client = new AppProcess(['--require', REGISTER, CLIENT, url], { cwd: path.dirname(CLIENT), env })
    expect(await client.exit()).toEqual({ code: 0, signal: null })
    await check(client, collector, {
      'network.transport': 'tcp',
      'network.protocol.version': '1.1',
      'client.address': '127.0.0.1',
      'client.port': expect.any(Number),
    })
  })
})

async function check(client: AppProcess, collector: MockOtlp, network: object): Promise<void> {
  expect(client.stdout.startsWith(ANSWERS)).toBe(true)
  expect(client.stdout).toMatch(/^scan-shelves: given up, /m)

  const find = (name: string, kind: string, within?: string): Promise<ReceivedSpan> =>
    collector.spans.next(
      (span) => span.name === name && span.kind === `SPAN_KIND_${kind}` && (within ?? span.traceId) === span.traceId,
    )
  const sent = await find('tools/call fetch-review', 'CLIENT')
  const received = await find('tools/call fetch-review', 'SERVER', sent.traceId)
  const asked = await find('GET', 'CLIENT', sent.traceId)
  expect(received.parentSpanId).toBe(sent.spanId)
  expect(received.attributes).toMatchObject(network)
  expect(asked.parentSpanId).toBe(received.spanId)
  expect(traces.at(-1)).toContain(sent.traceId)

  const failed = await find('tools/call lend-book', 'SERVER')
  expect(failed.status.code).toBe('STATUS_CODE_ERROR')
  expect(failed.events[0]?.attributes['exception.type']).toBe('OutOfStockError')
  const givenUp = await find('tools/call scan-shelves', 'CLIENT')
  expect(givenUp.attributes['error.type']).toBe('timeout')
}
