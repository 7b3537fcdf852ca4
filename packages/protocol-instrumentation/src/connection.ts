import { observeCall } from '@mcp/otel-core'
import { startExecution } from '@mcp/otel-plugin-instrumentation'
import type { Execution } from '@mcp/otel-plugin-instrumentation'
import { ROOT_CONTEXT, context } from '@opentelemetry/api'
import type { Context } from '@opentelemetry/api'

import { announceTools, knownNames } from './known-names.ts'
import { fieldsOf, isNotification, isRequest, isRequestId, isResponse, jsonBytes, textOf } from './message.ts'
import type { Fields, RequestId, RpcMessage, RpcNotification, RpcRequest, RpcResponse } from './message.ts'
import { isSpecified, receivedMethod } from './method-names.ts'
import { startOperation } from './operation.ts'
import type { Operation } from './operation.ts'
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
import { protocolVersionOf } from './protocol-version.ts'
import { startSession } from './session.ts'
import type { Session } from './session.ts'
import { argumentAttributes, resultAttributes, subjectOf } from './subject.ts'
import type { ServedNames } from './subject.ts'
import { guarded } from './telemetry.ts'
import type { ProtocolTelemetry } from './telemetry.ts'
import { isCausedByTrace, originOf, withTrace } from './trace-meta.ts'
import { sessionIdOf, transportFacts } from './transport-facts.ts'
import type { TransportFacts } from './transport-facts.ts'

/** Sends a message on, as it is or a copy with the trace in it. */
type SendOn = (message: unknown) => unknown

/** One server or client on one transport, from its start to its close: everything that is said there passes through. */
export class Connection {
  readonly facts: TransportFacts
  readonly role: 'server' | 'client'
  readonly #telemetry: ProtocolTelemetry
  readonly #protocol: object
  readonly #transport: object
  readonly #received = new Map<RequestId, Operation>()
  readonly #sent = new Map<RequestId, Operation>()
  readonly #timedOut = new Set<unknown>()
  readonly #registry: (kind: 'tools' | 'prompts') => Fields | undefined
  #version = ''
  #server: string
  #names: ServedNames
  #hello: { readonly peer: Fields; readonly started: number } | undefined
  #session: Session | undefined
  #isClosed = false

