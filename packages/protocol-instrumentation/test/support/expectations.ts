import type { Rig } from './rig.ts'
import type { CallOptions } from './stacks.ts'

/** What a span must tell; `undefined` for what it must not have. */
export interface ExpectedSpan {
  readonly name: string
  readonly isError: boolean
  readonly errorType?: string
  readonly code?: string
  readonly exception?: string
}

/** One row of the matrix: what a client does, and all that must come of it on both sides. */
export interface Scenario {
  readonly title: string
  readonly act: (rig: Rig) => Promise<unknown>
  readonly client: ExpectedSpan
  readonly server: ExpectedSpan
  /** The guide's execution, as `command status`; missing where no tool is called. */
  readonly execution?: string
  /** The class in `mcp.errors` of the execution. */
  readonly errorClass?: string | undefined
  /** What differs where a request ends with its stream: the server is not told why. */
  readonly overModern?: Partial<Scenario>
}

const call = (rig: Rig, name: string, args: object = {}, options: CallOptions = {}): Promise<unknown> =>
  rig.stack.callTool(rig.client, { name, arguments: args }, options)

const settled = (promise: Promise<unknown>): Promise<unknown> => promise.catch((error: unknown) => error)

const ok = (name: string): ExpectedSpan => ({ name, isError: false })

/** Scenarios that end the same in both majors. */
export const scenarios: readonly Scenario[] = [
  {
    title: 'a call that succeeds',
    act: (rig) => call(rig, 'echo', { text: 'hello' }),
    client: ok('tools/call echo'),
    server: ok('tools/call echo'),
    execution: 'echo success',
  },
  {
    title: 'a tool that throws',
    act: (rig) => call(rig, 'fail'),
    client: { name: 'tools/call fail', isError: true, errorType: 'tool_error' },
    server: { name: 'tools/call fail', isError: true, errorType: 'tool_error', exception: 'InvoiceError' },
    execution: 'fail error',
    errorClass: 'InvoiceError',
  },
  {
    title: 'a tool that answers isError',
    act: (rig) => call(rig, 'refuse'),
    client: { name: 'tools/call refuse', isError: true, errorType: 'tool_error' },
    server: { name: 'tools/call refuse', isError: true, errorType: 'tool_error' },
    execution: 'refuse error',
    errorClass: 'tool_error',
  },
  {
    title: 'arguments that the tool does not take',
    act: (rig) => settled(call(rig, 'echo', { text: 42 })),
    client: { name: 'tools/call echo', isError: true, errorType: 'tool_error' },
    server: { name: 'tools/call echo', isError: true, errorType: 'tool_error' },
    execution: 'echo error',
    errorClass: 'tool_error',
  },
  {
    title: 'a caller that cancels',
    async act(rig) {
      const abort = new AbortController()
      const calling = settled(call(rig, 'slow', {}, { signal: abort.signal }))
      await rig.slowBegan
      abort.abort('no longer needed')
      return calling
    },
    client: { name: 'tools/call slow', isError: false, errorType: 'cancelled' },
    server: { name: 'tools/call slow', isError: false, errorType: 'cancelled' },
    execution: 'slow cancelled',
  },
  {
    title: 'a caller whose time runs out',
    act: (rig) => settled(call(rig, 'slow', {}, { timeout: 200 })),
    client: { name: 'tools/call slow', isError: true, errorType: 'timeout' },
    server: { name: 'tools/call slow', isError: true, errorType: 'timeout' },
    execution: 'slow timeout',
    errorClass: 'timeout',
    overModern: {
      server: { name: 'tools/call slow', isError: false, errorType: 'cancelled' },
      execution: 'slow cancelled',
      errorClass: undefined,
    },
  },
  {
    title: 'a connection that closes mid-call',
    async act(rig) {
      const calling = settled(call(rig, 'slow'))
      await rig.slowBegan
      await rig.client.close()
      await Promise.all(rig.servers.map((server) => server.close()))
      return calling
    },
    client: { name: 'tools/call slow', isError: true, errorType: 'connection_closed' },
    server: { name: 'tools/call slow', isError: false, errorType: 'cancelled' },
    execution: 'slow cancelled',
  },
  {
    title: 'a call with progress',
    act: (rig) => call(rig, 'progress', {}, { onprogress() {} }),
    client: ok('tools/call progress'),
    server: ok('tools/call progress'),
    execution: 'progress success',
  },
  {
    title: 'a prompt',
    act: (rig) => rig.client.getPrompt({ name: 'greet' }),
    client: ok('prompts/get greet'),
    server: ok('prompts/get greet'),
  },
  {
    title: 'a resource',
    act: (rig) => rig.client.readResource({ uri: 'shop://readme' }),
    client: ok('resources/read'),
    server: ok('resources/read'),
  },
  {
    title: 'a prompt that is not there',
    act: (rig) => settled(rig.client.getPrompt({ name: 'nothing' })),
    client: { name: 'prompts/get nothing', isError: true, errorType: '-32602', code: '-32602' },
    server: { name: 'prompts/get', isError: false, code: '-32602' },
  },
]

/** Where the majors differ: what an unknown tool is answered. */
export const unknownTool: Readonly<Record<1 | 2, Scenario>> = {
  1: {
    title: 'a tool that is not there',
    act: (rig) => call(rig, 'nothing'),
    client: { name: 'tools/call nothing', isError: true, errorType: 'tool_error' },
    server: { name: 'tools/call', isError: true, errorType: 'tool_error' },
    execution: '_OTHER error',
    errorClass: 'tool_error',
  },
  2: {
    title: 'a tool that is not there',
    act: (rig) => settled(call(rig, 'nothing')),
    client: { name: 'tools/call nothing', isError: true, errorType: '-32602', code: '-32602' },
    server: { name: 'tools/call', isError: false, code: '-32602' },
    execution: '_OTHER error',
  },
}
