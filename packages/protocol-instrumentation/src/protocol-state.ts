import { processWide } from '@mcp/otel-core'

import type { Connection } from './connection.ts'
import type { RequestId, RpcRequest } from './message.ts'
import type { ProtocolTelemetry } from './telemetry.ts'
import type { TransportCallbacks } from './transport-callbacks.ts'

/** The connection of a transport, or of a server or client, now: looked up once, and then at hand for each message. */
export interface Carrier {
  connection: Connection | undefined
}

/** Requests that the entry of a server has not passed on to it, by id. */
export type Undelivered = Map<RequestId, { readonly message: RpcRequest; readonly began: number }>

/** What is known of the objects of an SDK; one per process, so that whichever build of ours meets them, it meets them once. */
export interface ProtocolState {
  /** Prototypes whose methods have been wrapped, and what methods have been replaced with. */
  readonly wrapped: WeakSet<object>
  /** What the instances of a prototype, or one instance, are recorded with. */
  readonly telemetry: WeakMap<object, ProtocolTelemetry>
  /** The `McpServer` around a `Server`. */
  readonly around: WeakMap<object, object>
  /** Who is about to start a transport. */
  readonly starting: WeakMap<object, object>
  /** What has been set as callbacks of transports that do not tell them. */
  readonly callbacks: WeakMap<object, TransportCallbacks>
  /** Transports, servers and clients that have been observed. */
  readonly carriers: WeakMap<object, Carrier>
  /** Where a request waits until the entry passes it on. */
  readonly undelivered: WeakMap<object, Undelivered>
  /** Stores of tasks that report. */
  readonly reporting: WeakSet<object>
}

const state: ProtocolState = processWide<ProtocolState>('protocol', () => ({
  wrapped: new WeakSet(),
  telemetry: new WeakMap(),
  around: new WeakMap(),
  starting: new WeakMap(),
  callbacks: new WeakMap(),
  carriers: new WeakMap(),
  undelivered: new WeakMap(),
  reporting: new WeakSet(),
}))

export function protocolState(): ProtocolState {
  return state
}

/** Finds what an instance is recorded with: its own, else that of its class. */
export function telemetryOf(instance: object): ProtocolTelemetry | undefined {
  const { telemetry } = protocolState()
  for (let owner: object | null = instance; owner !== null; owner = Object.getPrototypeOf(owner) as object | null) {
    const found = telemetry.get(owner)
    if (found !== undefined) return found
  }
  return undefined
}
