import { readConfig } from '@mcp/otel-core'
import { instrumentMcp } from '@mcp/otel-protocol-instrumentation'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { InMemoryTransport } from '@modelcontextprotocol/sdk/inMemory.js'
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import { SpanKind } from '@opentelemetry/api'
import type { Attributes } from '@opentelemetry/api'
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace'
import { expect, test } from 'vitest'
import { z } from 'zod'

import { mcpOptions } from '../src/instrument/mcp-options.ts'

type Redact = Parameters<typeof mcpOptions>[1]

const SECRETS = ['hunter2', 'ghp_0123456789abcdefghijABCDEFGHIJ', 'swordfish', '4111111111111111']

const ARGUMENTS = {
  note: `look at https://user:swordfish@host/x with ${SECRETS[1]}`,
  login: { name: 'ada', password: SECRETS[0] },
  card: SECRETS[3],
}

/** Calls a tool that returns its arguments, under these variables, and returns the attributes of the server's span. */
async function attributesUnder(env: Record<string, string>, redact?: Redact): Promise<Attributes> {
  const { config } = readConfig({ env })
  const exporter = new InMemorySpanExporter()
  const tracerProvider = new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] })
  const [Observed, Caller] = [class extends McpServer {}, class extends Client {}]
  instrumentMcp({ McpServer: Observed, Client: Caller }, { ...mcpOptions(config.mcp, redact), tracerProvider })
  const server = new Observed({ name: 'shop', version: '1' })
  server.registerTool('repeat', { inputSchema: z.looseObject({}) }, (given) => ({
    content: [{ type: 'text', text: JSON.stringify(given) }],
    structuredContent: given,
  }))
  const client = new Caller({ name: 'agent', version: '1' })
  const [near, far] = InMemoryTransport.createLinkedPair()
  await server.connect(far)
  await client.connect(near)
  const result = await client.callTool({ name: 'repeat', arguments: ARGUMENTS })
  expect(result.structuredContent).toEqual(ARGUMENTS)
  await client.close()
  const span = exporter
    .getFinishedSpans()
    .find(({ kind, name }) => kind === SpanKind.SERVER && name === 'tools/call repeat')
  return span?.attributes ?? {}
}

const BOTH = { MCP_OTEL_MCP_CAPTURE_ARGUMENTS: 'on', MCP_OTEL_MCP_CAPTURE_RESULTS: 'on' }

test('without a setting, a span has keys and sizes and nothing of what was said', async () => {
  const attributes = await attributesUnder({})
  expect(attributes['mcp.tool.call.arguments.keys']).toEqual(['note', 'login', 'card'])
  expect(attributes['mcp.tool.call.arguments.size']).toBe(JSON.stringify(ARGUMENTS).length)
  expect(JSON.stringify(attributes)).not.toMatch(/ada|host/)
})

test('captured arguments and results have lost every secret that is known by its key or its shape', async () => {
  const attributes = await attributesUnder(BOTH, { keys: ['card'] })
  expect(JSON.parse(String(attributes['gen_ai.tool.call.arguments']))).toEqual({
    note: 'look at https://[REDACTED]@host/x with [REDACTED]',
    login: { name: 'ada', password: '[REDACTED]' },
    card: '[REDACTED]',
  })
  expect(String(attributes['gen_ai.tool.call.result'])).toContain('ada')
  for (const secret of SECRETS.slice(0, 3)) expect(JSON.stringify(attributes)).not.toContain(secret)
})

test('each of the two is captured by itself, and cut to the length that is set', async () => {
  const given = { MCP_OTEL_MCP_CAPTURE_ARGUMENTS: 'on', MCP_OTEL_MCP_CAPTURE_MAX_LENGTH: '20' }
  const attributes = await attributesUnder(given)
  expect(attributes['gen_ai.tool.call.arguments']).toBe('{"note":"look at htt…')
  expect(attributes['gen_ai.tool.call.result']).toBeUndefined()
  expect(await attributesUnder({ MCP_OTEL_MCP_CAPTURE_RESULTS: 'on' })).not.toHaveProperty('gen_ai.tool.call.arguments')
})

test('where the redactor cannot be made, nothing is captured', async () => {
  const attributes = await attributesUnder(BOTH, { paths: ['a['] })
  expect(attributes).not.toHaveProperty('gen_ai.tool.call.arguments')
  expect(attributes).not.toHaveProperty('gen_ai.tool.call.result')
  expect(attributes['mcp.tool.call.arguments.keys']).toEqual(['note', 'login', 'card'])
})
