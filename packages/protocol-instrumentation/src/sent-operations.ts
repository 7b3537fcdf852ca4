import { activeContext, callInContext } from '@mcp/otel-core'

import type { Connection } from './connection.ts'
import { followSending } from './follow-sending.ts'
import { jsonBytes } from './json-size.ts'
import { fieldsOf, isRequestId } from './message.ts'
import type { RpcMessage, RpcNotification, RpcRequest, RpcResponse } from './message.ts'
import { isSpecified } from './method-names.ts'
import { OpenOperations } from './open-operations.ts'
import { Operation } from './operation.ts'
import {
  CANCELLED,
  CONNECTION_CLOSED,
  SUCCESS,
  TIMED_OUT,
  answerOutcome,
  cancellationOutcome,
  sendFailure,
} from './outcome-of.ts'
import type { RpcOutcome } from './outcome-of.ts'
import { complain } from './telemetry.ts'
import { isCausedByTrace, withTrace } from './trace-meta.ts'
import type { AnyMethod } from './wrap-method.ts'

/** What this side asks of the other. */
export class SentOperations {
  /** Requests that have not been answered. */
  readonly open = new OpenOperations()
  readonly #connection: Connection
  readonly #timedOut = new Set<unknown>()

  constructor(connection: Connection) {
    this.#connection = connection
  }

  request(message: RpcRequest, send: AnyMethod, receiver: unknown, args: unknown[]): unknown {
    let operation: Operation | undefined
    try {
      operation = this.#begin(message, args[1])
    } catch (error) {
      complain('a request', error)
    }
    return this.#send(operation, undefined, send, receiver, args)
  }

  notification(message: RpcNotification, send: AnyMethod, receiver: unknown, args: unknown[]): unknown {
    let operation: Operation | undefined
    try {
      if (message.method === 'notifications/cancelled') this.#cancel(message)
      operation = this.#start(message)
    } catch (error) {
      complain('a notification', error)
    }
    return this.#send(operation, SUCCESS, send, receiver, args)
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
    for (const operation of this.open) operation.end(CONNECTION_CLOSED)
  }

  #begin(message: RpcRequest, options: unknown): Operation {
    const { id } = message
    this.open.get(id)?.end(CANCELLED)
    const operation = this.#start(message)
    this.open.add(id, operation)
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
    return new Operation(this.#connection, 'client', message, topic, { parent: activeContext() })
  }

  #cancel(message: RpcMessage): void {
    const { reason, requestId } = fieldsOf(message.params)
    if (isRequestId(requestId)) this.open.get(requestId)?.end(cancellationOutcome(reason))
  }

  /** Sends a message on, with the trace in it; `outcome` is how its operation ends once it has been sent. */
  #send(
    operation: Operation | undefined,
    outcome: RpcOutcome | undefined,
    send: AnyMethod,
    receiver: unknown,
    args: unknown[],
  ): unknown {
    if (operation === undefined) return Reflect.apply(send, receiver, args)
    const sent = this.#withTrace(operation.message, operation)
    if (this.#connection.countsBytes) this.#connection.countBytes('sent', jsonBytes(sent))
    args[0] = sent
    try {
      return followSending(callInContext(operation.context, send, receiver, args), operation, outcome)
    } catch (error) {
      operation.end(sendFailure(error))
      throw error
    }
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
