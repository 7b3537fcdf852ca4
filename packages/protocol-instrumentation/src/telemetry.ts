import { createErrorInstruments, createInstruments, errorText, processWide, telemetryFaults } from '@mcp/otel-core'
import type { BoundAdder, ErrorInstruments, Instruments } from '@mcp/otel-core'
import { diag, trace } from '@opentelemetry/api'
import type { Tracer } from '@opentelemetry/api'

import { createBoundedNames } from './bounded-names.ts'
import type { BoundedNames } from './bounded-names.ts'
import { protocolInstruments } from './instruments.ts'
import type { NameBook } from './known-names.ts'
import type { McpOptions } from './options.ts'
import type { Route } from './route.ts'
import { VERSION } from './version.ts'

/** Instrumentation scope of the protocol's metrics and spans. */
export const PROTOCOL_SCOPE = '@mcp/otel-protocol-instrumentation'

const MAX_COMPLAINTS = 100

/** What messages are recorded with. */
export interface ProtocolTelemetry {
  readonly options: McpOptions
  /** `undefined` where the options want no spans. */
  readonly tracer: Tracer | undefined
  readonly instruments: Instruments<typeof protocolInstruments>
  readonly errors: ErrorInstruments
  /** Requests without an answer, by who serves them. */
  readonly active: Readonly<Record<'server' | 'client', BoundAdder>>
  /** Bytes of messages, by who receives or sends them. */
  readonly bytes: Readonly<Record<'server' | 'client', Readonly<Record<'received' | 'sent', BoundAdder>>>>
  readonly recordsConventions: boolean
  readonly recordsExecutions: boolean
  readonly bounds: Bounds
  /** The routes of all connections. */
  readonly routes: Map<string, Route>
  /** Names that servers have told, by server. */
  readonly books: Map<string, NameBook>
  /** Tools that were announced as commands, by server. */
  readonly announced: Map<string, Set<string>>
}

/** What the other side says and becomes a label, kept within bounds over all connections. */
interface Bounds {
  readonly version: BoundedNames
  readonly code: BoundedNames
  readonly peer: BoundedNames
  readonly sent: BoundedNames
}

interface Made {
  defaults: McpOptions
  byDefault?: ProtocolTelemetry
  readonly byOptions: WeakMap<McpOptions, ProtocolTelemetry>
}

const made: Made = processWide<Made>('protocol-telemetry', () => ({ defaults: {}, byOptions: new WeakMap() }))

/** Sets the options of everything that is observed without any of its own, from now on. */
export function setMcpDefaults(options: McpOptions): void {
  made.defaults = options
  delete made.byDefault
}

/** Returns what to record with: the same for the same options, so that servers made one by one share it. */
export function telemetryFor(options?: McpOptions): ProtocolTelemetry {
  if (options === undefined) return (made.byDefault ??= createTelemetry(made.defaults))
  let telemetry = made.byOptions.get(options)
  if (telemetry === undefined) made.byOptions.set(options, (telemetry = createTelemetry(options)))
  return telemetry
}

function createTelemetry(options: McpOptions): ProtocolTelemetry {
  const { meterProvider, tracerProvider, metrics = 'both', spans = true } = options
  const instruments = createInstruments(protocolInstruments, {
    scope: PROTOCOL_SCOPE,
    version: VERSION,
    isSound: true,
    meterProvider,
  })
  return {
    options,
    active: {
      server: instruments.activeRequests.bind({ role: 'server' }),
      client: instruments.activeRequests.bind({ role: 'client' }),
    },
    bytes: {
      server: bytesOf(instruments, 'server'),
      client: bytesOf(instruments, 'client'),
    },
    tracer: spans ? (tracerProvider ?? trace).getTracer(PROTOCOL_SCOPE, VERSION) : undefined,
    instruments,
    errors: createErrorInstruments(meterProvider),
    recordsConventions: metrics === 'both' || metrics === 'conventions',
    recordsExecutions: metrics === 'both' || metrics === 'executions',
    bounds: {
      version: createBoundedNames(20),
      code: createBoundedNames(100),
      peer: createBoundedNames(50),
      sent: createBoundedNames(200),
    },
    routes: new Map(),
    books: new Map(),
    announced: new Map(),
  }
}

function bytesOf({ messageBytes }: ProtocolTelemetry['instruments'], role: 'server' | 'client') {
  return {
    received: messageBytes.bind({ role, direction: 'received' }),
    sent: messageBytes.bind({ role, direction: 'sent' }),
  }
}

/** Says once what went wrong in us. */
export function say(complaint: string): void {
  const said = processWide('protocol-complaints', () => new Set<string>())
  if (said.has(complaint) || said.size >= MAX_COMPLAINTS) return
  said.add(complaint)
  diag.warn(complaint)
}

/** Does a piece of our own work; what it throws is said, and the message goes its way. */
export function guarded<T>(what: string, work: () => T): T | undefined {
  try {
    return work()
  } catch (error) {
    complain(what, error)
    return undefined
  }
}

/** Counts and says what kept a piece of our own work from being done. */
export function complain(what: string, error: unknown): void {
  telemetryFaults().add(1, { source: 'protocol' })
  say(`${what} could not be observed: ${errorText(error)}; it goes on unobserved`)
}
