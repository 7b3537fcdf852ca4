import { UNHEARD } from './rig.ts'
import type { Rig, TransportName } from './rig.ts'
import type { CallOptions } from './stacks.ts'

/** What a span must tell: this, what its transport makes of it, and nothing else. */
export interface ExpectedSpan {
  readonly name: string
  readonly isError: boolean
  readonly errorType?: string
  readonly code?: string
  /** Class of the exception on the span. */
  readonly exception?: string
  /** What the status says. */
  readonly description?: string
  /** Attributes of what it is about. */
  readonly about: Readonly<Record<string, unknown>>
  /** The name of the tool or the prompt on metrics, where it is another than on the span. */
  readonly label?: string
}

/** One row of the matrix: what is done, and all that must come of it on both sides. */
export interface Scenario {
  readonly title: string
  readonly act: (rig: Rig) => Promise<unknown>
  /** The span of who sends the request or the notification. */
  readonly client: ExpectedSpan
  /** The span of who receives it. */
  readonly server: ExpectedSpan
  readonly sentBy?: 'server'
  /** A notification has no id, and no answer. */
  readonly isNotification?: true
  /** The guide's execution, as `command status`; missing where no tool is called. */
  readonly execution?: string
  /** The class in `mcp.errors` of the execution. */
  readonly errorClass?: string | undefined
  /** The transports on which it cannot happen. */
  readonly except?: readonly TransportName[]
  /** What differs in the second major. */
  readonly inV2?: Partial<Scenario>
  /** What differs where a request ends with its stream: the server is not told why. */
  readonly overModern?: Partial<Scenario>
}

const call = (rig: Rig, name: string, args: object = {}, options: CallOptions = {}): Promise<unknown> =>
  rig.stack.callTool(rig.client, { name, arguments: args }, options)

const settled = (promise: Promise<unknown>): Promise<unknown> => promise.catch((error: unknown) => error)

type Told = Omit<ExpectedSpan, 'name' | 'about' | 'isError'>

interface Pair {
  readonly client: ExpectedSpan
  readonly server: ExpectedSpan
}

/** Both spans of a call; `args` as they are sent, `client` and `server` what is not as with a success. */
function tool(name: string, args: object, client?: Told & Partial<ExpectedSpan>, server: typeof client = client): Pair {
  const about = {
    'gen_ai.tool.name': name,
    'gen_ai.operation.name': 'execute_tool',
    'mcp.tool.call.arguments.keys': Object.keys(args),
    'mcp.tool.call.arguments.size': JSON.stringify(args).length,
  }
  const span: ExpectedSpan = { name: `tools/call ${name}`, isError: false, about }
  return { client: { ...span, ...client }, server: { ...span, ...server } }
}

function prompt(name: string, client?: Partial<ExpectedSpan>, server: typeof client = client): Pair {
  const span: ExpectedSpan = { name: `prompts/get ${name}`, isError: false, about: { 'gen_ai.prompt.name': name } }
  return { client: { ...span, ...client }, server: { ...span, ...server } }
}

function plain(name: string, told?: Partial<ExpectedSpan>): Pair {
  const span: ExpectedSpan = { name, isError: false, about: {}, ...told }
  return { client: span, server: span }
}

const TOOL_ERROR = { isError: true, errorType: 'tool_error' } as const
const CANCELLED = { isError: false, errorType: 'cancelled' } as const
const TIMEOUT = { isError: true, errorType: 'timeout' } as const

/** A prompt that is missing, and what the client is told. */
function missingPrompt(description: string): Pair {
  return prompt(
    'nothing',
    { isError: true, errorType: '-32602', code: '-32602', description },
    { name: 'prompts/get', code: '-32602', label: '_OTHER' },
  )
}

/** Only where a session lasts can the server be told that its answer is no longer wanted, or ask the client anything. */
const SESSIONLESS: readonly TransportName[] = ['http stateless']
const ONE_WAY: readonly TransportName[] = ['http stateless', 'http modern']

