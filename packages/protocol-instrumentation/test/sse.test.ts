import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { SSEClientTransport } from '@modelcontextprotocol/sdk/client/sse.js'
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import { SSEServerTransport } from '@modelcontextprotocol/sdk/server/sse.js'
import { beforeAll, expect, test, vi } from 'vitest'

import { instrumentClient, instrumentServer } from '../src/index.ts'
import { createTestTelemetry, registerContext } from './support/telemetry.ts'

beforeAll(registerContext)

test('over the older SSE transport a call is one trace, within a session that has an id', async () => {
  const telemetry = createTestTelemetry()
  const { meterProvider, tracerProvider } = telemetry
  const options = { meterProvider, tracerProvider }
  const server = instrumentServer(new McpServer({ name: 'shop', version: '1' }), options)
  server.registerTool('echo', {}, () => ({ content: [] }))
  let transport: SSEServerTransport | undefined
  const http = createServer((request, response) => {
    if (request.method === 'POST') {
      void transport?.handlePostMessage(request, response)
      return
    }
    transport = new SSEServerTransport('/messages', response)
    void server.connect(transport)
  })
  http.listen(0, '127.0.0.1')
  await once(http, 'listening')
  const { port } = http.address() as AddressInfo
  const client = instrumentClient(new Client({ name: 'agent', version: '1' }), options)
  try {
    await client.connect(new SSEClientTransport(new URL(`http://127.0.0.1:${port}/sse`)))
    await client.callTool({ name: 'echo', arguments: {} })
    const [sent] = await vi.waitFor(() => {
      const spans = telemetry.spansOf('client', 'tools/call echo')
      expect(spans).toHaveLength(1)
      return spans
    })
    const [received] = telemetry.spansOf('server', 'tools/call echo')
    expect(received?.parentSpanContext?.spanId).toBe(sent?.spanContext().spanId)
    expect(received?.attributes['network.transport']).toBe('tcp')
    expect(received?.attributes['mcp.session.id']).toBe(transport?.sessionId)
    expect(sent?.attributes['server.port']).toBe(port)
  } finally {
    await client.close()
    await server.close()
    http.closeAllConnections()
    http.close()
  }
  expect(Object.values(telemetry.points('mcp.server.session.duration'))).toEqual([1])
})
