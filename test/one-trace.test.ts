import { readFileSync } from 'node:fs'
import { mkdtempDisposable } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'

import { expect, test } from 'vitest'

import { AppProcess, REGISTER, root } from './support/app-process.ts'
import { startMockOtlp } from './support/mock-otlp.ts'
import type { ReceivedSpan } from './support/otlp-records.ts'
import { scrapeUntil } from './support/scrape.ts'

const APP = `${root}/test/fixtures/tracing-app.mjs`

/** The spans of a trace from its root down: each as its kind and name, with those below it. */
function treeOf(spans: readonly ReceivedSpan[], parentSpanId = ''): unknown[] {
  return spans
    .filter((span) => span.parentSpanId === parentSpanId)
    .map(({ kind, name, spanId }) => [`${kind.replace('SPAN_KIND_', '')} ${name}`, ...treeOf(spans, spanId)])
}

test('a request, the call to another server, its job, plugin and program are one trace, which lines and exemplars name', async () => {
  await using folder = await mkdtempDisposable(path.join(tmpdir(), 'mcp-otel-'))
  await using collector = await startMockOtlp()
  const file = path.join(folder.path, 'mcp.log')
  await using app = new AppProcess(['--import', REGISTER, APP], {
    env: { MCP_OTEL_PORT: '0', MCP_OTEL_LOG_FILE: file, OTEL_EXPORTER_OTLP_ENDPOINT: collector.httpUrl },
  })
  const [endpoint, [, url = '']] = await Promise.all([app.endpoint(), app.sees(/app on (\S+)/)])
  expect(await (await fetch(`${url}/ask/7`)).text()).toBe('checksum of 7')
  await scrapeUntil(endpoint, (it) => Object.keys(it.of('mcp_requests_total')).length === 2)
  const accept = 'application/openmetrics-text; version=1.0.0'
  const page = await (await fetch(`${endpoint}/metrics`, { headers: { accept } })).text()
  await app.stop()

  const spans = collector.spans.all
  expect(treeOf(spans)).toEqual([
    [
      'SERVER GET /ask/:id',
      [
        'CLIENT GET',
        [
          'SERVER GET /jobs/:id',
          ['PRODUCER send work', ['CONSUMER process work', ['INTERNAL files checksum', ['INTERNAL node print']]]],
        ],
      ],
    ],
  ])
  const [traceId, ...others] = new Set(spans.map((span) => span.traceId))
  expect(others).toEqual([])
  const nameOf = (spanId: unknown) => spans.find((span) => span.spanId === spanId)?.name

  const lines = readFileSync(file, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>)
  expect(lines.map((line) => [line['trace_id'], line['type'], nameOf(line['span_id'])])).toEqual([
    [traceId, 'plugin', 'node print'],
    [traceId, 'plugin', 'files checksum'],
    [traceId, 'access', 'GET /jobs/:id'],
    [traceId, 'access', 'GET /ask/:id'],
  ])

  const exemplars = [...page.matchAll(/^(\w+)(?:\{.*?\})? \S+ # \{trace_id="(\w+)",span_id="(\w+)"\}/gm)]
  expect(new Set(exemplars.map(([, , id]) => id))).toEqual(new Set([traceId]))
  const told = Map.groupBy(exemplars, ([, metric]) => metric ?? '')
  expect(
    Object.fromEntries([...told].map(([metric, of]) => [metric, of.map(([, , , spanId]) => nameOf(spanId))])),
  ).toEqual({
    mcp_plugin_execution_duration_seconds_bucket: ['files checksum', 'node print'],
    mcp_plugin_executions_total: ['files checksum', 'node print'],
    mcp_queue_jobs_total: ['process work'],
    mcp_queue_run_seconds_bucket: ['process work'],
    mcp_queue_wait_seconds_bucket: ['process work'],
    mcp_request_duration_seconds_bucket: ['GET /jobs/:id', 'GET /ask/:id'],
    mcp_requests_total: ['GET /jobs/:id', 'GET /ask/:id'],
  })
})
