import { setFlagsFromString } from 'node:v8'
import { compileFunction } from 'node:vm'

import { ROOT_CONTEXT, SpanKind, SpanStatusCode, context, diag, propagation, trace } from '@opentelemetry/api'
import type { Attributes, Context, TracerProvider } from '@opentelemetry/api'
import { SamplingDecision, TracerProvider as StockTracerProvider } from '@opentelemetry/sdk-trace'
import type { Sampler } from '@opentelemetry/sdk-trace'
import { beforeAll, beforeEach, expect, onTestFinished, test, vi } from 'vitest'
import { z } from 'zod'

import { instrumentClient, instrumentMcp, instrumentServer } from '../src/index.ts'
import type { McpOptions } from '../src/index.ts'
import { withTrace } from '../src/trace-meta.ts'
import { createRig } from './support/rig.ts'
import { stacks } from './support/stacks.ts'
import type { StackName, TestServer } from './support/stacks.ts'
import { createTestTelemetry, registerContext } from './support/telemetry.ts'
import type { TestTelemetry } from './support/telemetry.ts'

beforeAll(registerContext)

let telemetry: TestTelemetry
let providers: McpOptions
beforeEach(() => {
  telemetry = createTestTelemetry()
  providers = { meterProvider: telemetry.meterProvider, tracerProvider: telemetry.tracerProvider }
})

const both = ['v1 ESM', 'v2'] as const

/** A low-level server without classes of its own, connected to whoever sends on the transport that is returned. */
async function lowLevel(stackName: StackName, options: McpOptions, handlers: Record<string, () => unknown>) {
  const stack = stacks[stackName]
  const server = new stack.Server({ name: 'low', version: '1' }, { capabilities: { tools: {} } }) as TestServer & {
    _requestHandlers: Map<string, unknown>
    ping(): Promise<unknown>
  }
  for (const [method, handler] of Object.entries(handlers)) server._requestHandlers.set(method, async () => handler())
  instrumentServer(server, options)
  const [near, far] = stack.linked()
  const answers: unknown[] = []
  Object.assign(near, { onmessage: (answer: unknown) => answers.push(answer) })
  await server.connect(far)
  let id = 0
  return {
    server,
    near,
    ask: async (method: string, params: object = {}, meta: object = {}): Promise<unknown> => {
      const before = answers.length
      id += 1
      await near.send({ jsonrpc: '2.0', id, method, params: { ...params, _meta: meta } })
      return vi.waitFor(() => {
        expect(answers.length).toBeGreaterThan(before)
        return answers[before]
      })
    },
  }
}

const REMOTE = { traceparent: `00-${'1'.repeat(32)}-${'2'.repeat(16)}-01`, baggage: 'tenant=acme' }

test.each([
  ['parent', { traceId: '1'.repeat(32), parent: '2'.repeat(16), links: 0, baggage: 'acme' }],
  ['link', { traceId: undefined, parent: undefined, links: 1, baggage: undefined }],
  ['off', { traceId: undefined, parent: undefined, links: 0, baggage: undefined }],
] as const)('a trace that comes with a request is taken as trustRemote says: %s', async (trustRemote, expected) => {
  let seen: Context = ROOT_CONTEXT
  const { ask } = await lowLevel(
    'v2',
    { ...providers, trustRemote },
    {
      ping() {
        seen = context.active()
        return {}
      },
    },
  )
  await ask('ping', {}, REMOTE)
  const [span] = telemetry.spansOf('server', 'ping')
  if (span === undefined) throw new Error('no span')
  expect(span.spanContext().traceId === '1'.repeat(32)).toBe(expected.traceId !== undefined)
  expect(span.parentSpanContext?.spanId).toBe(expected.parent)
  expect(span.links).toHaveLength(expected.links)
  expect(propagation.getBaggage(seen)?.getEntry('tenant')?.value).toBe(expected.baggage)
  expect(trace.getSpanContext(seen)?.spanId).toBe(span.spanContext().spanId)
})

