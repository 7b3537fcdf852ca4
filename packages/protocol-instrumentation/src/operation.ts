import { failSpan } from '@mcp/otel-core'
import type { AttributesOf } from '@mcp/otel-core'
import { SpanKind, trace } from '@opentelemetry/api'
import type { Attributes, Context, Link, Span } from '@opentelemetry/api'

import type { protocolInstruments } from './instruments.ts'
import type { RequestId } from './message.ts'
import type { RpcOutcome } from './outcome-of.ts'
import { guarded } from './telemetry.ts'
import type { ProtocolTelemetry } from './telemetry.ts'
import type { TransportFacts } from './transport-facts.ts'

/** What an operation is about. */
export interface Subject {
  /** The method as a label. */
  readonly method: string
  /** The method as it was called. */
  readonly rawMethod: string
  /** Name of the tool or prompt as a label, and as it was called. */
  readonly target?: { readonly kind: 'tool' | 'prompt'; readonly label: string; readonly name: string } | undefined
  readonly id?: RequestId | undefined
  readonly attributes?: Attributes | undefined
}

/** One request or notification, from its start to its end. */
export interface Operation {
  /** The caller's context with the operation's span in it. */
  readonly context: Context
  readonly subject: Subject
  readonly span: Span | undefined
  /** What a handler threw. */
  thrown: RpcOutcome['thrown']
  /** How it will end once the answer is on its way. */
  answered: RpcOutcome | undefined
  /** Ends it; only the first call counts. Never throws. */
  readonly end: (outcome: RpcOutcome) => void
}

export interface OperationOptions {
  readonly telemetry: ProtocolTelemetry
  readonly facts: TransportFacts
  readonly side: 'server' | 'client'
  readonly subject: Subject
  readonly parent: Context
  readonly links?: Link[]
  readonly sessionId: string | undefined
  /** Asked at the end: the answer to `initialize` tells it. */
  readonly version: () => string
  /** Called once, at the end. */
  readonly ended?: (outcome: RpcOutcome, context: Context) => void
}

type ServerAttributes = AttributesOf<typeof protocolInstruments.serverOperationDuration>

/** Starts an operation: its span, and the clock. */
export function startOperation(options: OperationOptions): Operation {
  const { telemetry, facts, side, subject, parent, version, ended } = options
  const started = performance.now()
  const span = startSpan(options)
  const own = span === undefined ? parent : trace.setSpan(parent, span)
  let isEnded = false
  return {
    context: own,
    subject,
    span,
    thrown: undefined,
    answered: undefined,
    end(outcome) {
      if (isEnded) return
      isEnded = true
      const seconds = (performance.now() - started) / 1000
      guarded('the metrics of an operation', () => {
        if (telemetry.recordsConventions) {
          const { clientOperationDuration, serverOperationDuration } = telemetry.instruments
          const attributes = metricAttributes(options, outcome)
          if (side === 'server') serverOperationDuration.record(seconds, attributes, own)
          else clientOperationDuration.record(seconds, { ...attributes, ...addressAttributes(facts) }, own)
        }
      })
      guarded('the end of a span', () => span && endSpan(span, outcome, version()))
      guarded('the end of an operation', () => ended?.(outcome, own))
    },
  }
}

function startSpan(options: OperationOptions): Span | undefined {
  const { telemetry, side, subject, parent, links = [] } = options
  if (telemetry.tracer === undefined) return undefined
  const { method, target } = subject
  const name = target === undefined || target.label === '_OTHER' ? method : `${method} ${target.label}`
  const kind = side === 'server' ? SpanKind.SERVER : SpanKind.CLIENT
  return telemetry.tracer.startSpan(name, { kind, attributes: spanAttributes(options), links }, parent)
}

function spanAttributes({ facts, subject, sessionId }: OperationOptions): Attributes {
  const { rawMethod, target, id } = subject
  const { address, network, port, protocol } = facts
  return {
    'mcp.method.name': rawMethod,
    ...(target !== undefined && { [`gen_ai.${target.kind}.name`]: target.name }),
    ...(target?.kind === 'tool' && { 'gen_ai.operation.name': 'execute_tool' }),
    ...(id !== undefined && { 'jsonrpc.request.id': String(id) }),
    ...(sessionId !== undefined && { 'mcp.session.id': sessionId }),
    ...(network !== '' && { 'network.transport': network }),
    ...(protocol !== '' && { 'network.protocol.name': protocol }),
    ...(address !== '' && { 'server.address': address, 'server.port': Number(port) }),
    ...subject.attributes,
  }
}

function metricAttributes(
  { facts, subject, telemetry, version }: OperationOptions,
  outcome: RpcOutcome,
): ServerAttributes {
  const { method, target } = subject
  return {
    'mcp.method.name': method,
    'gen_ai.operation.name': target?.kind === 'tool' ? 'execute_tool' : '',
    'gen_ai.tool.name': target?.kind === 'tool' ? target.label : '',
    'gen_ai.prompt.name': target?.kind === 'prompt' ? target.label : '',
    'rpc.response.status_code': outcome.code === undefined ? '' : telemetry.bounds.code(String(outcome.code)),
    'mcp.protocol.version': version(),
    'network.transport': facts.network,
    'network.protocol.name': facts.protocol,
    'error.type': outcome.errorType === undefined ? '' : telemetry.bounds.code(outcome.errorType),
  }
}

/** The server's address as a client's metrics have it. */
export function addressAttributes({ address, port }: TransportFacts): {
  'server.address': string
  'server.port': string
} {
  return { 'server.address': address, 'server.port': port }
}

function endSpan(span: Span, outcome: RpcOutcome, version: string): void {
  try {
    const { code, errorType, isFailure, thrown } = outcome
    if (version !== '') span.setAttribute('mcp.protocol.version', version)
    if (code !== undefined) span.setAttribute('rpc.response.status_code', String(code))
    if (isFailure && errorType !== undefined) failSpan(span, errorType, thrown ?? { status: outcome.status })
    else if (errorType !== undefined) span.setAttribute('error.type', errorType)
  } finally {
    span.end()
  }
}
