import { instrumentMcp } from '@mcp/otel-protocol-instrumentation'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { InMemoryTransport } from '@modelcontextprotocol/sdk/inMemory.js'
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import { SpanKind } from '@opentelemetry/api'
import { NodeSDK } from '@opentelemetry/sdk-node'
import { InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace'
import { expect, test, vi } from 'vitest'

import { scrape } from '../../../test/support/scrape.ts'
import { serve } from '../../../test/support/serve.ts'
import { mcpParts } from '../src/index.ts'

test('servers and clients under an SDK of the app’s own send their spans there, as the options of mcpParts() say, and are on /metrics', async () => {
  const spans = new InMemorySpanExporter()
  const parts = mcpParts({ mcp: { captureArguments: true } })
  const sdk = new NodeSDK({
    instrumentations: parts.instrumentations,
    metricReaders: [parts.metricReader],
    spanProcessors: [new SimpleSpanProcessor({ exporter: spans })],
    logRecordProcessors: [],
  })
  sdk.start()
  instrumentMcp({ Client, McpServer })
  const server = new McpServer({ name: 'shop', version: '1' })
  server.registerTool('buy', {}, () => ({ content: [] }))
  const client = new Client({ name: 'agent', version: '1' })
  const [near, far] = InMemoryTransport.createLinkedPair()
  await server.connect(far)
  await client.connect(near)
  await client.callTool({ name: 'buy', arguments: { password: 'hunter2' } })

  const [sent, received] = await vi.waitFor(() => {
    const calls = spans.getFinishedSpans().filter(({ name }) => name === 'tools/call buy')
    expect(new Set(calls.map(({ kind }) => kind))).toEqual(new Set([SpanKind.SERVER, SpanKind.CLIENT]))
    return calls.toSorted((a, b) => b.kind - a.kind)
  })
  expect(received?.parentSpanContext?.spanId).toBe(sent?.spanContext().spanId)
  expect(received?.attributes['gen_ai.tool.call.arguments']).toBe('{"password":"[REDACTED]"}')
  await using app = await serve((request, response) => void parts.handler(request, response))
  const page = await scrape(app.url)
  expect(page.of('mcp_plugin_executions_total')['{plugin="shop",command="buy",status="success"}']).toBe(1)
  expect(page.of('mcp_protocol_active_sessions')).toEqual({ '{role="server"}': 1, '{role="client"}': 1 })
  await client.close()
  await sdk.shutdown()
})
