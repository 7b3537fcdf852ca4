import { startExecution } from '@mcp/otel-plugin-instrumentation'
import { ROOT_CONTEXT, context } from '@opentelemetry/api'

import { Agreement } from './agreement.ts'
import type { Registry } from './agreement.ts'
import { createDurationRecorders } from './duration-recorders.ts'
import type { DurationRecorders } from './duration-recorders.ts'
import { fieldsOf, isNotification, isRequest, isRequestId, isResponse, jsonBytes } from './message.ts'
import type { RequestId, RpcMessage, RpcNotification, RpcRequest, RpcResponse } from './message.ts'
import { isSpecified, receivedMethod } from './method-names.ts'
import { Operation, within } from './operation.ts'
import type { OperationScope } from './operation.ts'
import {
  CANCELLED,
  CONNECTION_CLOSED,
  SUCCESS,
  TIMED_OUT,
  answerOutcome,
  cancellationOutcome,
  executionEnd,
  sendFailure,
} from './outcome-of.ts'
import type { RpcOutcome } from './outcome-of.ts'
import { settling } from './settling.ts'
import { argumentAttributes, resultAttributes, targetOf } from './subject.ts'
import { guarded } from './telemetry.ts'
import type { ProtocolTelemetry } from './telemetry.ts'
import { isCausedByTrace, originOf, withTrace } from './trace-meta.ts'
import { transportFacts } from './transport-facts.ts'
import type { TransportFacts } from './transport-facts.ts'

/** Sends a message on, as it is or a copy with the trace in it. */
type SendOn = (message: unknown) => unknown

/** One server or client on one transport, from its start to its close: everything that is said there passes through. */
export class Connection implements OperationScope {
  readonly facts: TransportFacts
  readonly telemetry: ProtocolTelemetry
  readonly transport: object
  readonly durations: DurationRecorders
  readonly #protocol: object
  readonly #agreement: Agreement
  readonly #received = new Map<RequestId, Operation>()
  readonly #sent = new Map<RequestId, Operation>()
  readonly #timedOut = new Set<unknown>()
  #isClosed = false

  constructor(telemetry: ProtocolTelemetry, protocol: object, transport: object, registry: Registry) {
    this.telemetry = telemetry
    this.transport = transport
    this.facts = transportFacts(transport)
    this.durations = createDurationRecorders(telemetry, this.facts, () => this.version)
    this.#protocol = protocol
    this.#agreement = new Agreement(telemetry, this.facts, protocol, transport, registry)
  }

  get role(): 'server' | 'client' {
    return this.#agreement.role
  }

  get version(): string {
    return this.#agreement.version
  }

  get isClosed(): boolean {
    return this.#isClosed
  }