test('the span of the HTTP request around it is linked when the trace comes with the message', async () => {
  const { near } = await lowLevel('v1 ESM', providers, { ping: () => ({}) })
  const http = telemetry.tracerProvider
    .getTracer('test')
    .startSpan('POST /mcp', { kind: SpanKind.SERVER }, ROOT_CONTEXT)
  await context.with(trace.setSpan(ROOT_CONTEXT, http), () =>
    near.send({ jsonrpc: '2.0', id: 1, method: 'ping', params: { _meta: REMOTE } }),
  )
  await context.with(trace.setSpan(ROOT_CONTEXT, http), () => near.send({ jsonrpc: '2.0', id: 2, method: 'ping' }))
  const [traced, bare] = await vi.waitFor(() => {
    const spans = telemetry.spansOf('server', 'ping')
    expect(spans).toHaveLength(2)
    return spans
  })
  expect(traced?.links.map((link) => link.context.spanId)).toEqual([http.spanContext().spanId])
  expect(traced?.parentSpanContext?.spanId).toBe(REMOTE.traceparent.split('-')[2])
  expect(bare?.parentSpanContext?.spanId).toBe(http.spanContext().spanId)
})

test('a trace that came with the HTTP request as well is no link to itself', async () => {
  const { near } = await lowLevel('v1 ESM', providers, { ping: () => ({}) })
  await context.with(propagation.extract(ROOT_CONTEXT, REMOTE), () =>
    near.send({ jsonrpc: '2.0', id: 1, method: 'ping', params: { _meta: REMOTE } }),
  )
  const [span] = await vi.waitFor(() => {
    const spans = telemetry.spansOf('server', 'ping')
    expect(spans).toHaveLength(1)
    return spans
  })
  expect([span?.parentSpanContext?.spanId, span?.links]).toEqual(['2'.repeat(16), []])
})

test('the trace that is sent on is that of the message, and the rest of its envelope stays', () => {
  const span = telemetry.tracerProvider.getTracer('test').startSpan('call')
  const params = { name: 'buy', _meta: { progressToken: 1, traceparent: REMOTE.traceparent } }
  const { traceId, spanId } = span.spanContext()
  expect(withTrace({ method: 'tools/call', params }, trace.setSpan(ROOT_CONTEXT, span)).params).toEqual({
    name: 'buy',
    _meta: { progressToken: 1, traceparent: `00-${traceId}-${spanId}-01` },
  })
  expect(params._meta.traceparent).toBe(REMOTE.traceparent)
})

test('of arguments twenty keys are told, each cut to a length', async () => {
  const { ask } = await lowLevel('v2', providers, { 'tools/call': () => ({ content: [] }) })
  const given = Object.fromEntries(Array.from({ length: 25 }, (_, index) => [`${'k'.repeat(70)}${index}`, index]))
  await ask('tools/call', { name: 'buy', arguments: given })
  const [span] = telemetry.spansOf('server', 'tools/call buy')
  expect(span?.attributes['mcp.tool.call.arguments.keys']).toEqual(Array.from({ length: 20 }, () => 'k'.repeat(64)))
})

test('a sampler sees all that is known at the start, and an operation that it drops is looked at no further', async () => {
  const seen: Attributes[] = []
  const shouldSample: Sampler['shouldSample'] = (_context, _traceId, _name, _kind, attributes) => {
    seen.push(attributes)
    return { decision: SamplingDecision.NOT_RECORD }
  }
  const tracerProvider = new StockTracerProvider({ sampler: { shouldSample, toString: () => 'none' } })
  const { ask } = await lowLevel('v2', { ...providers, tracerProvider }, { 'tools/call': () => ({ content: [] }) })
  const read = vi.fn<() => string>()
  await ask('tools/call', {
    name: 'buy',
    arguments: Object.defineProperty({}, 'item', { enumerable: true, get: read }),
  })
  expect(read).not.toHaveBeenCalled()
  expect(seen).toEqual([
    {
      'mcp.method.name': 'tools/call',
      'gen_ai.tool.name': 'buy',
      'gen_ai.operation.name': 'execute_tool',
      'jsonrpc.request.id': '1',
    },
  ])
})

