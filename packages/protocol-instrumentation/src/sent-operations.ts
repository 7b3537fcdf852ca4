import { context } from '@opentelemetry/api'

import type { Connection } from './connection.ts'
import { fieldsOf, isRequestId, jsonBytes } from './message.ts'
import type { RequestId, RpcMessage, RpcNotification, RpcRequest, RpcResponse } from './message.ts'
import { isSpecified } from './method-names.ts'
import { Operation, within } from './operation.ts'
import {
  CANCELLED,
  CONNECTION_CLOSED,
  SUCCESS,
  TIMED_OUT,
  answerOutcome,
  cancellationOutcome,
  sendFailure,
} from './outcome-of.ts'
import { settling } from './settling.ts'
import { complain } from './telemetry.ts'
import { isCausedByTrace, withTrace } from './trace-meta.ts'

/** Sends a message on, as it is or a copy with the trace in it. */
export type SendOn = (message: unknown) => unknown

/** What this side asks of the other. */
export class SentOperations {
  /** Requests that have not been answered. */
  readonly open = new Map<RequestId, Operation>()
  readonly #connection: Connection
  readonly #timedOut = new Set<unknown>()

  constructor(connection: Connection) {
    this.#connection = connection
  }

  request(message: RpcRequest, options: unknown, send: SendOn): unknown {
    let operation: Operation | undefined
    try {
      operation = this.#begin(message, options)
    } catch (error) {
      complain('a request', error)
    }
    if (operation === undefined) return send(message)
    const opened = operation
    const sent = this.#traced(message, opened)
    return settling(
      () => within(opened, () => send(sent)),
      undefined,
      (error) => opened.end(sendFailure(error)),
    )
  }

  notification(message: RpcNotification, send: SendOn): unknown {
    let operation: Operation | undefined
    try {
      if (message.method === 'notifications/cancelled') this.#cancel(message)
      operation = this.#start(message)
    } catch (error) {
      complain('a notification', error)
    }
    if (operation === undefined) return send(message)
    const opened = operation
    const sent = this.#traced(message, opened)
    return settling(
      () => within(opened, () => send(sent)),
      () => opened.end(SUCCESS),
      (error) => opened.end(sendFailure(error)),
    )
  }

  /** The answer to a request has come in. */
  answered(message: RpcResponse): void {
    try {
      const operation = this.open.get(message.id) ?? this.open.get(Number(message.id))
      if (operation === undefined) return
      this.#connection.agreement.answers(operation.message.method, message)
      operation.end(answerOutcome(message, 'client', undefined))
    } catch (error) {
      complain('an answer', error)
    }
  }

  ranOut(id: unknown): void {
    this.#timedOut.add(id)
  }

  released(id: unknown, isGone: boolean): void {
    const operation = isRequestId(id) ? this.open.get(id) : undefined
    const hasRunOut = (this.#timedOut.size > 0 && this.#timedOut.delete(id)) || isGone
    if (operation === undefined) return
    if (hasRunOut) operation.end(TIMED_OUT)
    // The reason follows at once, in the message that cancels the request.
    else queueMicrotask(() => operation.end(CANCELLED))
  }

  close(): void {
    for (const operation of this.open.values()) operation.end(CONNECTION_CLOSED)
  }

  #begin(message: RpcRequest, options: unknown): Operation {
    const { id } = message
    this.open.get(id)?.end(CANCELLED)
    const operation = this.#start(message)
    this.open.set(id, operation)
    this.#connection.telemetry.active.client.add(1)
    const { requestSignal } = fieldsOf(options)
    if (requestSignal instanceof AbortSignal)
      requestSignal.addEventListener('abort', () => this.released(id, false), { once: true })
    return operation
  }

  #start(message: RpcNotification): Operation {
    const { agreement, telemetry } = this.#connection
    agreement.opens(message, undefined)
    const method = isSpecified(message.method) ? message.method : telemetry.bounds.sent(message.method)
    const topic = this.#connection.topicOf(message, method)
    return new Operation(this.#connection, 'client', message, topic, { parent: context.active() })
  }

  #cancel(message: RpcMessage): void {
    const { reason, requestId } = fieldsOf(message.params)
    if (isRequestId(requestId)) this.open.get(requestId)?.end(cancellationOutcome(reason))
  }

  #traced(message: RpcMessage, operation: Operation): RpcMessage {
    const sent = this.#withTrace(message, operation)
    if (this.#connection.countsBytes) this.#connection.countBytes('sent', jsonBytes(sent))
    return sent
  }

  #withTrace(message: RpcMessage, operation: Operation): RpcMessage {
    const { role, telemetry } = this.#connection
    if (telemetry.options.propagate === false) return message
    // A client that does not trace gets from a server what it would get without us, to the last byte.
    if (role === 'server' && !isCausedByTrace(operation.context)) return message
    try {
      return withTrace(message, operation.context)
    } catch (error) {
      complain('the trace of a message', error)
      return message
    }
  }
}
