import { overlay } from '@mcp/otel-core'

import { fieldsOf } from './message.ts'
import { protocolState } from './protocol-state.ts'
import { guarded } from './telemetry.ts'
import type { AnyMethod } from './wrap-method.ts'

/** Lets a server or client report what its handlers throw, and when it gives a sent request up. */
export function observeHandlers(protocol: object): void {
  const { reporting } = protocolState()
  if (reporting.has(protocol)) return
  reporting.add(protocol)
  observeRegistry(protocol)
  observeClocks(protocol)
}

/** An answer tells no class and no stack, so each handler is followed as it is taken from the registry. */
function observeRegistry(protocol: object): void {
  const { _requestHandlers: registry } = fieldsOf(protocol)
  if (!(registry instanceof Map)) return
  const followed = new WeakMap<AnyMethod, AnyMethod>()
  const get = (method: unknown): unknown => {
    const handler: unknown = Map.prototype.get.call(registry, method)
    if (typeof handler !== 'function') return handler
    const known = followed.get(handler as AnyMethod)
    if (known !== undefined) return known
    const follower = follow(handler as AnyMethod, protocol)
    followed.set(handler as AnyMethod, follower)
    return follower
  }
  overlay(registry, new Map([['get', get]]))
}

function follow(handler: AnyMethod, protocol: object): AnyMethod {
  return function (request, ...rest) {
    const threw = (error: unknown): void =>
      guarded('an error', () => protocolState().ofProtocol.get(protocol)?.threw(fieldsOf(request)['id'], error))
    return following(() => Reflect.apply(handler, this, [request, ...rest]), threw)
  }
}

/** Makes a call and tells what it throws, at once or later; its caller gets the same. */
export function following(call: () => unknown, threw: (error: unknown) => void): unknown {
  try {
    const result = call()
    // The protocol handles the rejection of the promise itself, which stays the one it was.
    if (result instanceof Promise) result.then(undefined, threw)
    return result
  } catch (error) {
    threw(error)
    throw error
  }
}

/** The SDK tells nobody that a request has timed out or was aborted, but for its own clocks. */
function observeClocks(protocol: object): void {
  const { _cleanupTimeout: cleanup, _setupTimeout: setup, _timeoutInfo: clocks } = fieldsOf(protocol)
  if (typeof setup !== 'function' || typeof cleanup !== 'function') return
  const connection = () => protocolState().ofProtocol.get(protocol)
  const observedSetup: AnyMethod = function (id, timeout, total, onTimeout, ...rest) {
    const observed =
      typeof onTimeout !== 'function'
        ? onTimeout
        : (...args: unknown[]): unknown => {
            guarded('a timeout', () => connection()?.ranOut(id))
            return Reflect.apply(onTimeout, undefined, args)
          }
    return Reflect.apply(setup, this, [id, timeout, total, observed, ...rest])
  }
  const observedCleanup: AnyMethod = function (id, ...rest) {
    const isGone = clocks instanceof Map && !clocks.has(id)
    guarded('the end of a request', () => connection()?.released(id, isGone))
    return Reflect.apply(cleanup, this, [id, ...rest])
  }
  overlay(
    protocol,
    new Map([
      ['_setupTimeout', observedSetup],
      ['_cleanupTimeout', observedCleanup],
    ]),
  )
}
