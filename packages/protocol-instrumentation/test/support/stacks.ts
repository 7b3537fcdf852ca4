import { createRequire } from 'node:module'

import * as v2Client from '@modelcontextprotocol/client'
import * as v2Node from '@modelcontextprotocol/node'
import * as v1Client from '@modelcontextprotocol/sdk/client/index.js'
import * as v1HttpClient from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import * as v1Memory from '@modelcontextprotocol/sdk/inMemory.js'
import * as v1Server from '@modelcontextprotocol/sdk/server/index.js'
import * as v1McpServer from '@modelcontextprotocol/sdk/server/mcp.js'
import * as v1Stdio from '@modelcontextprotocol/sdk/server/stdio.js'
import * as v1HttpServer from '@modelcontextprotocol/sdk/server/streamableHttp.js'
import { CreateMessageRequestSchema, ElicitRequestSchema } from '@modelcontextprotocol/sdk/types.js'
import * as v2Server from '@modelcontextprotocol/server'
import * as v2Stdio from '@modelcontextprotocol/server/stdio'

const require = createRequire(import.meta.url)

/** What the tests use of a transport. */
export interface Transport {
  onclose?: (() => void) | undefined
  close(): Promise<void>
  send(message: object): Promise<void>
}

export interface ToolResult {
  readonly content?: readonly { readonly text?: string }[]
  readonly isError?: boolean
}

export interface CallOptions {
  readonly signal?: AbortSignal
  readonly timeout?: number
  readonly onprogress?: (progress: unknown) => void
}

/** What the tests use of a client, of either major. */
export interface TestClient {
  readonly transport: Transport | undefined
  connect(transport: Transport): Promise<void>
  close(): Promise<void>
  listTools(): Promise<unknown>
  getPrompt(params: { name: string }): Promise<unknown>
  readResource(params: { uri: string }): Promise<unknown>
  setRequestHandler(method: unknown, handler: (request: unknown) => unknown): void
}

/** What the tests use of a server, of either major. */
export interface TestServer {
  readonly server: { readonly transport: Transport | undefined }
  connect(transport: Transport): Promise<void>
  close(): Promise<void>
  registerTool(name: string, config: object, handler: (args: never, extra: never) => unknown): void
  registerPrompt(name: string, config: object, handler: () => unknown): void
  registerResource(name: string, uri: string, config: object, handler: (uri: URL) => unknown): void
}

// The classes are told apart by their constructors' options, which differ between the majors.
export type ClassOf<T> = new (info: { name: string; version: string }, options?: object) => T

/** What a handler of a tool is given, whichever the major. */
export interface ToolContext {
  readonly signal: AbortSignal
  readonly progress: () => Promise<void>
  readonly elicit: (question: string, options?: AskOptions) => Promise<unknown>
  readonly sample: () => Promise<unknown>
}

interface AskOptions {
  readonly timeout?: number
  readonly signal?: AbortSignal
}

/** One copy of an SDK. */
export interface Stack {
  readonly major: 1 | 2
  readonly Server: ClassOf<object>
  readonly Client: ClassOf<TestClient>
  readonly McpServer: ClassOf<TestServer>
  readonly linked: () => [Transport, Transport]
  readonly StdioTransport: new (input: object, output: object) => Transport
  readonly HttpServerTransport: new (
    options: object,
  ) => Transport & { handleRequest(...args: unknown[]): Promise<void> }
  readonly HttpClientTransport: new (url: URL) => Transport
  readonly elicitRequest: unknown
  readonly sampleRequest: unknown
  readonly callTool: (client: TestClient, params: object, options?: CallOptions) => Promise<ToolResult>
  readonly toolContext: (server: TestServer, extra: unknown) => ToolContext
}

type V1Parts = {
  readonly client: typeof v1Client
  readonly httpClient: typeof v1HttpClient
  readonly httpServer: typeof v1HttpServer
  readonly memory: typeof v1Memory
  readonly server: typeof v1Server
  readonly mcp: typeof v1McpServer
  readonly stdio: typeof v1Stdio
}

interface V1Extra {
  readonly signal: AbortSignal
  readonly _meta?: { readonly progressToken?: unknown }
  sendNotification(notification: object): Promise<void>
}