  constructor(
    telemetry: ProtocolTelemetry,
    protocol: object,
    transport: object,
    registry: (kind: 'tools' | 'prompts') => Fields | undefined,
  ) {
    const fields = fieldsOf(protocol)
    this.#telemetry = telemetry
    this.#protocol = protocol
    this.#transport = transport
    this.#registry = registry
    this.facts = transportFacts(transport)
    this.role = '_clientInfo' in fields ? 'client' : 'server'
    this.#server = this.role === 'server' ? (textOf(fieldsOf(fields['_serverInfo'])['name']) ?? 'unknown') : ''
    this.#names = this.#namesOf(this.#server)
    const tools = this.role === 'server' && telemetry.recordsExecutions ? registry('tools') : undefined
    if (tools !== undefined) announceTools(telemetry, this.#server, Object.keys(tools))
  }

  get isClosed(): boolean {
    return this.#isClosed
  }

  /** Requests whose end has not been seen. */
  get openOperations(): number {
    return this.#received.size + this.#sent.size
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
    for (const operation of this.#sent.values()) guarded('a close', () => operation.end(CONNECTION_CLOSED))
    for (const operation of this.#received.values())
      guarded('a close', () => operation.end(operation.answered ?? CANCELLED))
    this.#session?.end()
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

  #receiveRequest(message: RpcRequest, extra: unknown, pass: () => unknown): unknown {
    const operation = guarded('a request', () => this.#startReceived(message, extra))
    return operation === undefined ? pass() : context.with(operation.context, pass)
  }

  #startReceived(message: RpcRequest, extra: unknown): Operation {
    const { id } = message
    this.#noteVersion(message, extra)
    if (message.method === 'initialize') {
      this.#hello = { peer: fieldsOf(fieldsOf(message.params)['clientInfo']), started: performance.now() }
    }
    this.#received.get(id)?.end(CANCELLED)
    let execution: Execution | undefined
    const operation = this.#start('server', message, this.#ambient(), (outcome) => {
      if (this.#received.get(id) === operation) this.#received.delete(id)
      this.#telemetry.instruments.activeRequests.add(-1, { role: 'server' })
      if (execution !== undefined) execution.end(executionEnd(outcome))
      else this.#countError(outcome)
    })
    this.#received.set(id, operation)
    this.#telemetry.instruments.activeRequests.add(1, { role: 'server' })
    const { target } = operation.subject
    if (target?.kind !== 'tool') return operation
    if (operation.span?.isRecording() === true)
      operation.span.setAttributes(argumentAttributes(message.params, this.#telemetry.options))
    if (this.role === 'server') execution = this.#startExecution(target.label, operation.context)
    return operation
  }

  #startExecution(command: string, within: Context): Execution | undefined {
    if (!this.#telemetry.recordsExecutions) return undefined
    // A tool may have been registered since the connection was made.
    if (this.#registry('tools') !== undefined && command !== '_OTHER')
      announceTools(this.#telemetry, this.#server, [command])
    const { meterProvider } = this.#telemetry.options
    return startExecution({ plugin: this.#server, command }, { span: false, context: within, meterProvider })
  }

  #receiveNotification(message: RpcNotification, extra: unknown, pass: () => unknown): unknown {
    const operation = guarded('a notification', () => {
      this.#noteVersion(message, extra)
      return this.#start('server', message, this.#ambient())
    })
    try {
      return operation === undefined ? pass() : context.with(operation.context, pass)
    } finally {
      operation?.end(SUCCESS)
      if (message.method === 'notifications/cancelled') {
        const { reason, requestId } = fieldsOf(message.params)
        if (isRequestId(requestId))
          guarded('a cancellation', () => this.#received.get(requestId)?.end(cancellationOutcome(reason)))
      }
    }
  }

  #receiveResponse(message: RpcResponse): void {
    const operation = this.#sent.get(message.id) ?? this.#sent.get(Number(message.id))
    if (operation === undefined) return
    const result = fieldsOf(message.result)
    this.#learn(operation.subject.rawMethod, result)
    if (operation.subject.rawMethod === 'initialize' && 'result' in message)
      this.#agreed(result, { peer: fieldsOf(result['serverInfo']), started: this.#hello?.started ?? performance.now() })
    operation.end(answerOutcome(message, 'client', undefined))
  }

  #sendRequest(message: RpcRequest, options: unknown, send: SendOn): unknown {
    const operation = guarded('a request', () => this.#startSent(message, options))
    if (operation === undefined) return send(message)
    return observeCall(
      () => send(this.#traced(message, operation)),
      operation.context,
      (outcome) => {
        if ('error' in outcome) operation.end(sendFailure(outcome.error))
      },
    )
  }

  #startSent(message: RpcRequest, options: unknown): Operation {
    const { id } = message
    this.#noteVersion(message, undefined)
    if (message.method === 'initialize') this.#hello = { peer: {}, started: performance.now() }
    this.#sent.get(id)?.end(CANCELLED)
    const operation = this.#start('client', message, context.active(), (outcome) => {
      if (this.#sent.get(id) === operation) this.#sent.delete(id)
      this.#timedOut.delete(id)
      this.#telemetry.instruments.activeRequests.add(-1, { role: 'client' })
      this.#countError(outcome)
    })
    this.#sent.set(id, operation)
    this.#telemetry.instruments.activeRequests.add(1, { role: 'client' })
    if (operation.subject.target?.kind === 'tool' && operation.span?.isRecording() === true)
      operation.span.setAttributes(argumentAttributes(message.params, this.#telemetry.options))
    const { requestSignal } = fieldsOf(options)
    if (requestSignal instanceof AbortSignal)
      requestSignal.addEventListener('abort', () => this.released(id, false), { once: true })
    return operation
  }

  #sendNotification(message: RpcNotification, send: SendOn): unknown {
    if (message.method === 'notifications/cancelled') {
      const { reason, requestId } = fieldsOf(message.params)
      if (isRequestId(requestId))
        guarded('a cancellation', () => this.#sent.get(requestId)?.end(cancellationOutcome(reason)))
    }
    const operation = guarded('a notification', () => this.#start('client', message, context.active()))
    if (operation === undefined) return send(message)
    return observeCall(
      () => send(this.#traced(message, operation)),
      operation.context,
      (outcome) => operation.end('error' in outcome ? sendFailure(outcome.error) : SUCCESS),
    )
  }

  #sendResponse(message: RpcResponse, send: SendOn): unknown {
    const operation = guarded('an answer', () => this.#answered(message))
    if (operation === undefined) return send(message)
    return observeCall(
      () => send(message),
      context.active(),
      (outcome) => operation.end('error' in outcome ? sendFailure(outcome.error) : (operation.answered ?? SUCCESS)),
    )
  }

  #answered(message: RpcResponse): Operation | undefined {
    const operation = this.#received.get(message.id)
    if (operation === undefined) return undefined
    const { rawMethod, target } = operation.subject
    operation.answered = answerOutcome(message, 'server', operation.thrown)
    const result = fieldsOf(message.result)
    this.#learn(rawMethod, result)
    if (rawMethod === 'initialize' && 'result' in message) this.#agreed(result, this.#hello)
    if (target?.kind === 'tool' && 'result' in message && operation.span?.isRecording() === true)
      operation.span.setAttributes(resultAttributes(result, this.#telemetry.options))
    return operation
  }

  #start(
    side: 'server' | 'client',
    message: RpcNotification,
    ambient: Context,
    ended?: (outcome: RpcOutcome, context: Context) => void,
  ): Operation {
    const telemetry = this.#telemetry
    const { options } = telemetry
    const isReceived = side === 'server'
    const method = isReceived ? receivedMethod(message.method, this.#protocol) : this.#sentMethod(message.method)
    const origin = isReceived ? originOf(message, ambient, options.trustRemote) : { parent: ambient, links: [] }
    return startOperation({
      telemetry,
      facts: this.facts,
      side,
      subject: subjectOf(message, method, this.#names, options),
      ...origin,
      sessionId: sessionIdOf(this.#transport),
      version: () => this.#version,
      ...(ended && { ended }),
    })
  }

  #traced(message: RpcMessage, operation: Operation): RpcMessage {
    if (this.#telemetry.options.propagate === false) return message
    // A client that does not trace gets from a server what it would get without us, to the last byte.
    if (this.role === 'server' && !isCausedByTrace(operation.context)) return message
    return guarded('the trace of a message', () => withTrace(message, operation.context)) ?? message
  }

  #sentMethod(method: string): string {
    return isSpecified(method) ? method : this.#telemetry.bounds.sent(method)
  }

  /** A pipe is read in whatever context it was opened; a request over HTTP has one of its own. */
  #ambient(): Context {
    return this.facts.kind === 'stdio' ? ROOT_CONTEXT : context.active()
  }

  #namesOf(server: string): ServedNames {
    const names = (kind: 'tools' | 'prompts') =>
      knownNames(this.#telemetry, `${this.role} ${server}`, kind, () => this.#registry(kind))
    return { tools: names('tools'), prompts: names('prompts') }
  }

  /** Lists name what a server has. */
  #learn(method: string, result: Fields): void {
    if (method === 'tools/list') this.#names.tools.told(result['tools'])
    if (method === 'prompts/list') this.#names.prompts.told(result['prompts'])
    if (method === 'server/discover' && this.role === 'client') this.#met(fieldsOf(result['serverInfo']))
  }

  #met(server: Fields): void {
    const name = textOf(server['name'])
    if (name === undefined || name === this.#server) return
    this.#server = name
    this.#names = this.#namesOf(name)
  }

  /** Both sides have agreed on a session; over HTTP there is one only if it has an id. */
  #agreed(result: Fields, hello: { readonly peer: Fields; readonly started: number } | undefined): void {
    this.#setVersion(result['protocolVersion'])
    if (this.role === 'client') this.#met(fieldsOf(result['serverInfo']))
    if (hello === undefined || this.#session !== undefined) return
    if (this.facts.kind === 'http' && sessionIdOf(this.#transport) === undefined) return
    const { facts, role } = this
    this.#session = startSession({ telemetry: this.#telemetry, facts, role, version: this.#version, ...hello })
  }

  #noteVersion(message: RpcMessage, extra: unknown): void {
    this.#setVersion(protocolVersionOf(message, extra))
  }

  #setVersion(version: unknown): void {
    if (typeof version === 'string' && /^\d{4}-\d{2}-\d{2}$/.test(version))
      this.#version = this.#telemetry.bounds.version(version)
  }

  #countError({ errorType, isFailure }: RpcOutcome): void {
    if (!isFailure || errorType === undefined) return
    this.#telemetry.errors.errors.add(1, { source: 'protocol', type: this.#telemetry.bounds.code(errorType) })
  }

  #countBytes(direction: 'received' | 'sent', message: unknown): void {
    const { instruments, options, recordsConventions } = this.#telemetry
    if (options.messageBytes === false || !recordsConventions || this.facts.kind === 'memory') return
    const bytes = jsonBytes(message)
    if (bytes > 0) instruments.messageBytes.add(bytes, { role: this.role, direction })
  }
}

/** The guide's end of an execution: the class of what was thrown, where that is known. */
function executionEnd({ status, errorType, thrown }: RpcOutcome): Parameters<Execution['end']>[0] {
  if (thrown !== undefined) return { status, error: thrown.error }
  return { status, ...(errorType !== undefined && { errorType }) }
}
