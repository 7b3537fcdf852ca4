import type { Attributes, Span } from '@opentelemetry/api'

import { captured } from './capture.ts'
import { jsonBytes } from './json-size.ts'
import { cut, fieldsOf, isRequestId, textOf } from './message.ts'
import type { RpcNotification } from './message.ts'
import type { McpOptions } from './options.ts'
import type { Side, Topic } from './route.ts'
import type { TransportFacts } from './transport-facts.ts'

const MAX_KEYS = 20
const MAX_KEY_LENGTH = 64

/** Where an operation takes place, as its span tells it. */
interface Circumstances {
  readonly side: Side
  readonly facts: TransportFacts
  readonly version: string
  readonly sessionId: string | undefined
}

/**
 * Returns what is known of an operation from its start, at no cost, for a sampler to see: what it is, about what, and where.
 * All in one object: each attribute that is added to a span later takes several times as long.
 */
export function startAttributes(
  { id, method, params }: RpcNotification,
  { kind }: Topic,
  { facts, sessionId, side, version }: Circumstances,
): Attributes {
  const attributes: Attributes = { 'mcp.method.name': textOf(method) ?? '' }
  if (kind === 'tool') {
    attributes['gen_ai.tool.name'] = textOf(fieldsOf(params)['name']) ?? ''
    attributes['gen_ai.operation.name'] = 'execute_tool'
  } else if (kind === 'prompt') {
    attributes['gen_ai.prompt.name'] = textOf(fieldsOf(params)['name']) ?? ''
  }
  if (isRequestId(id)) attributes['jsonrpc.request.id'] = textOf(String(id)) ?? ''
  if (version !== '') attributes['mcp.protocol.version'] = version
  if (sessionId !== undefined) attributes['mcp.session.id'] = sessionId
  if (facts.network !== '') attributes['network.transport'] = facts.network
  if (facts.protocol !== '') attributes['network.protocol.name'] = facts.protocol
  if (side === 'client' && facts.address !== '') {
    attributes['server.address'] = facts.address
    attributes['server.port'] = Number(facts.port)
  }
  return attributes
}

/** Tells a span what takes a look into the message, and only one that is recorded is to take. */
export function addDetails(
  span: Span,
  { method, params }: RpcNotification,
  { kind }: Topic,
  options: McpOptions,
): void {
  if (kind === 'tool') addArguments(span, params, options)
  else if (options.resourceUri !== false && method.includes('resources/')) {
    const uri = textOf(fieldsOf(params)['uri'])
    if (uri !== undefined) span.setAttribute('mcp.resource.uri', uri)
  }
}

/** Keys and size of the arguments of a tool call, and content only where it is wished for. */
function addArguments(span: Span, params: unknown, { capture }: McpOptions): void {
  const given = fieldsOf(params)['arguments']
  if (typeof given !== 'object' || given === null) return
  const keys = Object.keys(given)
  const told = keys.length > MAX_KEYS ? keys.slice(0, MAX_KEYS) : keys
  for (let at = 0; at < told.length; at++) told[at] = cut(told[at] as string, MAX_KEY_LENGTH)
  span.setAttribute('mcp.tool.call.arguments.keys', told)
  span.setAttribute('mcp.tool.call.arguments.size', keys.length === 0 ? 2 : jsonBytes(given))
  const content = capture?.arguments === true ? captured(given, capture) : undefined
  if (content !== undefined) span.setAttribute('gen_ai.tool.call.arguments', content)
}

/** Tells a span about the result of a tool call, whose size has been measured. */
export function addResult(span: Span, result: unknown, size: number, { capture }: McpOptions): void {
  span.setAttribute('mcp.tool.call.result.size', size)
  const content = capture?.results === true ? captured(result, capture) : undefined
  if (content !== undefined) span.setAttribute('gen_ai.tool.call.result', content)
}
