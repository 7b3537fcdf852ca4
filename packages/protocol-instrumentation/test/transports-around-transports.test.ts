import { beforeAll, beforeEach, expect, test, vi } from 'vitest'

import { instrumentClient, instrumentServer } from '../src/index.ts'
import { transportFacts } from '../src/transport-facts.ts'
import { stacks } from './support/stacks.ts'
import type { StackName, Transport } from './support/stacks.ts'
import { createTestTelemetry, registerContext } from './support/telemetry.ts'
import type { TestTelemetry } from './support/telemetry.ts'

beforeAll(registerContext)

let telemetry: TestTelemetry
beforeEach(() => {
  telemetry = createTestTelemetry()
})

/** A transport around another, as frameworks have it: its callbacks can be set, and not read. */
class HandingOn implements Transport {
  readonly inner: Transport & { start?: () => Promise<void> }
  constructor(inner: Transport) {
    this.inner = inner
  }
  async start(): Promise<void> {
    await this.inner.start?.()
  }
  send(message: object): Promise<void> {
    return this.inner.send(message)
  }
  close(): Promise<void> {
    return this.inner.close()
  }
  set onclose(callback: () => void) {
    Object.assign(this.inner, { onclose: callback })
  }
  set onmessage(callback: unknown) {
    Object.assign(this.inner, { onmessage: callback })
  }
  set onerror(callback: unknown) {
    Object.assign(this.inner, { onerror: callback })
  }
}

const factsWithin = (inner: Transport) => transportFacts(new HandingOn(new HandingOn(inner)))

const names = ['v1 ESM', 'v1 CJS', 'v2'] as const

function createPair(name: StackName) {
  const stack = stacks[name]
  const server = new stack.McpServer({ name: 'shop', version: '1' })
  const client = new stack.Client({ name: 'agent', version: '1' })
  let calls = 0
  server.registerTool('echo', {}, () => {
    calls += 1
    return { content: [{ type: 'text', text: 'hello' }] }
  })
  const closed = vi.fn<() => void>()
  Object.assign(server.server, { onclose: closed })
  const [near, far] = stack.linked().map((end) => new HandingOn(end)) as [HandingOn, HandingOn]
  const call = async () => stack.callTool(client, { name: 'echo', arguments: {} })
  return { server, client, closed, near, far, call, calls: () => calls }
}

test.each(names)('%s: what passes a transport whose callbacks can only be set is observed', async (name) => {
  const { server, client, closed, near, far, call, calls } = createPair(name)
  const providers = { meterProvider: telemetry.meterProvider, tracerProvider: telemetry.tracerProvider }
  instrumentServer(server, providers)
  instrumentClient(client, providers)
  await server.connect(far)
  await client.connect(near)
  expect((await call()).content?.[0]?.text).toBe('hello')
  expect(calls()).toBe(1)
  expect((far as { onmessage?: unknown }).onmessage).toBeUndefined()
  await client.close()
  await vi.waitFor(() => expect(closed).toHaveBeenCalledOnce())
  expect(telemetry.spansOf('server', 'tools/call echo')).toHaveLength(1)
  expect(telemetry.spansOf('client', 'tools/call echo')).toHaveLength(1)
  expect(telemetry.points('mcp.plugin.executions')).toMatchObject({ 'plugin=shop,command=echo,status=success': 1 })
})

test.each(names)('%s: a server that has set such callbacks before it is observed keeps them', async (name) => {
  const { server, client, closed, near, far, call } = createPair(name)
  await server.connect(far)
  instrumentServer(server, { meterProvider: telemetry.meterProvider, tracerProvider: telemetry.tracerProvider })
  await client.connect(near)
  expect((await call()).content?.[0]?.text).toBe('hello')
  await client.close()
  await vi.waitFor(() => expect(closed).toHaveBeenCalledOnce())
})

test.each(names)('%s: a transport around others is known by the one that carries its messages', (name) => {
  const { StdioTransport, linked } = stacks[name]
  expect(factsWithin(new StdioTransport({}, process.stdout))).toMatchObject({ kind: 'stdio', ownsStdout: true })
  expect(factsWithin(new StdioTransport({}, process.stderr))).toMatchObject({ kind: 'stdio', ownsStdout: false })
  expect(factsWithin(linked()[0])).toMatchObject({ kind: 'memory', ownsStdout: false })
  expect(factsWithin({ send: async () => {}, close: async () => {} })).toMatchObject({
    kind: 'other',
    ownsStdout: false,
  })
})
