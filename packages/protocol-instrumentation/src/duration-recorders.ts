import type { AttributesOf, BoundRecorder } from '@mcp/otel-core'

import type { protocolInstruments } from './instruments.ts'
import type { Operation } from './operation.ts'
import type { RpcOutcome } from './outcome-of.ts'
import type { ProtocolTelemetry } from './telemetry.ts'
import type { TransportFacts } from './transport-facts.ts'

type ServerAttributes = AttributesOf<typeof protocolInstruments.serverOperationDuration>

/** Records the durations of one connection's operations. */
export interface DurationRecorders {
  readonly record: (seconds: number, operation: Operation, outcome: RpcOutcome) => void
}

/** Creates recorders that find the series of what succeeds but once; `version` is asked each time. */
export function createDurationRecorders(
  telemetry: ProtocolTelemetry,
  facts: TransportFacts,
  version: () => string,
): DurationRecorders {
  const { clientOperationDuration, serverOperationDuration } = telemetry.instruments
  const known = { server: new Map<string, BoundRecorder>(), client: new Map<string, BoundRecorder>() }
  let knownVersion = ''

  function bind(operation: Operation): BoundRecorder {
    const attributes = attributesOf(operation, {})
    return operation.side === 'server'
      ? serverOperationDuration.bind(attributes)
      : clientOperationDuration.bind({ ...attributes, ...addressAttributes(facts) })
  }

  function attributesOf({ method, target }: Operation, { code, errorType }: Partial<RpcOutcome>): ServerAttributes {
    return {
      'mcp.method.name': method,
      'gen_ai.operation.name': target?.kind === 'tool' ? 'execute_tool' : '',
      'gen_ai.tool.name': target?.kind === 'tool' ? target.label : '',
      'gen_ai.prompt.name': target?.kind === 'prompt' ? target.label : '',
      'rpc.response.status_code': code === undefined ? '' : telemetry.bounds.code(String(code)),
      'mcp.protocol.version': version(),
      'network.transport': facts.network,
      'network.protocol.name': facts.protocol,
      'error.type': errorType === undefined ? '' : telemetry.bounds.code(errorType),
    }
  }

  return {
    record(seconds, operation, outcome) {
      if (!telemetry.recordsConventions) return
      const { context, method, side, target } = operation
      if (outcome.errorType === undefined && outcome.code === undefined) {
        if (knownVersion !== version()) {
          knownVersion = version()
          known.server.clear()
          known.client.clear()
        }
        const key = target === undefined ? method : `${method} ${target.label}`
        let recorder = known[side].get(key)
        if (recorder === undefined) known[side].set(key, (recorder = bind(operation)))
        recorder.record(seconds, context)
        return
      }
      const attributes = attributesOf(operation, outcome)
      if (side === 'server') serverOperationDuration.record(seconds, attributes, context)
      else clientOperationDuration.record(seconds, { ...attributes, ...addressAttributes(facts) }, context)
    },
  }
}

/** The server's address as a client's metrics have it. */
export function addressAttributes({ address, port }: TransportFacts): {
  'server.address': string
  'server.port': string
} {
  return { 'server.address': address, 'server.port': port }
}
