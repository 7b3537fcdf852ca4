import type { Attributes } from '@opentelemetry/api'

import type { KnownNames } from './known-names.ts'
import { fieldsOf, isRequestId, jsonBytes, textOf } from './message.ts'
import type { RpcNotification } from './message.ts'
import type { Subject } from './operation.ts'
import type { CaptureOptions, McpOptions } from './options.ts'

const MAX_KEYS = 20
const MAX_CAPTURE = 2000

/** Names of the side that serves the request. */
export interface ServedNames {
  readonly tools: KnownNames
  readonly prompts: KnownNames
}

/** Returns what a request or a notification is about. */
export function subjectOf(message: RpcNotification, method: string, names: ServedNames, options: McpOptions): Subject {
  const params = fieldsOf(message.params)
  const attributes: Attributes = {}
  const uri = options.resourceUri === false ? undefined : textOf(params['uri'])
  if (uri !== undefined && message.method.includes('resources/')) attributes['mcp.resource.uri'] = uri
  return {
    method,
    rawMethod: textOf(message.method) ?? method,
    target: targetOf(message.method, params['name'], names),
    ...(isRequestId(message.id) && { id: message.id }),
    attributes,
  }
}

function targetOf(method: string, name: unknown, names: ServedNames): Subject['target'] {
  if (typeof name !== 'string' || (method !== 'tools/call' && method !== 'prompts/get')) return undefined
  const [kind, known] =
    method === 'tools/call' ? (['tool', names.tools] as const) : (['prompt', names.prompts] as const)
  return { kind, label: known.labelOf(name), name: textOf(name) ?? '' }
}

/** Returns what spans tell about the arguments of a tool call: keys and size, and content only where it is wished for. */
export function argumentAttributes(params: unknown, { capture }: McpOptions): Attributes {
  const given = fieldsOf(params)['arguments']
  if (typeof given !== 'object' || given === null) return {}
  const keys = Object.keys(given).slice(0, MAX_KEYS)
  return {
    'mcp.tool.call.arguments.keys': keys.map((key) => key.slice(0, 64).toWellFormed()),
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