interface V2Context {
  readonly mcpReq: {
    readonly signal: AbortSignal
    readonly _meta?: { readonly progressToken?: unknown }
    notify(notification: object): Promise<void>
    elicitInput(params: object, options: object | undefined): Promise<unknown>
    requestSampling(params: object): Promise<unknown>
  }
}

const NO_FIELDS = { type: 'object', properties: {} }
const PROMPT = { messages: [{ role: 'user', content: { type: 'text', text: 'a poem' } }], maxTokens: 10 }

function v1(parts: V1Parts): Stack {
  return {
    major: 1,
    Server: parts.server.Server,
    Client: parts.client.Client,
    McpServer: parts.mcp.McpServer as never,
    linked: () => parts.memory.InMemoryTransport.createLinkedPair(),
    StdioTransport: parts.stdio.StdioServerTransport as never,
    HttpServerTransport: parts.httpServer.StreamableHTTPServerTransport,
    HttpClientTransport: parts.httpClient.StreamableHTTPClientTransport,
    elicitRequest: ElicitRequestSchema,
    sampleRequest: CreateMessageRequestSchema,
    callTool: (client, params, options) =>
      (client as unknown as { callTool(...args: unknown[]): Promise<ToolResult> }).callTool(params, undefined, options),
    toolContext(server, given) {
      const extra = given as V1Extra
      const asking = server.server as unknown as Record<
        'elicitInput' | 'createMessage',
        (params: object, options: object) => Promise<unknown>
      >
      const { requestId } = given as { requestId: unknown }
      return {
        signal: extra.signal,
        progress: () => extra.sendNotification(progressOf(extra._meta?.progressToken)),
        elicit: (message, options) =>
          asking.elicitInput({ message, requestedSchema: NO_FIELDS }, { relatedRequestId: requestId, ...options }),
        sample: () => asking.createMessage(PROMPT, { relatedRequestId: requestId }),
      }
    },
  }
}

function progressOf(progressToken: unknown): object {
  return { method: 'notifications/progress', params: { progressToken, progress: 1, total: 2 } }
}

const v2: Stack = {
  major: 2,
  Server: v2Server.Server,
  Client: v2Client.Client,
  McpServer: v2Server.McpServer,
  linked: () => v2Server.InMemoryTransport.createLinkedPair(),
  StdioTransport: v2Stdio.StdioServerTransport as never,
  HttpServerTransport: v2Node.NodeStreamableHTTPServerTransport,
  HttpClientTransport: v2Client.StreamableHTTPClientTransport,
  elicitRequest: 'elicitation/create',
  sampleRequest: 'sampling/createMessage',
  callTool: (client, params, options) =>
    (client as unknown as { callTool(...args: unknown[]): Promise<ToolResult> }).callTool(params, options),
  toolContext(_server, given) {
    const { mcpReq } = given as V2Context
    return {
      signal: mcpReq.signal,
      progress: () => mcpReq.notify(progressOf(mcpReq._meta?.progressToken)),
      elicit: (message, options) => mcpReq.elicitInput({ message, requestedSchema: NO_FIELDS }, options),
      sample: () => mcpReq.requestSampling(PROMPT),
    }
  },
}

const fromCjs = (path: string): never => require(`@modelcontextprotocol/sdk/${path}`) as never

/** Every copy of the SDKs that one process can hold. */
export const stacks = {
  'v1 ESM': v1({
    client: v1Client,
    httpClient: v1HttpClient,
    httpServer: v1HttpServer,
    memory: v1Memory,
    server: v1Server,
    mcp: v1McpServer,
    stdio: v1Stdio,
  }),
  'v1 CJS': v1({
    client: fromCjs('client/index.js'),
    httpClient: fromCjs('client/streamableHttp.js'),
    httpServer: fromCjs('server/streamableHttp.js'),
    memory: fromCjs('inMemory.js'),
    server: fromCjs('server/index.js'),
    mcp: fromCjs('server/mcp.js'),
    stdio: fromCjs('server/stdio.js'),
  }),
  v2,
} as const satisfies Record<string, Stack>

export type StackName = keyof typeof stacks
