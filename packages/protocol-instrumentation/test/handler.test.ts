import { McpServer, createMcpHandler } from '@modelcontextprotocol/server'
import { SpanKind, SpanStatusCode } from '@opentelemetry/api'
import { beforeAll, beforeEach, expect, test, vi } from 'vitest'

import { instrumentHandler, instrumentMcp } from '../src/index.ts'
import { createTestTelemetry, registerContext } from './support/telemetry.ts'
import type { TestTelemetry } from './support/telemetry.ts'

beforeAll(registerContext)

let telemetry: TestTelemetry
beforeEach(() => {
  telemetry = createTestTelemetry()
})

const META = {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientInfo': { name: 'agent', version: '1' },
  'io.modelcontextprotocol/clientCapabilities': {},
}

function serverFrom(Class: typeof McpServer): McpServer {
  const server = new Class({ name: 'shop', version: '1' }, { capabilities: { tools: { listChanged: true } } })
  server.registerTool('echo', {}, () => ({ content: [{ type: 'text', text: 'hello' }] }))
  return server
}

function createHandlers() {
  const { meterProvider, tracerProvider } = telemetry
  const Observed = class extends McpServer {}
  instrumentMcp({ McpServer: Observed }, { meterProvider, tracerProvider })
  const options = { legacy: 'reject' } as const
  return {
    bare: createMcpHandler(() => serverFrom(McpServer), options),
    observed: instrumentHandler(
      createMcpHandler(() => serverFrom(Observed), options),
      { meterProvider, tracerProvider },
    ),
  }
}

function post(method: string, params: object, headers: Record<string, string> = {}, body?: string): Request {
  return new Request('http://localhost/mcp', {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      'mcp-protocol-version': '2026-07-28',
      'mcp-method': method,
      ...headers,
    },
    body: body ?? JSON.stringify({ jsonrpc: '2.0', id: 7, method, params: { _meta: META, ...params } }),
  })
}

async function written(response: Response): Promise<unknown> {
  return [response.status, Object.fromEntries(response.headers), await response.text()]
}

const refused: readonly (readonly [title: string, request: () => Request, span: string, code: string])[] = [
  [
    'a method that the body does not name',
    () => post('tools/call', {}, { 'mcp-method': 'tools/list' }),
    'tools/list',
    '-32020',
  ],
  ['text that is no JSON', () => post('tools/list', {}, {}, '{"jsonrpc'), 'tools/list', '-32700'],
  ['another media type', () => post('tools/list', {}, { 'content-type': 'text/plain' }), 'tools/list', '-32000'],
  [
    'a revision that is not served',
    () => post('tools/list', { _meta: { ...META, 'io.modelcontextprotocol/protocolVersion': '2099-01-01' } }),
    'tools/list',
    '-32020',
  ],
  ['a method that a scanner invents', () => post('admin/dump', {}, {}, 'x'), '_OTHER', '-32700'],
]

test.each(refused)(
  '%s: the handler refuses as without us, and that is the caller’s mistake',
  async (_title, request, name, code) => {
    const { bare, observed } = createHandlers()
    expect(await written(await observed.fetch(request()))).toEqual(await written(await bare.fetch(request())))
    const [span] = await vi.waitFor(() => {
      const spans = telemetry.spans()
      expect(spans).toHaveLength(1)
      return spans
    })
    expect(span).toMatchObject({ name, kind: SpanKind.SERVER, status: { code: SpanStatusCode.UNSET } })
    expect(span?.attributes['rpc.response.status_code']).toBe(code)
    expect(Object.keys(telemetry.points('mcp.server.operation.duration'))).toEqual([
      `mcp.method.name=${name},rpc.response.status_code=${code},mcp.protocol.version=2026-07-28,network.transport=tcp,network.protocol.name=http`,
    ])
    expect(telemetry.points('mcp.errors')).toEqual({})
  },
)

test('a revision that a scanner invents makes no series', async () => {
  const { observed } = createHandlers()
  await observed.fetch(post('tools/list', {}, { 'mcp-protocol-version': 'guess' }, 'x'))
  await vi.waitFor(() =>
    expect(Object.keys(telemetry.points('mcp.server.operation.duration'))).toEqual([
      'mcp.method.name=tools/list,rpc.response.status_code=-32700,network.transport=tcp,network.protocol.name=http',
    ]),
  )
})

test('what gets to a server is observed there, and not a second time', async () => {
  const { observed } = createHandlers()
  const response = await observed.fetch(post('tools/call', { name: 'echo', arguments: {} }, { 'mcp-name': 'echo' }))
  expect(await response.text()).toContain('hello')
  await vi.waitFor(() => expect(telemetry.spans().map(({ name }) => name)).toEqual(['tools/call echo']))
})

test('what a server refuses is observed there alone, though it looks as if its entry had done it', async () => {
  const { observed } = createHandlers()
  expect((await observed.fetch(post('no/such', {}))).status).toBe(404)
  await observed.fetch(post('tools/list', {}, {}, '{"jsonrpc'))
  const names = await vi.waitFor(() => {
    const told = telemetry.spans().map(({ name }) => name)
    expect(told).toContain('tools/list')
    return told
  })
  expect(names).toEqual(['_OTHER', 'tools/list'])
})

function listen(): Request {
  return post('subscriptions/listen', { notifications: { toolsListChanged: true } })
}

test('a subscription lasts until its stream ends, whoever ends it', async () => {
  const { bare, observed } = createHandlers()
  const [ours, theirs] = [await observed.fetch(listen()), await bare.fetch(listen())]
  expect([ours.status, Object.fromEntries(ours.headers)]).toEqual([theirs.status, Object.fromEntries(theirs.headers)])
  const reader = ours.body?.getReader()
  const first = await reader?.read()
  expect(new TextDecoder().decode(first?.value as Uint8Array)).toContain('notifications/subscriptions/acknowledged')
  expect(telemetry.spans()).toEqual([])
  await reader?.cancel()
  await vi.waitFor(() => expect(telemetry.spansOf('server', 'subscriptions/listen')).toHaveLength(1))

  const again = await observed.fetch(listen())
  const text = again.text()
  await observed.close()
  await text
  await vi.waitFor(() => expect(telemetry.spansOf('server', 'subscriptions/listen')).toHaveLength(2))
  await bare.close()
})