test.each([
  [true, 'shop://readme'],
  [false, undefined],
])('resourceUri: %s', async (resourceUri, expected) => {
  const { ask } = await lowLevel(
    'v1 ESM',
    { ...providers, resourceUri },
    { 'resources/read': () => ({ contents: [] }) },
  )
  await ask('resources/read', { uri: 'shop://readme' })
  expect(telemetry.spansOf('server', 'resources/read')[0]?.attributes['mcp.resource.uri']).toBe(expected)
})

test('an answer that names a number as text is the answer to that number, as the SDK takes it', async () => {
  const stack = stacks['v1 ESM']
  const client = instrumentClient(new stack.Client({ name: 'agent', version: '1' }), providers)
  const [near, far] = stack.linked()
  const result = { protocolVersion: '2025-06-18', capabilities: {}, serverInfo: { name: 'shop', version: '1' } }
  Object.assign(far, {
    onmessage: (message: { id?: number }) =>
      message.id === undefined ? undefined : far.send({ jsonrpc: '2.0', id: String(message.id), result }),
  })
  await client.connect(near)
  expect(telemetry.spansOf('client', 'initialize').map(({ attributes }) => attributes['error.type'])).toEqual([
    undefined,
  ])
  await client.close()
})

test.each(both)(
  '%s: what a low-level handler throws is on the span, with its stack; the answer is as without us',
  async (stack) => {
    class StockError extends Error {
      override name = 'StockError'
      readonly code = -32050
    }
    const { ask } = await lowLevel(stack, providers, {
      'tools/call': () => {
        throw new StockError('sold out')
      },
    })
    const answer = await ask('tools/call', { name: 'buy', arguments: {} })
    expect(answer).toMatchObject({ error: { code: -32050, message: 'sold out' } })
    const [span] = telemetry.spansOf('server', 'tools/call buy')
    expect(span?.attributes).toMatchObject({ 'error.type': '-32050', 'rpc.response.status_code': '-32050' })
    const exception = span?.events[0]?.attributes
    expect(exception?.['exception.type']).toBe('StockError')
    expect(exception?.['exception.stacktrace']).toContain('behaviour.test.ts')
    expect(telemetry.points('mcp.errors')).toEqual({ 'source=plugin,type=StockError': 1 })
  },
)

test('names and methods that a scanner invents make no series', async () => {
  const { ask } = await lowLevel('v2', providers, {
    'tools/list': () => ({ tools: [{ name: 'buy', inputSchema: { type: 'object' } }] }),
    'tools/call': () => ({ content: [] }),
  })
  await ask('tools/list')
  await ask('tools/call', { name: 'buy' })
  for (let i = 0; i < 30; i++) {
    await ask('tools/call', { name: `guess-${i}` })
    await ask(`admin/guess-${i}`)
  }
  expect(telemetry.points('mcp.plugin.executions')).toEqual({
    'plugin=low,command=buy,status=success': 1,
    'plugin=low,command=_OTHER,status=success': 30,
  })
  const methods = Object.keys(telemetry.points('mcp.server.operation.duration')).map((labels) => labels.split(',')[0])
  expect(new Set(methods)).toEqual(
    new Set(['mcp.method.name=tools/list', 'mcp.method.name=tools/call', 'mcp.method.name=_OTHER']),
  )
  expect(telemetry.spans().some(({ name }) => name.includes('guess'))).toBe(false)
})

test('a tool that is registered while the server runs is measured by its name', async () => {
  const rig = await createRig('v2', 'memory')
  rig.servers[0]?.registerTool('late', {}, () => ({ content: [] }))
  await rig.stack.callTool(rig.client, { name: 'late', arguments: {} })
  await vi.waitFor(() =>
    expect(rig.points('mcp.plugin.executions')).toMatchObject({ 'plugin=shop,command=late,status=success': 1 }),
  )
  await rig.close()
})

