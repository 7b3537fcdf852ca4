import { jsonBytes } from './json-size.ts'

/** A JSON-RPC message as far as it can be relied on: whoever sends it may put anything anywhere. */
export interface RpcMessage {
  readonly id?: unknown
  readonly method?: unknown
  readonly params?: unknown
  readonly result?: unknown
  readonly error?: unknown
}

export type RequestId = string | number

export interface RpcRequest extends RpcMessage {
  readonly id: RequestId
  readonly method: string
}

export interface RpcNotification extends RpcMessage {
  readonly method: string
}

export interface RpcResponse extends RpcMessage {
  readonly id: RequestId
}

export type Fields = Readonly<Record<string, unknown>>

/** Longest text of the other side that is kept in an attribute. */
const MAX_TEXT = 256

export function isRequest(message: RpcMessage): message is RpcRequest {
  return typeof message.method === 'string' && isRequestId(message.id)
}

export function isNotification(message: RpcMessage): message is RpcNotification {
  return typeof message.method === 'string' && message.id === undefined
}

export function isResponse(message: RpcMessage): message is RpcResponse {
  return message.method === undefined && isRequestId(message.id) && ('result' in message || 'error' in message)
}

export function isRequestId(id: unknown): id is RequestId {
  return typeof id === 'string' || typeof id === 'number'
}

/** Returns an object's fields; none for anything else. */
export function fieldsOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? (value as Fields) : NONE
}

const NONE: Fields = {}

/** Returns text fit for an attribute, cut to a length; `undefined` for what is no text. */
export function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? cut(value, MAX_TEXT) : undefined
}

/** Returns text that is no longer than a length, and can be written as UTF-8. */
export function cut(text: string, length: number): string {
  if (text.length > length) return text.slice(0, length).toWellFormed()
  return text.isWellFormed() ? text : text.toWellFormed()
}

/** Returns the code of a JSON-RPC error response. */
export function errorCodeOf(response: RpcMessage): number | undefined {
  const { code } = fieldsOf(response.error)
  return Number.isSafeInteger(code) ? (code as number) : undefined
}

/** Returns the size of an answer whose result has been measured. */
export function answerBytes(message: RpcMessage, resultBytes: number): number {
  return resultBytes === 0 ? jsonBytes(message) : jsonBytes({ ...message, result: 0 }) - 1 + resultBytes
}
