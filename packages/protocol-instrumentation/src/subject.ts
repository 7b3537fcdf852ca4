import type { Attributes } from '@opentelemetry/api'

import type { KnownNames } from './known-names.ts'
import { fieldsOf, isRequestId, jsonBytes, textOf } from './message.ts'
import type { RpcNotification } from './message.ts'
import type { CaptureOptions, McpOptions } from './options.ts'
import type { TransportFacts } from './transport-facts.ts'

const MAX_KEYS = 20
const MAX_KEY_LENGTH = 64
const MAX_CAPTURE = 2000

/** Names of the side that serves the request. */
export interface ServedNames {
  readonly tools: KnownNames
  readonly prompts: KnownNames
}

/** The tool or prompt that a request is about. */
export interface Target {
  readonly kind: 'tool' | 'prompt'
  /** Its name as a label: `_OTHER` when the server has none of that name. */
  readonly label: string
  /** Its name as it was called. */
  readonly name: string
}

/** Returns the tool or prompt that a request is about. */
export function targetOf({ method, params }: RpcNotification, names: ServedNames): Target | undefined {
  if (method !== 'tools/call' && method !== 'prompts/get') return undefined
  const { name } = fieldsOf(params)
  if (typeof name !== 'string') return undefined
  return method === 'tools/call'
    ? { kind: 'tool', label: names.tools.labelOf(name), name }
    : { kind: 'prompt', label: names.prompts.labelOf(name), name }
}

/** What a span is about. */
interface Subject {
  readonly message: RpcNotification
  readonly target: Target | undefined
}

/** Returns the attributes of a span that are known from its start. */
export function spanAttributesOf(
  { message, target }: Subject,
  { address, network, port, protocol }: TransportFacts,
  sessionId: string | undefined,
  { resourceUri }: McpOptions,
): Attributes {
  const { id, method, params } = message
  const attributes: Attributes = { 'mcp.method.name': textOf(method) ?? '' }
  if (target !== undefined) attributes[`gen_ai.${target.kind}.name`] = textOf(target.name) ?? ''
  if (target?.kind === 'tool') attributes['gen_ai.operation.name'] = 'execute_tool'
  if (isRequestId(id)) attributes['jsonrpc.request.id'] = textOf(String(id)) ?? ''
  if (sessionId !== undefined) attributes['mcp.session.id'] = sessionId
  if (network !== '') attributes['network.transport'] = network
  if (protocol !== '') attributes['network.protocol.name'] = protocol
  if (address !== '') {
    attributes['server.address'] = address
    attributes['server.port'] = Number(port)
  }
  const uri = method.includes('resources/') && resourceUri !== false ? textOf(fieldsOf(params)['uri']) : undefined
  if (uri !== undefined) attributes['mcp.resource.uri'] = uri
  return attributes
}

/** Returns what spans tell about the arguments of a tool call: keys and size, and content only where it is wished for. */
export function argumentAttributes(params: unknown, { capture }: McpOptions): Attributes {
  const given = fieldsOf(params)['arguments']
  if (typeof given !== 'object' || given === null) return {}
  const keys = Object.keys(given).slice(0, MAX_KEYS)
  return {
    'mcp.tool.call.arguments.keys': keys.map((key) => key.slice(0, MAX_KEY_LENGTH).toWellFormed()),
    'mcp.tool.call.arguments.size': jsonBytes(given),
    ...(capture?.arguments === true && { 'gen_ai.tool.call.arguments': captured(given, capture) }),
  }
}

/** Returns what spans tell about the result of a tool call. */
export function resultAttributes(result: unknown, { capture }: McpOptions): Attributes {
  return {
    'mcp.tool.call.result.size': jsonBytes(result),
    ...(capture?.results === true && { 'gen_ai.tool.call.result': captured(result, capture) }),
  }
}

function captured(content: unknown, { redact, maxLength = MAX_CAPTURE }: CaptureOptions): string | undefined {
  const text: unknown = JSON.stringify(redact(content))
  if (typeof text !== 'string') return undefined
  return text.length > maxLength ? `${text.slice(0, maxLength).toWellFormed()}…` : text
}