test.each(both)('%s: a handler that is replaced while the server runs is the one that answers', async (stack) => {
  const { ask, server } = await lowLevel(stack, providers, { ping: () => ({ from: 'the first' }) })
  expect(await ask('ping')).toMatchObject({ result: { from: 'the first' } })
  server._requestHandlers.set('ping', async () => ({ from: 'the second' }))
  expect(await ask('ping')).toMatchObject({ result: { from: 'the second' } })
})

test.each([-32700, -32600, -32601, -32602, -32002])('an answer of %i is a mistake of the caller', async (code) => {
  const { ask } = await lowLevel('v1 ESM', providers, {
    ping() {
      throw Object.assign(new Error('not so'), { code })
    },
  })
  await ask('ping')
  const [span] = telemetry.spansOf('server', 'ping')
  expect([span?.status.code, span?.attributes['error.type']]).toEqual([SpanStatusCode.UNSET, undefined])
  expect(span?.attributes['rpc.response.status_code']).toBe(String(code))
  expect(telemetry.points('mcp.errors')).toEqual({})
})

test('a client that introduces itself again has one session', async () => {
  const { ask, server } = await lowLevel('v1 ESM', providers, {})
  const hello = { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 'agent', version: '1' } }
  for (let round = 0; round < 3; round++) await ask('initialize', hello)
  expect(telemetry.points('mcp.protocol.active_sessions')).toMatchObject({ 'role=server': 1 })
  await server.close()
  expect(telemetry.points('mcp.protocol.active_sessions')).toMatchObject({ 'role=server': 0 })
})

test('a revision that is none makes no series', async () => {
  const { ask } = await lowLevel('v1 ESM', providers, { ping: () => ({}) })
  await ask('ping', {}, { 'io.modelcontextprotocol/protocolVersion': 'guess' })
  expect(Object.keys(telemetry.points('mcp.server.operation.duration'))).toEqual(['mcp.method.name=ping'])
})

test('a request whose id is used again while it is open has ended', async () => {
  const { near, server } = await lowLevel('v1 ESM', providers, { ping: () => new Promise<never>(() => {}) })
  for (let round = 0; round < 3; round++) await near.send({ jsonrpc: '2.0', id: 'same', method: 'ping' })
  await vi.waitFor(() => expect(telemetry.spansOf('server', 'ping')).toHaveLength(2))
  expect(telemetry.points('mcp.protocol.active_requests')).toMatchObject({ 'role=server': 1 })
  await server.close()
  expect(telemetry.points('mcp.protocol.active_requests')).toMatchObject({ 'role=server': 0 })
})

test('an answer that is on its way when the connection closes has its own outcome', async () => {
  const { ask, server } = await lowLevel('v1 ESM', providers, { ping: () => ({}) })
  await ask('ping')
  const [near, far] = stacks['v1 ESM'].linked()
  const sending = Promise.withResolvers<void>()
  await server.close()
  Object.assign(far, {
    send() {
      sending.resolve()
      return new Promise<never>(() => {})
    },
  })
  await server.connect(far)
  await near.send({ jsonrpc: '2.0', id: 1, method: 'ping' })
  await sending.promise
  await server.close()
  const outcomes = telemetry.spansOf('server', 'ping').map(({ attributes }) => attributes['error.type'])
  expect(outcomes).toEqual([undefined, undefined])
})

test('a pipe is read in no context, whoever writes to it', async () => {
  const rig = await createRig('v2', 'stdio', { propagate: false })
  await rig.stack.callTool(rig.client, { name: 'echo', arguments: {} })
  await rig.close()
  expect(rig.spansOf('client', 'tools/call echo')).toHaveLength(1)
  expect(rig.spansOf('server', 'tools/call echo').map(({ parentSpanContext }) => parentSpanContext)).toEqual([
    undefined,
  ])
})

test('a server of a client that does not trace sends it what it would without us', async () => {
  const { near, server } = await lowLevel('v1 ESM', providers, {})
  const received = new Promise((resolve) => Object.assign(near, { onmessage: resolve }))
  const span = telemetry.tracerProvider.getTracer('test').startSpan('of the application')
  void context.with(trace.setSpan(ROOT_CONTEXT, span), () => server.ping().catch(() => {}))
  expect(await received).toEqual({ jsonrpc: '2.0', id: 0, method: 'ping' })
})