/** Scenarios that end the same in both majors. */
export const scenarios: readonly Scenario[] = [
  {
    title: 'a call that succeeds',
    act: (rig) => call(rig, 'echo', { text: 'hello' }),
    ...tool('echo', { text: 'hello' }),
    execution: 'echo success',
  },
  {
    title: 'a tool that throws',
    act: (rig) => call(rig, 'fail'),
    ...tool('fail', {}, TOOL_ERROR, { ...TOOL_ERROR, exception: 'InvoiceError', description: 'no such invoice' }),
    execution: 'fail error',
    errorClass: 'InvoiceError',
  },
  {
    title: 'a tool that answers isError',
    act: (rig) => call(rig, 'refuse'),
    ...tool('refuse', {}, TOOL_ERROR),
    execution: 'refuse error',
    errorClass: 'tool_error',
  },
  {
    title: 'arguments that the tool does not take',
    act: (rig) => settled(call(rig, 'echo', { text: 42 })),
    ...tool('echo', { text: 42 }, TOOL_ERROR),
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
    ...tool('slow', {}, CANCELLED),
    execution: 'slow cancelled',
    except: SESSIONLESS,
  },
  {
    title: 'a caller whose time runs out',
    act: (rig) => settled(call(rig, 'slow', {}, { timeout: 200 })),
    ...tool('slow', {}, TIMEOUT),
    execution: 'slow timeout',
    errorClass: 'timeout',
    except: SESSIONLESS,
    overModern: {
      server: tool('slow', {}, CANCELLED).server,
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
    ...tool('slow', {}, { isError: true, errorType: 'connection_closed' }, CANCELLED),
    execution: 'slow cancelled',
  },
  {
    title: 'a call with progress',
    act: (rig) => call(rig, 'progress', {}, { onprogress() {} }),
    ...tool('progress', {}),
    execution: 'progress success',
  },
  {
    title: 'a notification',
    act: (rig) => call(rig, 'progress', {}, { onprogress() {} }),
    ...plain('notifications/progress'),
    sentBy: 'server',
    isNotification: true,
    execution: 'progress success',
  },
  {
    title: 'a question of the server',
    act: (rig) => call(rig, 'ask'),
    ...plain('elicitation/create'),
    sentBy: 'server',
    execution: 'ask success',
    except: ONE_WAY,
  },
  {
    title: 'a question that the server gives up',
    act: (rig) => call(rig, 'ask', { text: UNHEARD }),
    ...plain('elicitation/create', CANCELLED),
    sentBy: 'server',
    execution: 'ask error',
    // That SDK throws a timeout for an abort, too.
    inV2: { execution: 'ask timeout' },
    except: ONE_WAY,
  },
  {
    title: 'a sample that the server asks for',
    act: (rig) => call(rig, 'ask', { text: 'a poem' }),
    ...plain('sampling/createMessage'),
    sentBy: 'server',
    execution: 'ask success',
    except: ONE_WAY,
  },
  {
    title: 'a prompt',
    act: (rig) => rig.client.getPrompt({ name: 'greet' }),
    ...prompt('greet'),
  },
  {
    title: 'a resource',
    act: (rig) => rig.client.readResource({ uri: 'shop://readme' }),
    ...plain('resources/read', { about: { 'mcp.resource.uri': 'shop://readme' } }),
  },
  {
    title: 'a prompt that is not there',
    act: (rig) => settled(rig.client.getPrompt({ name: 'nothing' })),
    ...missingPrompt('MCP error -32602: Prompt nothing not found'),
    inV2: missingPrompt('Prompt nothing not found'),
  },
]

/** Where the majors differ: what an unknown tool is answered. */
export const unknownTool: Readonly<Record<1 | 2, Scenario>> = {
  1: {
    title: 'a tool that is not there',
    act: (rig) => call(rig, 'nothing'),
    ...tool('nothing', {}, TOOL_ERROR, { ...TOOL_ERROR, name: 'tools/call', label: '_OTHER' }),
    execution: '_OTHER error',
    errorClass: 'tool_error',
  },
  2: {
    title: 'a tool that is not there',
    act: (rig) => settled(call(rig, 'nothing')),
    ...tool(
      'nothing',
      {},
      { isError: true, errorType: '-32602', code: '-32602', description: 'Tool nothing not found' },
      { name: 'tools/call', isError: false, code: '-32602', label: '_OTHER' },
    ),
    execution: '_OTHER error',
  },
}
