import { activeContext, callInContext } from '@mcp/otel-core'
import { startExecution } from '@mcp/otel-plugin-instrumentation'
import { ROOT_CONTEXT } from '@opentelemetry/api'

import type { Connection } from './connection.ts'
import { markServed } from './exchange.ts'
import { followSending } from './follow-sending.ts'
import { jsonBytes } from './json-size.ts'
import { answerBytes, fieldsOf, isRequestId } from './message.ts'
import type { RpcMessage, RpcNotification, RpcRequest, RpcResponse } from './message.ts'
import { receivedMethod } from './method-names.ts'
import { OpenOperations } from './open-operations.ts'
import { Operation } from './operation.ts'
import { CANCELLED, SUCCESS, answerOutcome, cancellationOutcome, sendFailure } from './outcome-of.ts'
import { peerAttributes } from './peer-attributes.ts'
import { protocolState } from './protocol-state.ts'
import { addResult } from './span-attributes.ts'
import { complain } from './telemetry.ts'
import { originOf } from './trace-meta.ts'
import type { AnyMethod } from './wrap-method.ts'

/** What the other side asks of this one. */
export class ReceivedOperations {
  /** Requests that have not been answered. */
  readonly open = new OpenOperations()
  readonly #connection: Connection
  readonly #protocol: object
  /** Is there something before the server that answers some requests by itself? */
  readonly #hasEntry: boolean

  constructor(connection: Connection, protocol: object) {
    this.#connection = connection
    this.#protocol = protocol
    this.#hasEntry = fieldsOf(connection.transport)['_wire'] !== undefined
  }

  /** Returns what the request begins, unless we fail. */
  request(message: RpcRequest, extra: unknown): Operation | undefined {
    try {
      if (this.#hasEntry) protocolState().undelivered.get(message)?.delete(message.id)
      if (this.#connection.countsBytes) this.#connection.countBytes('received', jsonBytes(message))
      return this.#begin(message, extra)
    } catch (error) {
      complain('a request', error)
      return undefined
    }
  }

  notification(message: RpcNotification, pass: AnyMethod, receiver: unknown, args: unknown[]): unknown {
    let operation: Operation | undefined
    try {
      operation = this.#start(message, args[1])
    } catch (error) {
      complain('a notification', error)
    }
    try {
      return operation === undefined
        ? Reflect.apply(pass, receiver, args)
        : callInContext(operation.context, pass, receiver, args)
    } finally {
      operation?.end(SUCCESS)
      if (message.method === 'notifications/cancelled') this.#cancel(message)
    }
  }

  /** The answer to a request is to be sent. */
  answer(message: RpcResponse, send: AnyMethod, receiver: unknown, args: unknown[]): unknown {
    const operation = this.open.get(message.id)
    try {
      this.#describe(message, operation)
    } catch (error) {
      complain('an answer', error)
    }
    if (operation === undefined) return Reflect.apply(send, receiver, args)
    try {
      return followSending(Reflect.apply(send, receiver, args), operation, operation.answered ?? SUCCESS)
    } catch (error) {
      operation.end(sendFailure(error))
      throw error
    }
  }

  threw(id: unknown, error: unknown): void {
    const operation = isRequestId(id) ? this.open.get(id) : undefined
    if (operation !== undefined) operation.thrown ??= { error }
  }

  close(): void {
    for (const operation of this.open) operation.end(operation.answered ?? CANCELLED)
  }

  #begin(message: RpcRequest, extra: unknown): Operation {
    const { agreement, role, telemetry } = this.#connection
    this.open.get(message.id)?.end(CANCELLED)
    const operation = this.#start(message, extra)
    this.open.add(message.id, operation)
    telemetry.active.server.add(1)
    const { kind, label: command } = operation.topic
    if (role === 'server' && kind === 'tool' && telemetry.recordsExecutions) {
      agreement.announce(command)
      const { context: own, started } = operation
      const { meterProvider } = telemetry.options
      const name = { plugin: agreement.server, command }
      operation.execution = startExecution(name, { span: false, context: own, started, meterProvider })
    }
    return operation
  }

  /** A pipe is read in whatever context it was opened; a request over HTTP has one of its own. */
  #start(message: RpcNotification, extra: unknown): Operation {
    const { agreement, facts, telemetry } = this.#connection
    agreement.opens(message, extra)
    const ambient = facts.kind === 'stdio' ? ROOT_CONTEXT : activeContext()
    if (facts.kind === 'http') markServed(ambient)
    const origin = originOf(message, ambient, telemetry.options.trustRemote)
    const topic = this.#connection.topicOf(message, receivedMethod(message.method, this.#protocol))
    const operation = new Operation(this.#connection, 'server', message, topic, origin)
    if (facts.kind === 'http') operation.describe(() => peerAttributes(ambient))
    return operation
  }

  /** The result is written as JSON once at most, for its own size and for that of the message. */
  #describe(message: RpcResponse, operation: Operation | undefined): void {
    const connection = this.#connection
    const isToolResult = operation?.topic.kind === 'tool' && 'result' in message
    const seen = isToolResult && operation.span?.isRecording() === true ? operation.span : undefined
    const resultBytes = seen && jsonBytes(message.result)
    if (connection.countsBytes) {
      const bytes = resultBytes === undefined ? jsonBytes(message) : answerBytes(message, resultBytes)
      connection.countBytes('sent', bytes)
    }
    if (operation === undefined) return
    operation.answered = answerOutcome(message, 'server', operation.thrown)
    connection.agreement.answers(operation.message.method, message)
    if (seen !== undefined) addResult(seen, message.result, resultBytes ?? 0, connection.telemetry.options)
  }

  #cancel(message: RpcMessage): void {
    const { reason, requestId } = fieldsOf(message.params)
    if (isRequestId(requestId)) this.open.get(requestId)?.end(cancellationOutcome(reason))
  }
}