test('in memory no bytes are counted, as none are made', async () => {
  const rig = await createRig('v2', 'memory')
  await rig.stack.callTool(rig.client, { name: 'echo', arguments: {} })
  await rig.close()
  expect(Object.values(rig.points('mcp.protocol.message_bytes')).every((bytes) => bytes === 0)).toBe(true)
})

test.each(both)('%s: no content of arguments or results is anywhere, only keys and sizes', async (stack) => {
  const rig = await createRig(stack, 'stdio')
  await rig.stack.callTool(rig.client, { name: 'echo', arguments: { text: 'hunter2' } })
  const [span] = await vi.waitFor(() => {
    const spans = rig.spansOf('server', 'tools/call echo')
    expect(spans).toHaveLength(1)
    return spans
  })
  expect(span?.attributes).toMatchObject({
    'mcp.tool.call.arguments.keys': ['text'],
    'mcp.tool.call.arguments.size': 18,
  })
  expect(span?.attributes['mcp.tool.call.result.size']).toBeGreaterThan(10)
  const everything = JSON.stringify(rig.spans().map(({ attributes, events, name }) => [name, attributes, events]))
  expect(everything).not.toContain('hunter2')
  await rig.close()
})

function redact(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value).replaceAll('hunter2', '[REDACTED]'))
}

test('content that is wished for goes through the redactor first, and is cut to a length', async () => {
  const capture = { arguments: true, results: true, maxLength: 40, redact }
  const rig = await createRig('v2', 'memory', { capture })
  await rig.stack.callTool(rig.client, { name: 'echo', arguments: { text: `hunter2 ${'x'.repeat(100)}` } })
  await rig.close()
  const [span] = rig.spansOf('server', 'tools/call echo')
  expect(span?.attributes['gen_ai.tool.call.arguments']).toBe(`{"text":"[REDACTED] ${'x'.repeat(20)}…`)
  expect(String(span?.attributes['gen_ai.tool.call.result'])).toHaveLength(41)
})

function breakDown(): never {
  throw new Error('broken redactor')
}

test('a redactor that throws keeps the content off the span, and nothing else', async () => {
  const capture = { arguments: true, results: true, redact: breakDown }
  const rig = await createRig('v1 ESM', 'memory', { capture })
  await rig.stack.callTool(rig.client, { name: 'echo', arguments: { text: 'hunter2' } })
  await rig.close()
  const [span] = rig.spansOf('server', 'tools/call echo')
  expect(span?.attributes).toMatchObject({ 'mcp.tool.call.arguments.keys': ['text'] })
  expect(JSON.stringify(rig.spans().map(({ attributes }) => attributes))).not.toContain('hunter2')
})

test('nothing is observed twice, however often it is asked for', async () => {
  const stack = stacks['v2']
  const McpServer = class extends stack.McpServer {}
  const Client = class extends stack.Client {}
  instrumentMcp({ McpServer, Client }, providers)
  instrumentMcp({ McpServer, Client, Server: stack.Server }, providers)
  const server = instrumentServer(instrumentServer(new McpServer({ name: 'shop', version: '1' }), providers), providers)
  server.registerTool('echo', {}, () => ({ content: [] }))
  const client = instrumentClient(new Client({ name: 'agent', version: '1' }), providers)
  const [near, far] = stack.linked()
  await server.connect(far)
  await client.connect(near)
  instrumentServer(server, providers)
  instrumentClient(client, providers)
  await stack.callTool(client, { name: 'echo', arguments: {} })
  await client.close()
  expect(telemetry.spansOf('server', 'tools/call echo')).toHaveLength(1)
  expect(telemetry.spansOf('client', 'tools/call echo')).toHaveLength(1)
})

