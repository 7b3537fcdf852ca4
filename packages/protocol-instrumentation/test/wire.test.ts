import { PassThrough } from 'node:stream'
import { setImmediate as turn } from 'node:timers/promises'

import { McpServer } from '@modelcontextprotocol/server'
import { StdioServerTransport, serveStdio } from '@modelcontextprotocol/server/stdio'
import { SpanStatusCode } from '@opentelemetry/api'
import { beforeAll, beforeEach, expect, test, vi } from 'vitest'

import { instrumentMcp, instrumentWire } from '../src/index.ts'
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

interface Wire {
  /** What has been written so far. */
  readonly written: () => string
  /** Says messages, each when the one before has been answered. */
  readonly say: (...messages: readonly object[]) => Promise<void>
  readonly hangUp: () => void
}

function serve(isObserved: boolean): Wire {
  const { meterProvider, tracerProvider } = telemetry
  const options = { meterProvider, tracerProvider }
  const Class = class extends McpServer {}
  if (isObserved) instrumentMcp({ McpServer: Class }, options)
  const [input, output] = [new PassThrough(), new PassThrough()]
  const transport = new StdioServerTransport(input, output)
  let text = ''
  output.on('data', (chunk: Buffer) => (text += String(chunk)))
  serveStdio(
    () => {
      const server = new Class({ name: 'shop', version: '1' }, { capabilities: { tools: { listChanged: true } } })
      server.registerTool('echo', {}, () => ({ content: [{ type: 'text', text: 'hello' }] }))
      return server
    },
    { legacy: 'reject', transport: isObserved ? instrumentWire(transport, options) : transport },
  )
  return {
    written: () => text,
    async say(...messages) {
      for (const message of messages) {
        const before = text
        input.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`)
        await ('id' in message ? vi.waitUntil(() => text !== before) : turn())
      }
    },
    hangUp: () => void input.end(),
  }
}

const request = (id: string, method: string, params: object = {}, meta: object = META): object => ({
  id,
  method,
  params: { ...params, _meta: meta },
})

const listen = (id: string): object =>
  request(id, 'subscriptions/listen', { notifications: { toolsListChanged: true } })

/** Names of the spans that have ended, with the code of a refusal. */
function ended(): string[] {
  return telemetry.spans().map(({ attributes, name }) => {
    const code = attributes['rpc.response.status_code']
    return code === undefined ? name : `${name} ${code as string}`
  })
}

test('what the entry refuses is the caller’s mistake; what it passes on is observed once; the bytes are as without us', async () => {
  const messages = [
    { id: 'old', method: 'initialize', params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: {} } },
    request('future', 'tools/list', {}, { ...META, 'io.modelcontextprotocol/protocolVersion': '2099-01-01' }),
    request('list', 'tools/list'),
    request('call', 'tools/call', { name: 'echo', arguments: {} }),
  ]
  const [bare, observed] = [serve(false), serve(true)]
  await bare.say(...messages)
  await observed.say(...messages)
  expect(observed.written()).toBe(bare.written())
  await vi.waitFor(() => expect(ended()).toHaveLength(4))
  expect(ended()).toEqual([
    expect.stringMatching(/^initialize -32\d{3}$/),
    expect.stringMatching(/^tools\/list -32\d{3}$/),
    'tools/list',
    'tools/call echo',
  ])
  for (const { attributes } of telemetry.spans()) expect(attributes['network.transport']).toBe('pipe')
  bare.hangUp()
  observed.hangUp()
})

test('a subscription lasts until it is cancelled, or until the pipe is closed', async () => {
  const observed = serve(true)
  await observed.say(listen('first'), listen('second'))
  expect(observed.written()).toContain('notifications/subscriptions/acknowledged')
  expect(telemetry.spansOf('server', 'subscriptions/listen')).toEqual([])
  await observed.say({ method: 'notifications/cancelled', params: { requestId: 'first', _meta: META } })
  await vi.waitFor(() => expect(telemetry.spansOf('server', 'subscriptions/listen')).toHaveLength(1))
  observed.hangUp()
  const [first, second] = await vi.waitFor(() => {
    const spans = telemetry.spansOf('server', 'subscriptions/listen')
    expect(spans).toHaveLength(2)
    return spans
  })
  expect([first?.attributes['jsonrpc.request.id'], second?.attributes['jsonrpc.request.id']]).toEqual([
    'first',
    'second',
  ])
  for (const span of [first, second]) expect(span?.status.code).toBe(SpanStatusCode.UNSET)
})
