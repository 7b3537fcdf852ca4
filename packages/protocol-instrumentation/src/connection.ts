import { callInContext } from '@mcp/otel-core'

import { Agreement } from './agreement.ts'
import type { ServedNames } from './agreement.ts'
import { jsonBytes } from './json-size.ts'
import { fieldsOf, isNotification, isRequest, isResponse } from './message.ts'
import type { RpcMessage, RpcNotification } from './message.ts'
import type { Operation, OperationScope } from './operation.ts'
import { executionEnd } from './outcome-of.ts'
import type { RpcOutcome } from './outcome-of.ts'
import { ReceivedOperations } from './received-operations.ts'
import { registryOf } from './registry.ts'
import { routeOf } from './route.ts'
import type { Route, TargetKind, Topic } from './route.ts'
import { SentOperations } from './sent-operations.ts'
import type { ProtocolTelemetry } from './telemetry.ts'
import { transportFacts } from './transport-facts.ts'
import type { TransportFacts } from './transport-facts.ts'
import type { AnyMethod } from './wrap-method.ts'

/** One server or client on one transport, from its start to its close: everything that is said there passes through. */
export class Connection implements OperationScope {
  readonly facts: TransportFacts
  readonly telemetry: ProtocolTelemetry
  readonly transport: object
  readonly agreement: Agreement
  readonly countsBytes: boolean
  readonly #received: ReceivedOperations
  readonly #sent: SentOperations
  #route: Route
  #isClosed = false

  /** `owner` is the `McpServer` around a server, if there is one. */
  constructor(telemetry: ProtocolTelemetry, protocol: object, transport: object, owner: object | undefined) {
    this.telemetry = telemetry
    this.transport = transport
    this.facts = transportFacts(transport)
    this.agreement = new Agreement(telemetry, this.facts, protocol, transport, registryOf(owner))
    this.countsBytes =
      this.facts.kind !== 'memory' && telemetry.options.messageBytes !== false && telemetry.recordsConventions
    this.#route = routeOf(telemetry, this.facts, '')
    this.#received = new ReceivedOperations(this, protocol)
    this.#sent = new SentOperations(this)
  }

  get role(): 'server' | 'client' {
    return this.agreement.role
  }

  get isClosed(): boolean {
    return this.#isClosed
  }

  get route(): Route {
    const { version } = this.agreement
    if (version !== this.#route.version) this.#route = routeOf(this.telemetry, this.facts, version)
    return this.#route
  }

  /** A message has come in, the first of `args`; `pass` hands it to the protocol. */
  receive(message: RpcMessage, pass: AnyMethod, receiver: unknown, args: unknown[]): unknown {
    if (!this.#isClosed) {
      if (isRequest(message)) {
        const operation = this.#received.request(message, args[1])
        if (operation !== undefined) return callInContext(operation.context, pass, receiver, args)
      } else {
        if (this.countsBytes) this.countBytes('received', jsonBytes(message))
        if (isNotification(message)) return this.#received.notification(message, pass, receiver, args)
        if (isResponse(message)) this.#sent.answered(message)
      }
    }
    return Reflect.apply(pass, receiver, args)
  }

  /** A message is to be sent, the first of `args`; `send` hands it to the transport. */
  send(message: RpcMessage, send: AnyMethod, receiver: unknown, args: unknown[]): unknown {
    if (!this.#isClosed) {
      if (isResponse(message)) return this.#received.answer(message, send, receiver, args)
      if (isRequest(message)) return this.#sent.request(message, send, receiver, args)
      if (isNotification(message)) return this.#sent.notification(message, send, receiver, args)
      if (this.countsBytes) this.countBytes('sent', jsonBytes(message))
    }
    return Reflect.apply(send, receiver, args)
  }

  /** The transport has closed: what is open ends now. */
  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#sent.close()
    this.#received.close()
    this.agreement.end()
  }

  /** A handler threw; the answer that is made of it may not tell. */
  threw(id: unknown, error: unknown): void {
    this.#received.threw(id, error)
  }

  /** The protocol's clock for a sent request has run out. */
  ranOut(id: unknown): void {
    this.#sent.ranOut(id)
  }

  /** The protocol waits for the answer no longer; `isGone` when it had dropped the clock before, at the total limit. */
  released(id: unknown, isGone: boolean): void {
    this.#sent.released(id, isGone)
  }

  /** An operation has ended. */
  ended(operation: Operation, outcome: RpcOutcome, at: number): void {
    const { execution, message, side } = operation
    if (isRequest(message)) {
      const { open } = side === 'server' ? this.#received : this.#sent
      open.remove(message.id, operation)
      this.telemetry.active[side].add(-1)
    }
    if (execution !== undefined) execution.end(executionEnd(outcome, at))
    else if (outcome.isFailure && outcome.errorType !== undefined) {
      const type = this.telemetry.bounds.code(outcome.errorType)
      this.telemetry.errors.errors.add(1, { source: 'protocol', type }, operation.context)
    }
  }

  /** What a message is about; `method` is its method as a label. */
  topicOf(message: RpcNotification, method: string): Topic {
    const kind = targetOf(message.method)
    if (kind === undefined) return this.route.topic(method, undefined, '')
    const { name } = fieldsOf(message.params)
    if (typeof name !== 'string') return this.route.topic(method, undefined, '')
    const names: ServedNames = this.agreement.names
    return this.route.topic(method, kind, names[kind].labelOf(name))
  }

  countBytes(direction: 'received' | 'sent', bytes: number): void {
    if (bytes > 0) this.telemetry.bytes[this.role][direction].add(bytes)
  }
}

function targetOf(method: string): TargetKind | undefined {
  if (method === 'tools/call') return 'tool'
  return method === 'prompts/get' ? 'prompt' : undefined
}
