import { SpanStatusCode } from '@opentelemetry/api'
import type { ReadableSpan } from '@opentelemetry/sdk-trace'
import { beforeAll, describe, expect, test, vi } from 'vitest'

import { HURRIED, createRig } from './support/rig.ts'
import type { Rig } from './support/rig.ts'
import { stacks } from './support/stacks.ts'
import type { StackName } from './support/stacks.ts'
import { registerContext } from './support/telemetry.ts'

beforeAll(registerContext)

const pairs = (Object.keys(stacks) as StackName[]).flatMap((stack) =>
  (['memory', 'stdio', 'http stateful'] as const).map((transport) => [stack, transport] as const),
)

describe.each(pairs)('%s over %s', (stack, transport) => {
  test('what a tool asks of the client is one trace with the call, and each side has its span', async () => {
    await using rig = await disposable(createRig(stack, transport))
    const result = await rig.stack.callTool(rig.client, { name: 'ask', arguments: {} })
    expect(result.content?.[0]?.text).toContain('decline')
    const call = await one(rig, 'server', 'tools/call ask')
    const asked = await one(rig, 'client', 'elicitation/create')
    const answered = await one(rig, 'server', 'elicitation/create')
    expect(asked.parentSpanContext?.spanId).toBe(call.spanContext().spanId)
    expect(answered.parentSpanContext?.spanId).toBe(asked.spanContext().spanId)
    expect(asked.status.code).toBe(SpanStatusCode.UNSET)
    expect(rig.points('mcp.protocol.active_requests')).toEqual({ 'role=server': 0, 'role=client': 0 })
  })

  test('a question that the server gives up ends as a timeout on both sides', async () => {
    await using rig = await disposable(createRig(stack, transport))
    const result = await rig.stack.callTool(rig.client, { name: 'ask', arguments: { text: HURRIED } })
    expect(result.isError).toBe(true)
    const asked = await one(rig, 'client', 'elicitation/create')
    const received = await one(rig, 'server', 'elicitation/create')
    for (const span of [asked, received]) expect(span.attributes['error.type']).toBe('timeout')
  })

  test('notifications have spans on both sides, within the trace of what caused them', async () => {
    await using rig = await disposable(createRig(stack, transport))
    await rig.stack.callTool(rig.client, { name: 'progress', arguments: {} }, { onprogress() {} })
    const call = await one(rig, 'server', 'tools/call progress')
    const sent = await one(rig, 'client', 'notifications/progress')
    const received = await one(rig, 'server', 'notifications/progress')
    expect(sent.parentSpanContext?.spanId).toBe(call.spanContext().spanId)
    expect(received.parentSpanContext?.spanId).toBe(sent.spanContext().spanId)
    expect(sent.attributes['jsonrpc.request.id']).toBeUndefined()
  })
})

test('a session lasts from its agreement to its close, and is counted by what the other side calls itself', async () => {
  const rig = await createRig('v1 ESM', 'http stateful')
  expect(rig.points('mcp.protocol.active_sessions')).toEqual({ 'role=server': 1, 'role=client': 1 })
  expect(rig.points('mcp.protocol.sessions')).toEqual({
    'role=server,peer_name=agent,peer_version=9.9.9,protocol_version=2025-11-25': 1,
    'role=client,peer_name=shop,peer_version=1.2.3,protocol_version=2025-11-25': 1,
  })
  expect(rig.points('mcp.server.session.duration')).toEqual({})
  await rig.close()
  expect(rig.points('mcp.protocol.active_sessions')).toEqual({ 'role=server': 0, 'role=client': 0 })
  const labels = 'mcp.protocol.version=2025-11-25,network.transport=tcp,network.protocol.name=http'
  expect(rig.points('mcp.server.session.duration')).toEqual({ [labels]: 1 })
  expect(Object.values(rig.points('mcp.client.session.duration'))).toEqual([1])
})

test.each(['http stateless', 'http modern'] as const)('over %s there are no sessions', async (transport) => {
  const rig = await createRig('v2', transport)
  await rig.client.listTools()
  await rig.close()
  for (const metric of ['mcp.server.session.duration', 'mcp.client.session.duration', 'mcp.protocol.sessions'])
    expect(rig.points(metric)).toEqual({})
})

test('a client of one major and a server of the other make one trace', async () => {
  for (const [server, client] of [
    ['v2', 'v1 CJS'],
    ['v1 ESM', 'v2'],
  ] as const) {
    await using rig = await disposable(createRig(server, 'http stateful', {}, client))
    await rig.stack.callTool(rig.client, { name: 'echo', arguments: { text: 'hello' } })
    const sent = await one(rig, 'client', 'tools/call echo')
    const received = await one(rig, 'server', 'tools/call echo')
    expect(received.parentSpanContext?.spanId).toBe(sent.spanContext().spanId)
  }
})

async function one(rig: Rig, side: 'server' | 'client', name: string): Promise<ReadableSpan> {
  return vi.waitFor(() => {
    const spans = rig.spansOf(side, name)
    expect(spans).toHaveLength(1)
    return spans[0] as ReadableSpan
  })
}

async function disposable(making: Promise<Rig>): Promise<Rig & AsyncDisposable> {
  const rig = await making
  return { ...rig, [Symbol.asyncDispose]: rig.close }
}
