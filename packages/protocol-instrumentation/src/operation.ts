import { endSpanAt, failSpan, READ_TICK } from '@mcp/otel-core'
import type { TickedOptions } from '@mcp/otel-core'
import type { Execution } from '@mcp/otel-plugin-instrumentation'
import { SpanKind, SpanStatusCode } from '@opentelemetry/api'
import type { Attributes, Context, Span } from '@opentelemetry/api'

import type { RpcNotification } from './message.ts'
import type { RpcOutcome } from './outcome-of.ts'
import type { Route, Side, Topic } from './route.ts'
import { addDetails, startAttributes } from './span-attributes.ts'
import { complain } from './telemetry.ts'
import type { ProtocolTelemetry } from './telemetry.ts'
import { contextOf } from './trace-meta.ts'
import type { Origin } from './trace-meta.ts'
import { sessionIdOf } from './transport-facts.ts'
import type { TransportFacts } from './transport-facts.ts'

/** Where operations take place. */
export interface OperationScope {
  readonly telemetry: ProtocolTelemetry
  readonly facts: TransportFacts
  readonly transport: object
  /** As far as it is known; the answer to `initialize` tells the revision of the protocol. */
  readonly route: Route
  /** Is told of each end, once; `at` is on the clock of `performance.now()`. */
  ended(operation: Operation, outcome: RpcOutcome, at: number): void
}

/** One request or notification, from its start to its end. */
export class Operation {
  readonly side: Side
  readonly message: RpcNotification
  readonly topic: Topic
  /** The caller's context with the operation's span in it. */
  readonly context: Context
  readonly span: Span | undefined
  /** On the clock of `performance.now()`. */
  readonly started: number
  /** The execution that it is, where it is one. */
  execution: Execution | undefined
  /** What a handler threw. */
  thrown: RpcOutcome['thrown']
  /** How it will end once the answer is on its way. */
  answered: RpcOutcome | undefined
  readonly #scope: OperationScope
  readonly #route: Route
  #isEnded = false

  constructor(scope: OperationScope, side: Side, message: RpcNotification, topic: Topic, origin: Origin) {
    this.side = side
    this.message = message
    this.topic = topic
    this.#scope = scope
    this.#route = scope.route
    this.started = origin.began ?? performance.now()
    this.execution = undefined
    this.thrown = undefined
    this.answered = undefined
    this.span = this.#startSpan(origin)
    this.context = contextOf(origin, this.span)
  }

  /** Ends it; only the first call counts. Never throws. */
  end(outcome: RpcOutcome): void {
    if (this.#isEnded) return
    this.#isEnded = true
    const at = performance.now()
    const scope = this.#scope
    try {
      if (scope.telemetry.recordsConventions) this.#record(outcome, at)
    } catch (error) {
      complain('the metrics of an operation', error)
    }
    try {
      if (this.span !== undefined) this.#endSpan(this.span, outcome, at)
    } catch (error) {
      complain('the end of a span', error)
    }
    try {
      scope.ended(this, outcome, at)
    } catch (error) {
      complain('the end of an operation', error)
    }
  }

  /** Adds to the span what costs something to find out, if somebody is going to see it. */
  describe(attributes: () => Attributes): void {
    if (this.span?.isRecording() === true) this.span.setAttributes(attributes())
  }

  #record(outcome: RpcOutcome, at: number): void {
    const { route } = this.#scope
    const { kind, label, method } = this.topic
    const topic = route === this.#route ? this.topic : route.topic(method, kind, label)
    route.record(this.side, topic, (at - this.started) / 1000, outcome, this.context)
  }

  #startSpan({ began, links, parent }: Origin): Span | undefined {
    const { facts, telemetry, transport } = this.#scope
    const { options, tracer } = telemetry
    if (tracer === undefined) return undefined
    const { message, side, topic } = this
    const kind = side === 'server' ? SpanKind.SERVER : SpanKind.CLIENT
    const { version } = this.#route
    const attributes = startAttributes(message, topic, { side, facts, version, sessionId: sessionIdOf(transport) })
    const tick = began === undefined ? this.started : undefined
    const given: TickedOptions = { kind, attributes, [READ_TICK]: tick }
    if (links !== undefined) given.links = links
    if (began !== undefined) given.startTime = performance.timeOrigin + began
    const span = tracer.startSpan(topic.spanName, given, parent)
    if (span.isRecording()) addDetails(span, message, topic, options)
    return span
  }

  #endSpan(span: Span, { code, errorType, isFailure, message, status, thrown }: RpcOutcome, at: number): void {
    try {
      const { route } = this.#scope
      if (route !== this.#route) span.setAttribute('mcp.protocol.version', route.version)
      if (code !== undefined) span.setAttribute('rpc.response.status_code', String(code))
      if (errorType === undefined) return
      if (!isFailure) {
        span.setAttribute('error.type', errorType)
        return
      }
      failSpan(span, errorType, thrown ?? { status })
      if (message !== undefined) span.setStatus({ code: SpanStatusCode.ERROR, message })
    } finally {
      endSpanAt(span, at)
    }
  }
}
