import type { AttributesOf, BoundRecorder } from '@mcp/otel-core'
import type { Context } from '@opentelemetry/api'

import { OTHER } from './bounded-names.ts'
import type { protocolInstruments } from './instruments.ts'
import type { RpcOutcome } from './outcome-of.ts'
import type { ProtocolTelemetry } from './telemetry.ts'
import type { TransportFacts } from './transport-facts.ts'

/** Who an operation is recorded for: who answers it, or who sends it. */
export type Side = 'server' | 'client'

export type TargetKind = 'tool' | 'prompt'

/** What operations with one method, about one tool or prompt, have in common. */
export interface Topic {
  /** The method as a label. */
  readonly method: string
  /** Is it about a tool, or a prompt? */
  readonly kind: TargetKind | undefined
  /** The name of that as a label: `_OTHER` when the server has none of that name. */
  readonly label: string
  readonly spanName: string
  /** The series of what succeeds, once they have been looked up. */
  readonly succeeded: Partial<Record<Side, BoundRecorder>>
}

const MAX_ROUTES = 1000
const MAX_TOPICS = 2000

type ServerAttributes = AttributesOf<typeof protocolInstruments.serverOperationDuration>

/** Finds the route of a connection; connections that are alike share one, so that what it has looked up is there for the next. */
export function routeOf(telemetry: ProtocolTelemetry, facts: TransportFacts, version: string): Route {
  const { address, network, port, protocol } = facts
  const key = `${network} ${protocol} ${address} ${port} ${version}`
  let route = telemetry.routes.get(key)
  if (route === undefined) {
    route = new Route(telemetry, facts, version)
    if (telemetry.routes.size < MAX_ROUTES) telemetry.routes.set(key, route)
  }
  return route
}

/** A way to the other side, under one revision of the protocol: what goes there is recorded with the same attributes. */
export class Route {
  readonly version: string
  readonly #telemetry: ProtocolTelemetry
  readonly #facts: TransportFacts
  readonly #topics: Record<TargetKind | 'none', Map<string, Topic>> = {
    none: new Map(),
    tool: new Map(),
    prompt: new Map(),
  }

  constructor(telemetry: ProtocolTelemetry, facts: TransportFacts, version: string) {
    this.#telemetry = telemetry
    this.#facts = facts
    this.version = version
  }

  /** Returns the topic of a method; with a `kind`, of what `label` names. */
  topic(method: string, kind: TargetKind | undefined, label: string): Topic {
    const topics = this.#topics[kind ?? 'none']
    const key = kind === undefined ? method : label
    let topic = topics.get(key)
    if (topic === undefined) {
      const spanName = label === '' || label === OTHER ? method : `${method} ${label}`
      topic = { method, kind, label, spanName, succeeded: {} }
      if (topics.size < MAX_TOPICS) topics.set(key, topic)
    }
    return topic
  }

  /** Records the duration of an operation. */
  record(side: Side, topic: Topic, seconds: number, outcome: RpcOutcome, context: Context): void {
    if (outcome.errorType === undefined && outcome.code === undefined) {
      const recorder = (topic.succeeded[side] ??= this.#bind(side, topic))
      recorder.record(seconds, context)
      return
    }
    const { clientOperationDuration, serverOperationDuration } = this.#telemetry.instruments
    const attributes = this.#attributesOf(topic, outcome)
    if (side === 'server') serverOperationDuration.record(seconds, attributes, context)
    else clientOperationDuration.record(seconds, { ...attributes, ...addressAttributes(this.#facts) }, context)
  }

  #bind(side: Side, topic: Topic): BoundRecorder {
    const { clientOperationDuration, serverOperationDuration } = this.#telemetry.instruments
    const attributes = this.#attributesOf(topic, {})
    return side === 'server'
      ? serverOperationDuration.bind(attributes)
      : clientOperationDuration.bind({ ...attributes, ...addressAttributes(this.#facts) })
  }

  #attributesOf({ kind, label, method }: Topic, { code, errorType }: Partial<RpcOutcome>): ServerAttributes {
    const { bounds } = this.#telemetry
    return {
      'mcp.method.name': method,
      'gen_ai.operation.name': kind === 'tool' ? 'execute_tool' : '',
      'gen_ai.tool.name': kind === 'tool' ? label : '',
      'gen_ai.prompt.name': kind === 'prompt' ? label : '',
      'rpc.response.status_code': code === undefined ? '' : bounds.code(String(code)),
      'mcp.protocol.version': this.version,
      'network.transport': this.#facts.network,
      'network.protocol.name': this.#facts.protocol,
      'error.type': errorType === undefined ? '' : bounds.code(errorType),
    }
  }
}

/** The server's address as a client's metrics have it. */
export function addressAttributes({ address, port }: TransportFacts): {
  'server.address': string
  'server.port': string
} {
  return { 'server.address': address, 'server.port': port }
}
