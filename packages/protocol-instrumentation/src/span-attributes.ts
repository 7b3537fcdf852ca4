import type { Attributes } from '@opentelemetry/api'

import { captured } from './capture.ts'
import { fieldsOf, isRequestId, jsonBytes, textOf } from './message.ts'
import type { RpcNotification } from './message.ts'
import type { McpOptions } from './options.ts'
import type { Side, Topic } from './route.ts'
import type { TransportFacts } from './transport-facts.ts'

const MAX_KEYS = 20
const MAX_KEY_LENGTH = 64

/** Returns what a sampler may want to know of an operation: what it is, and about what. */
export function startAttributes({ method, params }: RpcNotification, { kind }: Topic): Attributes {
  const name = textOf(method) ?? ''
  if (kind === undefined) return { 'mcp.method.name': name }
  const target = textOf(fieldsOf(params)['name']) ?? ''
  return kind === 'tool'
    ? { 'mcp.method.name': name, 'gen_ai.tool.name': target }
    : { 'mcp.method.name': name, 'gen_ai.prompt.name': target }
}

/** What a span tells of the circumstances. */
interface Circumstances {
  readonly side: Side
  readonly facts: TransportFacts
  readonly version: string
  readonly sessionId: string | undefined
  readonly options: McpOptions
}

/**
 * Returns what else a span tells from its start. It is added to the span after that: an SDK copies attributes twice, for
 * the sampler, when they are given at the start, which is most of what a span costs.
 */
export function detailAttributes(
  { id, method, params }: RpcNotification,
  { kind }: Topic,
  { facts, options, sessionId, side, version }: Circumstances,
): Attributes {
  const attributes: Attributes = {}
  if (isRequestId(id)) attributes['jsonrpc.request.id'] = textOf(String(id)) ?? ''
  if (version !== '') attributes['mcp.protocol.version'] = version
  if (sessionId !== undefined) attributes['mcp.session.id'] = sessionId
  if (facts.network !== '') attributes['network.transport'] = facts.network
  if (facts.protocol !== '') attributes['network.protocol.name'] = facts.protocol
  if (side === 'client' && facts.address !== '') {
    attributes['server.address'] = facts.address
    attributes['server.port'] = Number(facts.port)
  }
  if (kind === 'tool') addArguments(attributes, params, options)
  else if (options.resourceUri !== false && method.includes('resources/')) {
    const uri = textOf(fieldsOf(params)['uri'])
    if (uri !== undefined) attributes['mcp.resource.uri'] = uri
  }
  return attributes
}

/** Keys and size of the arguments of a tool call, and content only where it is wished for. */
function addArguments(attributes: Attributes, params: unknown, { capture }: McpOptions): void {
  attributes['gen_ai.operation.name'] = 'execute_tool'
  const given = fieldsOf(params)['arguments']
  if (typeof given !== 'object' || given === null) return
  const keys = Object.keys(given)
  attributes['mcp.tool.call.arguments.keys'] = keys
    .slice(0, MAX_KEYS)
    .map((key) => key.slice(0, MAX_KEY_LENGTH).toWellFormed())
  attributes['mcp.tool.call.arguments.size'] = keys.length === 0 ? 2 : jsonBytes(given)
  if (capture?.arguments === true) attributes['gen_ai.tool.call.arguments'] = captured(given, capture)
}

/** Returns what spans tell about the result of a tool call, whose size may be known already. */
export function resultAttributes(result: unknown, size: number | undefined, { capture }: McpOptions): Attributes {
  const attributes: Attributes = { 'mcp.tool.call.result.size': size ?? jsonBytes(result) }
  if (capture?.results === true) attributes['gen_ai.tool.call.result'] = captured(result, capture)
  return attributes
}
