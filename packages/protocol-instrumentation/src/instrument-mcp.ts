import { attach, prepare } from './attach.ts'
import { announceConnecting } from './connecting.ts'
import { fieldsOf } from './message.ts'
import { following } from './observe-handlers.ts'
import type { McpOptions } from './options.ts'
import { protocolState } from './protocol-state.ts'
import { guarded, say, telemetryFor } from './telemetry.ts'
import type { ProtocolTelemetry } from './telemetry.ts'
import { wrapMethod } from './wrap-method.ts'

// A class is known by its methods; what its constructor takes is its own business.
// oxlint-disable-next-line typescript/no-explicit-any
type AnyClass = abstract new (...args: any[]) => object

/** Classes of an SDK, of either major; others are left alone. */
export interface McpClasses {
  readonly Server?: AnyClass | undefined
  readonly Client?: AnyClass | undefined
  readonly McpServer?: AnyClass | undefined
}

/**
 * Observes every server and client of these classes that connects from now on. The first options for a class stand:
 * none is observed twice.
 */
export function instrumentMcp(classes: McpClasses, options?: McpOptions): void {
  const { telemetry: known } = protocolState()
  let telemetry: ProtocolTelemetry | undefined
  for (const name of ['Server', 'Client', 'McpServer'] as const) {
    const given: unknown = fieldsOf(classes)[name]
    if (given === undefined) continue
    const { prototype } = typeof given === 'function' ? given : { prototype: undefined as unknown }
    if (typeof prototype !== 'object' || prototype === null || !('connect' in prototype)) {
      say(`instrumentMcp was given ${typeof given} as ${name}; expected the class of an SDK; it is not observed`)
      continue
    }
    telemetry ??= telemetryFor(options)
    if (!known.has(prototype)) known.set(prototype, telemetry)
    if (name === 'McpServer') wrapMcpServer(prototype)
    else wrapConnect(baseOf(prototype))
  }
}

/** Observes one server, low-level or `McpServer`, connected or not; returns it. */
export function instrumentServer<S extends object>(server: S, options?: McpOptions): S {
  return instrumentInstance(server, options, 'instrumentServer')
}

/** Observes one client, connected or not; returns it. */
export function instrumentClient<C extends object>(client: C, options?: McpOptions): C {
  return instrumentInstance(client, options, 'instrumentClient')
}

function instrumentInstance<T extends object>(instance: T, options: McpOptions | undefined, by: string): T {
  guarded('a server or client', () => {
    const { server } = fieldsOf(instance)
    const protocol = typeof server === 'object' && server !== null ? server : instance
    if (typeof fieldsOf(protocol)['connect'] !== 'function') {
      say(`${by} was given an object without connect(); expected a server or a client of an SDK; it is not observed`)
      return
    }
    const { around, telemetry } = protocolState()
    if (!telemetry.has(protocol)) telemetry.set(protocol, telemetryFor(options))
    if (protocol !== instance) {
      around.set(protocol, instance)
      wrapMcpServer(Object.getPrototypeOf(instance) as object)
    }
    wrapConnect(baseOf(Object.getPrototypeOf(protocol) as object))
    const { transport } = fieldsOf(protocol)
    if (typeof transport === 'object' && transport !== null) attach(protocol, transport)
  })
  return instance
}

/** Returns the prototype of the class from which servers and clients inherit `connect`. */
function baseOf(prototype: object): object {
  let base = prototype
  for (let owner: object | null = prototype; owner !== null; owner = Object.getPrototypeOf(owner) as object | null) {
    if (Object.hasOwn(owner, 'connect')) base = owner
  }
  return base
}

function wrapConnect(prototype: object): void {
  if (!isFirst(prototype)) return
  wrapMethod(
    prototype,
    'connect',
    (connect) =>
      function (transport, ...rest) {
        guarded('a connection', () => {
          announceConnecting(this as object, transport)
          prepare(this as object, transport)
        })
        return Reflect.apply(connect, this, [transport, ...rest])
      },
  )
}

/** `McpServer` names the tools, and makes an answer of what they throw. */
function wrapMcpServer(prototype: object): void {
  if (!isFirst(prototype)) return
  wrapMethod(
    prototype,
    'connect',
    (connect) =>
      function (...args) {
        guarded('a server', () => adopt(this as object, prototype))
        return Reflect.apply(connect, this, args)
      },
  )
  wrapMethod(
    prototype,
    'executeToolHandler',
    (execute) =>
      function (...args) {
        return following(execute, this, args, (error) => report(this as object, args[2], error))
      },
  )
}

function adopt(server: object, prototype: object): void {
  const { around, telemetry } = protocolState()
  const { server: protocol } = fieldsOf(server)
  if (typeof protocol !== 'object' || protocol === null) return
  around.set(protocol, server)
  const given = telemetry.get(prototype)
  if (given !== undefined && !telemetry.has(protocol)) telemetry.set(protocol, given)
  wrapConnect(baseOf(Object.getPrototypeOf(protocol) as object))
}

function report(server: object, extra: unknown, error: unknown): void {
  const { mcpReq, requestId } = fieldsOf(extra)
  const { server: protocol } = fieldsOf(server)
  protocolState()
    .carriers.get(protocol as object)
    ?.connection?.threw(requestId ?? fieldsOf(mcpReq)['id'], error)
}

function isFirst(prototype: object): boolean {
  const { wrapped } = protocolState()
  if (wrapped.has(prototype)) return false
  wrapped.add(prototype)
  return true
}
