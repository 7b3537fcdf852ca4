import { overlay } from '@mcp/otel-core'

import { fieldsOf } from './message.ts'
import type { Carrier } from './protocol-state.ts'
import { complain, guarded } from './telemetry.ts'
import type { AnyMethod } from './wrap-method.ts'

/** Lets a server or client report what its handlers throw, and when it gives a sent request up. */
export function observeHandlers(protocol: object, owner: object | undefined, carrier: Carrier): void {
  observeRegistry(protocol, owner, carrier)
  observeClocks(protocol, carrier)
}

/** An answer tells no class and no stack, so each handler is followed as it is taken from the registry. */
function observeRegistry(protocol: object, owner: object | undefined, carrier: Carrier): void {
  const { _requestHandlers: registry } = fieldsOf(protocol)
  if (!(registry instanceof Map)) return
  // An `McpServer` keeps what a tool throws from its handler, so the tool itself is followed.
  const followsTools = typeof fieldsOf(owner)['executeToolHandler'] === 'function'
  const followed = new Map<unknown, { readonly handler: unknown; readonly follower: AnyMethod }>()
  const get = (method: unknown): unknown => {
    const handler: unknown = Map.prototype.get.call(registry, method)
    if (typeof handler !== 'function' || (followsTools && method === 'tools/call')) return handler
    const known = followed.get(method)
    if (known?.handler === handler) return known.follower
    const follower = follow(handler as AnyMethod, carrier)
    followed.set(method, { handler, follower })
    return follower
  }
  overlay(registry, new Map([['get', get]]))
}

function follow(handler: AnyMethod, carrier: Carrier): AnyMethod {
  return function (...args) {
    return following(handler, this, args, (error) => carrier.connection?.threw(fieldsOf(args[0])['id'], error))
  }
}

/** Makes a call and tells what it throws, at once or later; its caller gets the same. */
export function following(
  method: AnyMethod,
  receiver: unknown,
  args: unknown[],
  threw: (error: unknown) => void,
): unknown {
  const told = (error: unknown): void => guarded('an error', () => threw(error))
  try {
    const result = Reflect.apply(method, receiver, args)
    // The protocol handles the rejection of the promise itself, which stays the one it was.
    if (result instanceof Promise) result.then(undefined, told)
    return result
  } catch (error) {
    told(error)
    throw error
  }
}

/** The SDK tells nobody that a request has timed out or was aborted, but for its own clocks. */
function observeClocks(protocol: object, carrier: Carrier): void {
  const { _cleanupTimeout: cleanup, _setupTimeout: setup, _timeoutInfo: clocks } = fieldsOf(protocol)
  if (typeof setup !== 'function' || typeof cleanup !== 'function') return
  const own = setup as AnyMethod
  const observedSetup: AnyMethod = function (id, timeout, maxTotal, onTimeout, ...rest) {
    if (typeof onTimeout !== 'function') return own.call(this, id, timeout, maxTotal, onTimeout, ...rest)
    const observed = (): unknown => {
      guarded('a timeout', () => carrier.connection?.ranOut(id))
      return Reflect.apply(onTimeout, undefined, [])
    }
    return own.call(this, id, timeout, maxTotal, observed, ...rest)
  }
  const observedCleanup: AnyMethod = function (...args) {
    const [id] = args
    try {
      carrier.connection?.released(id, clocks instanceof Map && !clocks.has(id))
    } catch (error) {
      complain('the end of a request', error)
    }
    return Reflect.apply(cleanup, this, args)
  }
  overlay(
    protocol,
    new Map([
      ['_setupTimeout', observedSetup],
      ['_cleanupTimeout', observedCleanup],
    ]),
  )
}
