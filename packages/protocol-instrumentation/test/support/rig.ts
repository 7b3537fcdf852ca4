import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { PassThrough } from 'node:stream'

import { toNodeHandler } from '@modelcontextprotocol/node'
import { createMcpHandler } from '@modelcontextprotocol/server'
import { z } from 'zod'

import { instrumentMcp } from '../../src/index.ts'
import type { McpOptions } from '../../src/index.ts'
import { stacks } from './stacks.ts'
import type { ClassOf, Stack, StackName, TestClient, TestServer, ToolContext } from './stacks.ts'
import { createTestTelemetry } from './telemetry.ts'
import type { TestTelemetry } from './telemetry.ts'

export const TRANSPORTS = ['memory', 'stdio', 'http stateful', 'http stateless', 'http modern'] as const
export type TransportName = (typeof TRANSPORTS)[number]

/** A server and a client that are connected, both observed. */
export interface Rig extends TestTelemetry {
  readonly stack: Stack
  readonly client: TestClient
  /** The servers that were made: several where there is one per request. */
  readonly servers: readonly TestServer[]
  /** Resolves when the slow tool has begun. */
  readonly slowBegan: Promise<void>
  readonly close: () => Promise<void>
}

export class InvoiceError extends Error {
  override name = 'InvoiceError'
}

interface RigParts {
  readonly stack: Stack
  readonly Client: ClassOf<TestClient>
  readonly makeServer: () => TestServer
  /** Is called when the client has been asked something. */
  readonly asked: () => void
}

/** Connects a server and a client of one SDK over one transport. */
export async function createRig(
  stackName: StackName,
  transport: TransportName,
  options: McpOptions = {},
  clientStack: StackName = stackName,
  furnish: (server: TestServer) => void = () => {},
): Promise<Rig> {
  const telemetry = createTestTelemetry()
  const stack: Stack = stacks[stackName]
  // Classes of this test's own, so that nothing is shared with other tests.
  const McpServer = class extends stack.McpServer {}
  const Client = class extends stacks[clientStack].Client {}
  const { meterProvider, tracerProvider } = telemetry
  instrumentMcp({ McpServer, Client }, { meterProvider, tracerProvider, ...options })
  const servers: TestServer[] = []
  const [began, asked] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  const makeServer = (): TestServer => {
    const server = new McpServer({ name: 'shop', version: '1.2.3' }, { capabilities: { logging: {} } })
    const beginnings = { slowBegan: began.resolve, asked: asked.promise }
    addTools(server, (extra) => stack.toolContext(server, extra), beginnings)
    furnish(server)
    servers.push(server)
    return server
  }
  const parts = { stack: stacks[clientStack], Client, makeServer, asked: asked.resolve }
  const { client, close } = await connect(parts, stack, transport)
  return {
    ...telemetry,
    stack: stacks[clientStack],
    client,
    servers,
    slowBegan: began.promise,
    async close() {
      await client.close()
      await Promise.all(servers.map((server) => server.close()))
      await close()
    },
  }
}

/** Questions that the client never answers: one of a server that gives it up, one of a server whose time runs out. */
export const UNHEARD = 'in vain'
export const HURRIED = 'briefly'

interface Beginnings {
  readonly slowBegan: () => void
  readonly asked: Promise<void>
}

function addTools(
  server: TestServer,
  contextOf: (extra: unknown) => ToolContext,
  { asked, slowBegan }: Beginnings,
): void {
  const tool = (name: string, run: (args: { text?: string }, context: ToolContext) => unknown): void =>
    server.registerTool(
      name,
      { description: name, inputSchema: z.object({ text: z.string().optional() }) },
      (args: { text?: string }, extra: unknown) => run(args, contextOf(extra)),
    )
  tool('echo', ({ text = '' }) => said(text))
  tool('fail', () => {
    throw new InvoiceError('no such invoice')
  })
  tool('refuse', () => ({ ...said('not today'), isError: true }))
  tool('slow', async (_args, { signal }) => {
    slowBegan()
    if (!signal.aborted) await once(signal, 'abort')
    return said('too late')
  })
  tool('progress', async (_args, { progress }) => {
    await progress()
    return said('done')
  })
  tool('ask', async ({ text = 'Which one?' }, { elicit, sample }) => {
    if (text === 'a poem') return said(JSON.stringify(await sample()))
    const abort = new AbortController()
    if (text === UNHEARD) void asked.then(() => abort.abort('no longer needed'))
    const options = text === UNHEARD ? { signal: abort.signal } : text === HURRIED ? { timeout: 50 } : {}
    return said(JSON.stringify(await elicit(text, options)))
  })
  server.registerPrompt('greet', { description: 'greets' }, () => ({
    messages: [{ role: 'user', content: { type: 'text', text: 'hello' } }],
  }))
  server.registerResource('readme', 'shop://readme', {}, (uri) => ({ contents: [{ uri: uri.href, text: 'read me' }] }))
}

function said(text: string): object {
  return { content: [{ type: 'text', text }] }
}

interface Connected {
  readonly client: TestClient
  readonly close: () => Promise<void>
}

async function connect(parts: RigParts, serverStack: Stack, transport: TransportName): Promise<Connected> {
  const { asked, stack, Client, makeServer } = parts
  const negotiation = transport === 'http modern' ? { versionNegotiation: { mode: 'auto' } } : {}
  const capabilities = { elicitation: {}, sampling: {} }
  const client = new Client({ name: 'agent', version: '9.9.9' }, { capabilities, ...negotiation })
  client.setRequestHandler(stack.elicitRequest, (request) => {
    asked()
    const { message } = (request as { params: { message: string } }).params
    return message === UNHEARD || message === HURRIED ? new Promise<never>(() => {}) : { action: 'decline' }
  })
  const poem = { role: 'assistant', content: { type: 'text', text: 'roses' }, model: 'poet' }
  client.setRequestHandler(stack.sampleRequest, () => poem)
  if (transport === 'memory') {
    const [near, far] = stack.linked()
    await makeServer().connect(far)
    await client.connect(near)
    return { client, close: async () => {} }
  }
  if (transport === 'stdio') {
    const [up, down] = [new PassThrough(), new PassThrough()]
    await makeServer().connect(new serverStack.StdioTransport(up, down))
    await client.connect(new stack.StdioTransport(down, up))
    return { client, close: async () => {} }
  }
  const http = createServer(await listenerOf(transport, serverStack, makeServer))
  http.listen(0, '127.0.0.1')
  await once(http, 'listening')
  const { port } = http.address() as AddressInfo
  await client.connect(new stack.HttpClientTransport(new URL(`http://127.0.0.1:${port}/mcp`)))
  return {
    client,
    async close() {
      const closed = once(http, 'close')
      http.close()
      http.closeAllConnections()
      await closed
    },
  }
}

async function listenerOf(
  transport: TransportName,
  stack: Stack,
  makeServer: () => TestServer,
): Promise<RequestListener> {
  if (transport === 'http modern') {
    return toNodeHandler(createMcpHandler(makeServer as never)) as unknown as RequestListener
  }
  if (transport === 'http stateful') {
    const sessions = new stack.HttpServerTransport({ sessionIdGenerator: () => randomUUID() })
    await makeServer().connect(sessions)
    return (request, response) => void sessions.handleRequest(request, response)
  }
  return (request, response) => {
    void (async () => {
      const single = new stack.HttpServerTransport({ sessionIdGenerator: undefined })
      const server = makeServer()
      response.on('close', () => void server.close())
      await server.connect(single)
      await single.handleRequest(request, response)
    })()
  }
}
