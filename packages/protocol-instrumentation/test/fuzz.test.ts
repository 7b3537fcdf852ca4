import * as fc from 'fast-check'
import { beforeAll, expect, test } from 'vitest'
import { z } from 'zod'

import { instrumentMcp } from '../src/index.ts'
import type { McpClasses } from '../src/index.ts'
import { stacks } from './support/stacks.ts'
import type { Stack, StackName, TestClient, TestServer, Transport } from './support/stacks.ts'
import { createTestTelemetry, registerContext } from './support/telemetry.ts'

beforeAll(registerContext)

const method = fc.oneof(
  fc.constantFrom(
    'tools/call',
    'tools/list',
    'prompts/get',
    'initialize',
    'ping',
    'notifications/cancelled',
    'tasks/get',
  ),
  fc.string(),
)
const odd = fc.oneof(fc.jsonValue(), fc.constant(undefined))
const id = fc.oneof(fc.integer({ min: 0, max: 3 }), fc.string({ maxLength: 2 }), odd)
const params = fc.oneof(
  fc.record(
    {
      name: fc.oneof(fc.constantFrom('echo', 'fail', '__proto__', 'constructor'), odd),
      arguments: odd,
      requestId: id,
      uri: odd,
      protocolVersion: fc.oneof(fc.constant('2025-06-18'), odd),
      clientInfo: odd,
      _meta: fc.oneof(
        fc.record({
          traceparent: fc.oneof(fc.constant(`00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`), odd),
          baggage: odd,
        }),
        odd,
      ),
    },
    { requiredKeys: [] },
  ),
  odd,
)
const message = fc.oneof(
  fc.record({ jsonrpc: fc.constant('2.0'), id, method, params }, { requiredKeys: ['jsonrpc', 'method'] }),
  fc.record({ jsonrpc: fc.constant('2.0'), id, result: odd }),
  fc.record({ jsonrpc: fc.constant('2.0'), id, error: odd }),
  fc.record({ jsonrpc: odd, id, method: odd, params, result: odd, error: odd }, { requiredKeys: [] }),
)

interface Ends {
  readonly connect: (far: Transport) => Promise<void>
}

function observed(classes: McpClasses): void {
  const { meterProvider, tracerProvider } = createTestTelemetry()
  instrumentMcp(classes, { meterProvider, tracerProvider })
}

function serverOf(stack: Stack, isObserved: boolean): Ends {
  const McpServer = class extends stack.McpServer {}
  if (isObserved) observed({ McpServer })
  const server: TestServer = new McpServer({ name: 'shop', version: '1' })
  server.registerTool('echo', { inputSchema: z.object({ text: z.string().optional() }) }, () => ({
    content: [{ type: 'text', text: 'hello' }],
  }))
  server.registerTool('fail', {}, () => {
    throw new Error('failed')
  })
  return server
}

function clientOf(stack: Stack, isObserved: boolean): Ends {
  const Client = class extends stack.Client {}
  if (isObserved) observed({ Client })
  const client: TestClient = new Client({ name: 'agent', version: '1' })
  return {
    // The handshake is never answered: its end is of no concern here.
    connect: async (far) => void client.connect(far).catch(() => {}),
  }
}

/** Sends messages and returns all that comes back, in its order. */
async function answers(stack: Stack, ends: Ends, messages: readonly unknown[]): Promise<unknown[]> {
  const [near, far] = stack.linked()
  const received: unknown[] = []
  Object.assign(near, { onmessage: (answer: unknown) => received.push(withoutTrace(answer)) })
  await ends.connect(far)
  for (const each of messages) {
    const sent = await near.send(structuredClone(each) as object).then(
      () => 'sent',
      (error: unknown) => String(error),
    )
    received.push(sent)
    await new Promise((resolve) => setImmediate(resolve))
  }
  await near.close()
  return received
}

/** The one thing that we add to what is sent. */
function withoutTrace(answer: unknown): unknown {
  const copy = structuredClone(answer) as { params?: { _meta?: Record<string, unknown> } }
  const meta = copy.params?._meta
  if (meta === undefined) return copy
  delete meta['traceparent']
  if (Object.keys(meta).length === 0) delete copy.params?._meta
  if (Object.keys(copy.params ?? {}).length === 0) delete copy.params
  return copy
}

const names = Object.keys(stacks) as StackName[]

test.each(names)('%s: whatever a server is sent, it answers as it does without us', async (name) => {
  const stack = stacks[name]
  await fc.assert(
    fc.asyncProperty(fc.array(message, { maxLength: 6 }), async (messages) => {
      const bare = await answers(stack, serverOf(stack, false), messages)
      const ours = await answers(stack, serverOf(stack, true), messages)
      expect(ours).toEqual(bare)
    }),
    { numRuns: 60 },
  )
})

test.each(names)('%s: whatever a client is sent, it answers as it does without us', async (name) => {
  const stack = stacks[name]
  await fc.assert(
    fc.asyncProperty(fc.array(message, { maxLength: 6 }), async (messages) => {
      const bare = await answers(stack, clientOf(stack, false), messages)
      const ours = await answers(stack, clientOf(stack, true), messages)
      expect(ours).toEqual(bare)
    }),
    { numRuns: 60 },
  )
})
