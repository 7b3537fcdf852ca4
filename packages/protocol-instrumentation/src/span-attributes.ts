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
 * Tells a span what else is known from its start. It is added to the span after that, one by one: an SDK copies attributes
 * twice, for the sampler, when they are given at the start, which is most of what a span costs.
 */
export function addDetails(
  span: Span,
  { id, method, params }: RpcNotification,
  { kind }: Topic,
  { facts, options, sessionId, side, version }: Circumstances,
): void {
  if (isRequestId(id)) span.setAttribute('jsonrpc.request.id', textOf(String(id)) ?? '')
  if (version !== '') span.setAttribute('mcp.protocol.version', version)
  if (sessionId !== undefined) span.setAttribute('mcp.session.id', sessionId)
  if (facts.network !== '') span.setAttribute('network.transport', facts.network)
  if (facts.protocol !== '') span.setAttribute('network.protocol.name', facts.protocol)
  if (side === 'client' && facts.address !== '') {
    span.setAttribute('server.address', facts.address)
    span.setAttribute('server.port', Number(facts.port))
  }
  if (kind === 'tool') addArguments(span, params, options)
  else if (options.resourceUri !== false && method.includes('resources/')) {
    const uri = textOf(fieldsOf(params)['uri'])
    if (uri !== undefined) span.setAttribute('mcp.resource.uri', uri)
  }
}

/** Keys and size of the arguments of a tool call, and content only where it is wished for. */
function addArguments(span: Span, params: unknown, { capture }: McpOptions): void {
  span.setAttribute('gen_ai.operation.name', 'execute_tool')
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