  /** A message has come in; `pass` hands it to the protocol. */
  receive(message: RpcMessage, extra: unknown, pass: () => unknown): unknown {
    if (this.#isClosed) return pass()
    this.#countBytes('received', message)
    if (isRequest(message)) return this.#receiveRequest(message, extra, pass)
    if (isNotification(message)) return this.#receiveNotification(message, extra, pass)
    if (isResponse(message)) guarded('an answer', () => this.#receiveResponse(message))
    return pass()
  }

  /** A message is to be sent; `send` hands it to the transport. */
  send(message: RpcMessage, options: unknown, send: SendOn): unknown {
    if (this.#isClosed) return send(message)
    this.#countBytes('sent', message)
    if (isRequest(message)) return this.#sendRequest(message, options, send)
    if (isNotification(message)) return this.#sendNotification(message, send)
    if (isResponse(message)) return this.#sendResponse(message, send)
    return send(message)
  }

  /** The transport has closed: what is open ends now. */
  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    for (const operation of this.#sent.values()) operation.end(CONNECTION_CLOSED)
    for (const operation of this.#received.values()) operation.end(operation.answered ?? CANCELLED)
    this.#agreement.end()
  }

  /** A handler threw; the answer that is made of it may not tell. */
  threw(id: unknown, error: unknown): void {
    const operation = isRequestId(id) ? this.#received.get(id) : undefined
    if (operation !== undefined) operation.thrown ??= { error }
  }

  /** The protocol's clock for a sent request has run out. */
  ranOut(id: unknown): void {
    this.#timedOut.add(id)
  }

  /** The protocol waits for the answer no longer; `isGone` when it had dropped the clock before, at the total limit. */
  released(id: unknown, isGone: boolean): void {
    const hasRunOut = this.#timedOut.delete(id) || isGone
    const operation = isRequestId(id) ? this.#sent.get(id) : undefined
    if (hasRunOut) operation?.end(TIMED_OUT)
    // The reason follows at once, in the message that cancels the request.
    else if (operation !== undefined) queueMicrotask(() => operation.end(CANCELLED))
  }

  /** An operation has ended. */
  ended(operation: Operation, outcome: RpcOutcome): void {
    const { execution, message, side } = operation
    if (isRequest(message)) {
      const open = side === 'server' ? this.#received : this.#sent
      if (open.get(message.id) === operation) open.delete(message.id)
      this.telemetry.active[side].add(-1)
    }
    if (execution !== undefined) execution.end(executionEnd(outcome))
    else if (outcome.isFailure && outcome.errorType !== undefined) {
      const type = this.telemetry.bounds.code(outcome.errorType)
      this.telemetry.errors.errors.add(1, { source: 'protocol', type }, operation.context)
    }
  }

  #receiveRequest(message: RpcRequest, extra: unknown, pass: () => unknown): unknown {
    const operation = guarded('a request', () => this.#openReceived(message, extra))
    return operation === undefined ? pass() : within(operation, pass)
  }

  #openReceived(message: RpcRequest, extra: unknown): Operation {
    this.#received.get(message.id)?.end(CANCELLED)
    const operation = this.#startReceived(message, extra)
    this.#open(this.#received, message, operation)
    if (this.role === 'server' && operation.target?.kind === 'tool' && this.telemetry.recordsExecutions) {
      const { label: command } = operation.target
      this.#agreement.announce(command)
      operation.execution = startExecution(
        { plugin: this.#agreement.server, command },
        { span: false, context: operation.context, meterProvider: this.telemetry.options.meterProvider },
      )
    }
    return operation
  }

  #receiveNotification(message: RpcNotification, extra: unknown, pass: () => unknown): unknown {
    const operation = guarded('a notification', () => this.#startReceived(message, extra))
    try {
      return operation === undefined ? pass() : within(operation, pass)
    } finally {
      operation?.end(SUCCESS)
      if (message.method === 'notifications/cancelled') this.#cancel(this.#received, message)
    }
  }

  #receiveResponse(message: RpcResponse): void {
    const operation = this.#sent.get(message.id) ?? this.#sent.get(Number(message.id))
    if (operation === undefined) return
    this.#agreement.answers(operation.message.method, message)
    operation.end(answerOutcome(message, 'client', undefined))
  }

  #sendRequest(message: RpcRequest, options: unknown, send: SendOn): unknown {
    const operation = guarded('a request', () => this.#openSent(message, options))
    if (operation === undefined) return send(message)
    const sending = (): unknown => send(this.#traced(message, operation))
    return settling(
      () => within(operation, sending),
      undefined,
      (error) => operation.end(sendFailure(error)),
    )
  }

  #openSent(message: RpcRequest, options: unknown): Operation {
    const { id } = message
    this.#sent.get(id)?.end(CANCELLED)
    const operation = this.#startSent(message)
    this.#open(this.#sent, message, operation)
    const { requestSignal } = fieldsOf(options)
    if (requestSignal instanceof AbortSignal)
      requestSignal.addEventListener('abort', () => this.released(id, false), { once: true })
    return operation
  }

  #sendNotification(message: RpcNotification, send: SendOn): unknown {
    if (message.method === 'notifications/cancelled') this.#cancel(this.#sent, message)
    const operation = guarded('a notification', () => this.#startSent(message))
    if (operation === undefined) return send(message)
    const sending = (): unknown => send(this.#traced(message, operation))
    return settling(
      () => within(operation, sending),
      () => operation.end(SUCCESS),
      (error) => operation.end(sendFailure(error)),
    )
  }

  #sendResponse(message: RpcResponse, send: SendOn): unknown {
    const operation = this.#received.get(message.id)
    if (operation === undefined) return send(message)
    guarded('an answer', () => {
      operation.answered = answerOutcome(message, 'server', operation.thrown)
      this.#agreement.answers(operation.message.method, message)
      if (operation.target?.kind === 'tool' && 'result' in message)
        operation.describe(() => resultAttributes(message.result, this.telemetry.options))
    })
    return settling(
      () => send(message),
      () => operation.end(operation.answered ?? SUCCESS),
      (error) => operation.end(sendFailure(error)),
    )
  }

  /** A pipe is read in whatever context it was opened; a request over HTTP has one of its own. */
  #startReceived(message: RpcNotification, extra: unknown): Operation {
    this.#agreement.opens(message, extra)
    const ambient = this.facts.kind === 'stdio' ? ROOT_CONTEXT : context.active()
    const origin = originOf(message, ambient, this.telemetry.options.trustRemote)
    const target = targetOf(message, this.#agreement.names)
    return new Operation(this, 'server', message, receivedMethod(message.method, this.#protocol), target, origin)
  }

  #startSent(message: RpcNotification): Operation {
    this.#agreement.opens(message, undefined)
    const method = isSpecified(message.method) ? message.method : this.telemetry.bounds.sent(message.method)
    const target = targetOf(message, this.#agreement.names)
    return new Operation(this, 'client', message, method, target, { parent: context.active() })
  }

  #open(operations: Map<RequestId, Operation>, message: RpcRequest, operation: Operation): void {
    operations.set(message.id, operation)
    this.telemetry.active[operation.side].add(1)
    if (operation.target?.kind === 'tool')
      operation.describe(() => argumentAttributes(message.params, this.telemetry.options))
  }

  #cancel(operations: ReadonlyMap<RequestId, Operation>, message: RpcMessage): void {
    const { reason, requestId } = fieldsOf(message.params)
    if (isRequestId(requestId)) operations.get(requestId)?.end(cancellationOutcome(reason))
  }

  #traced(message: RpcMessage, operation: Operation): RpcMessage {
    if (this.telemetry.options.propagate === false) return message
    // A client that does not trace gets from a server what it would get without us, to the last byte.
    if (this.role === 'server' && !isCausedByTrace(operation.context)) return message
    return guarded('the trace of a message', () => withTrace(message, operation.context)) ?? message
  }

  #countBytes(direction: 'received' | 'sent', message: unknown): void {
    const { instruments, options, recordsConventions } = this.telemetry
    if (this.facts.kind === 'memory' || options.messageBytes === false || !recordsConventions) return
    const bytes = jsonBytes(message)
    if (bytes > 0) instruments.messageBytes.add(bytes, { role: this.role, direction })
  }
}
