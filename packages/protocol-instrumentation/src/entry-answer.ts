import { OTHER } from './bounded-names.ts'
import type { RpcNotification } from './message.ts'
import { isSpecified } from './method-names.ts'
import { Operation } from './operation.ts'
import type { OperationScope } from './operation.ts'
import type { RpcOutcome } from './outcome-of.ts'
import { routeOf } from './route.ts'
import type { ProtocolTelemetry } from './telemetry.ts'
import type { Origin } from './trace-meta.ts'
import type { TransportFacts } from './transport-facts.ts'

/** A request that the entry of a server answers by itself: one that it refuses, or a subscription. */
export interface EntryAnswer {
  readonly telemetry: ProtocolTelemetry
  readonly facts: TransportFacts
  readonly message: RpcNotification
  /** The revision of the protocol that it says it is of. */
  readonly version: unknown
  readonly origin: Origin
}

const REVISION = /^\d{4}-\d{2}-\d{2}$/

/** Records such a request once it has ended; its span begins when it did. */
export function recordEntryAnswer(answer: EntryAnswer, outcome: RpcOutcome): void {
  const { facts, message, origin, telemetry, version } = answer
  const isRevision = typeof version === 'string' && REVISION.test(version)
  const route = routeOf(telemetry, facts, isRevision ? telemetry.bounds.version(version) : '')
  const scope: OperationScope = {
    telemetry,
    facts,
    transport: {},
    route,
    ended({ context }: Operation, { errorType, isFailure }: RpcOutcome) {
      if (!isFailure || errorType === undefined) return
      telemetry.errors.errors.add(1, { source: 'protocol', type: telemetry.bounds.code(errorType) }, context)
    },
  }
  const method = isSpecified(message.method) ? message.method : OTHER
  new Operation(scope, 'server', message, route.topic(method, undefined, ''), origin).end(outcome)
}