test('a server and a client that are connected already can be observed one by one', async () => {
  const stack = stacks['v1 CJS']
  const server = new stack.McpServer({ name: 'shop', version: '1' })
  server.registerTool('echo', { inputSchema: z.object({}) }, () => ({ content: [] }))
  const client = new stack.Client({ name: 'agent', version: '1' })
  const [near, far] = stack.linked()
  await server.connect(far)
  await client.connect(near)
  instrumentServer(server, providers)
  instrumentClient(client, providers)
  await stack.callTool(client, { name: 'echo', arguments: {} })
  await client.close()
  expect(telemetry.spans().map(({ name }) => name)).toEqual(['tools/call echo', 'tools/call echo'])
  expect(telemetry.points('mcp.plugin.executions')).toMatchObject({ 'plugin=shop,command=echo,status=success': 1 })
})

test.each(both)('%s: transports, servers and clients stay objects that V8 reaches into quickly', async (name) => {
  setFlagsFromString('--allow-natives-syntax')
  const isFast = compileFunction('return %HasFastProperties(of)', ['of']) as (of: object) => boolean
  const slow: Record<string, unknown> = { a: 1, b: 2 }
  delete slow['a']
  expect(isFast(slow)).toBe(false)
  const stack = stacks[name]
  const server = instrumentServer(new stack.McpServer({ name: 'shop', version: '1' }), providers)
  const client = instrumentClient(new stack.Client({ name: 'agent', version: '1' }), providers)
  const [near, far] = stack.linked()
  await server.connect(far)
  await client.connect(near)
  expect([near, far, client, server, server.server].map(isFast)).toEqual([true, true, true, true, true])
  await client.close()
})

test('a transport can be used again after a close', async () => {
  const stack = stacks['v2']
  const server = instrumentServer(new stack.McpServer({ name: 'shop', version: '1' }), providers)
  server.registerTool('echo', {}, () => ({ content: [] }))
  const client = instrumentClient(new stack.Client({ name: 'agent', version: '1' }), providers)
  for (const round of [1, 2]) {
    const [near, far] = stack.linked()
    await server.connect(far)
    await client.connect(near)
    await stack.callTool(client, { name: 'echo', arguments: {} })
    await client.close()
    expect(telemetry.spansOf('server', 'tools/call echo')).toHaveLength(round)
    expect(telemetry.spansOf('client', 'tools/call echo')).toHaveLength(round)
  }
})

test.each([
  ['conventions', true, false],
  ['executions', false, true],
  ['both', true, true],
  ['none', false, false],
] as const)('metrics: %s', async (metrics, hasConventions, hasExecutions) => {
  const rig = await createRig('v2', 'memory', { metrics, spans: false })
  await rig.stack.callTool(rig.client, { name: 'echo', arguments: {} })
  await rig.close()
  expect(Object.keys(rig.points('mcp.server.operation.duration')).length > 0).toBe(hasConventions)
  expect(Object.keys(rig.points('mcp.protocol.sessions')).length > 0).toBe(hasConventions)
  expect(Object.keys(rig.points('mcp.plugin.executions')).length > 0).toBe(hasExecutions)
  expect(rig.spans()).toEqual([])
})

test.each(['v1 ESM', 'v1 CJS', 'v2'] as const)(
  '%s: a signal that aborts for a timeout is one, on both sides',
  async (stack) => {
    const rig = await createRig(stack, 'memory')
    const calling = rig.stack.callTool(rig.client, { name: 'slow', arguments: {} }, { signal: AbortSignal.timeout(20) })
    await expect(calling).rejects.toThrow(/timeout/i)
    const [sent, received] = await vi.waitFor(() => {
      const spans = [...rig.spansOf('client', 'tools/call slow'), ...rig.spansOf('server', 'tools/call slow')]
      expect(spans).toHaveLength(2)
      return spans
    })
    expect([sent?.attributes['error.type'], received?.attributes['error.type']]).toEqual(['timeout', 'timeout'])
    await rig.close()
  },
)

