import { failSpan } from '@mcp/otel-core'
import type { Execution } from '@mcp/otel-plugin-instrumentation'
import { SpanKind, context, trace } from '@opentelemetry/api'
import type { Attributes, Context, Span } from '@opentelemetry/api'

import { OTHER } from './bounded-names.ts'
import type { DurationRecorders } from './duration-recorders.ts'
import type { RpcNotification } from './message.ts'
import type { RpcOutcome } from './outcome-of.ts'
import { spanAttributesOf } from './subject.ts'
import type { Target } from './subject.ts'
import { guarded } from './telemetry.ts'
import type { ProtocolTelemetry } from './telemetry.ts'
import type { Origin } from './trace-meta.ts'
import { sessionIdOf } from './transport-facts.ts'
import type { TransportFacts } from './transport-facts.ts'

/** Where operations take place. */
export interface OperationScope {
  readonly telemetry: ProtocolTelemetry
  readonly facts: TransportFacts
  readonly transport: object
  /** The revision of the protocol as far as it is known; the answer to `initialize` tells it. */
  readonly version: string
  readonly durations: DurationRecorders
  /** Is told of each end, once. */
  ended(operation: Operation, outcome: RpcOutcome): void
}

/** One request or notification, from its start to its end. */
export class Operation {
  readonly side: 'server' | 'client'
  readonly message: RpcNotification
  /** The method as a label. */
  readonly method: string
  readonly target: Target | undefined
  /** The caller's context with the operation's span in it. */
  readonly context: Context
  readonly span: Span | undefined
  /** The execution that it is, where it is one. */
  execution: Execution | undefined
  /** What a handler threw. */
  thrown: RpcOutcome['thrown']
  /** How it will end once the answer is on its way. */
  answered: RpcOutcome | undefined
  readonly #scope: OperationScope
  readonly #started = performance.now()
  #isEnded = false

  constructor(
    scope: OperationScope,
    side: 'server' | 'client',
    message: RpcNotification,
    method: string,
    target: Target | undefined,
    origin: Origin,
  ) {
    this.side = side
    this.message = message
    this.method = method
    this.target = target
    this.#scope = scope
    this.span = this.#startSpan(origin)
    this.context = this.span === undefined ? origin.parent : trace.setSpan(origin.parent, this.span)
  }

  /** Ends it; only the first call counts. Never throws. */
  end(outcome: RpcOutcome): void {
    if (this.#isEnded) return
    this.#isEnded = true
    const seconds = (performance.now() - this.#started) / 1000
    guarded('the metrics of an operation', () => this.#scope.durations.record(seconds, this, outcome))
    if (this.span !== undefined) guarded('the end of a span', () => this.#endSpan(outcome))
    guarded('the end of an operation', () => this.#scope.ended(this, outcome))
  }

  /** Adds to the span what costs something to find out, if somebody is going to see it. */
  describe(attributes: () => Attributes): void {
    if (this.span?.isRecording() === true) this.span.setAttributes(attributes())
  }

  #startSpan({ links, parent }: Origin): Span | undefined {
    const { facts, telemetry, transport } = this.#scope
    if (telemetry.tracer === undefined) return undefined
    const { method, side, target } = this
    const name = target === undefined || target.label === OTHER ? method : `${method} ${target.label}`
    const attributes = spanAttributesOf(this, facts, sessionIdOf(transport), telemetry.options)
    const kind = side === 'server' ? SpanKind.SERVER : SpanKind.CLIENT
    return telemetry.tracer.startSpan(name, { kind, attributes, ...(links && { links }) }, parent)
  }

  #endSpan({ code, errorType, isFailure, status, thrown }: RpcOutcome): void {
    const { span } = this
    if (span === undefined) return
    try {
      const { version } = this.#scope
      if (version !== '') span.setAttribute('mcp.protocol.version', version)
      if (code !== undefined) span.setAttribute('rpc.response.status_code', String(code))
      if (isFailure && errorType !== undefined) failSpan(span, errorType, thrown ?? { status })
      else if (errorType !== undefined) span.setAttribute('error.type', errorType)
    } finally {
      span.end()
    }
  }
}

/** Runs a function in an operation's context, which costs something only where that is another. */
export function within<T>({ context: own }: Operation, run: () => T): T {
  return own === context.active() ? run() : context.with(own, run)
}