test.each(['v1 ESM', 'v1 CJS', 'v2'] as const)(
  '%s: a request with the id of one that timed out before is no timeout',
  async (stack) => {
    const rig = await createRig(stack, 'memory')
    const call = (name: string, options = {}): Promise<unknown> =>
      rig.stack.callTool(rig.client, { name, arguments: {} }, options)
    const ids = rig.client as unknown as { _requestMessageId: number }
    const id = ids._requestMessageId
    await expect(call('slow', { timeout: 5 })).rejects.toThrow(/timed out/i)
    ids._requestMessageId = id
    const abort = new AbortController()
    const cancelled = call('slow', { signal: abort.signal })
    await vi.waitFor(() => expect(rig.points('mcp.protocol.active_requests')).toMatchObject({ 'role=client': 1 }))
    abort.abort('no longer needed')
    await expect(cancelled).rejects.toThrow(/no longer needed/)
    ids._requestMessageId = id
    await call('echo')
    const outcomes = await vi.waitFor(() => {
      const spans = [...rig.spansOf('client', 'tools/call slow'), ...rig.spansOf('client', 'tools/call echo')]
      expect(spans).toHaveLength(3)
      return spans.map(({ attributes }) => [attributes['jsonrpc.request.id'], attributes['error.type']])
    })
    expect(outcomes).toEqual([
      [String(id), 'timeout'],
      [String(id), 'cancelled'],
      [String(id), undefined],
    ])
    await rig.close()
  },
)

test('a tracer and a meter that throw change no answer', async () => {
  const tracerProvider: TracerProvider = {
    getTracer: () => ({
      startSpan() {
        throw new Error('broken tracer')
      },
      startActiveSpan() {
        throw new Error('broken tracer')
      },
    }),
  }
  const rig = await createRig('v1 ESM', 'memory', { tracerProvider })
  const result = await rig.stack.callTool(rig.client, { name: 'echo', arguments: { text: 'still here' } })
  expect(result.content?.[0]?.text).toBe('still here')
  await rig.close()
})

/** Collects what is said through `diag` until the test is over. */
function listenToDiag(): string[] {
  const said: string[] = []
  const silent = { error() {}, info() {}, debug() {}, verbose() {} }
  diag.setLogger({ ...silent, warn: (message) => void said.push(message) }, { suppressOverrideMessage: true })
  onTestFinished(() => diag.disable())
  return said
}

test('what is no class, no server and no client is said once, and left alone', () => {
  const said = listenToDiag()
  const notServer = { name: 'x' }
  for (let round = 0; round < 2; round++) {
    expect(instrumentServer(notServer, providers)).toBe(notServer)
    expect(() => instrumentMcp({ Server: 'Server' as never, Client: Date }, providers)).not.toThrow()
    expect(() => instrumentMcp(undefined as never)).not.toThrow()
  }
  expect(said).toEqual([
    'instrumentServer was given an object without connect(); expected a server or a client of an SDK; it is not observed',
    'instrumentMcp was given string as Server; expected the class of an SDK; it is not observed',
    'instrumentMcp was given function as Client; expected the class of an SDK; it is not observed',
  ])
})

test('a transport whose methods cannot be replaced goes on unobserved, and that is said', async () => {
  const said = listenToDiag()
  const stack = stacks['v1 ESM']
  const server = new stack.Server({ name: 'low', version: '1' }, { capabilities: {} }) as TestServer
  instrumentServer(server, providers)
  const [near, far] = stack.linked()
  Object.defineProperty(far, 'start', { value: async () => {}, configurable: false, writable: false })
  const answer = new Promise((resolve) => Object.assign(near, { onmessage: resolve }))
  await server.connect(far)
  await near.send({ jsonrpc: '2.0', id: 1, method: 'ping' })
  expect(await answer).toMatchObject({ id: 1, result: {} })
  expect([telemetry.spans(), said.map((text) => text.split(':', 1)[0])]).toEqual([
    [],
    ['a transport could not be observed'],
  ])
})

test('over stdio, standard output is claimed only by a server that speaks on it', async () => {
  const rig = await createRig('v2', 'stdio')
  await rig.close()
  const claim = (globalThis as Record<symbol, { reason?: string } | undefined>)[Symbol.for('@mcp/otel/stdout-claim')]
  expect(claim?.reason).toBeUndefined()
})
