import { fieldsOf } from './message.ts'
import { protocolState } from './protocol-state.ts'

/** What a transport calls, and its owner sets before it starts. */
export interface TransportCallbacks {
  onmessage?: unknown
  onclose?: unknown
}

const NAMES = ['onmessage', 'onclose'] as const

/**
 * Remembers from now on what is set as callbacks of a transport that tells nobody: one around another transport often
 * has setters alone, which pass them on.
 */
export function rememberCallbacks(transport: object): void {
  const { callbacks } = protocolState()
  if (callbacks.has(transport)) return
  for (const name of NAMES) {
    const setter = loneSetter(transport, name)
    if (setter === undefined) continue
    const set = function (this: unknown, callback: unknown): void {
      if (this === transport) kept[name] = callback
      Reflect.apply(setter, this, [callback])
    }
    const kept = callbacks.get(transport) ?? {}
    // Still without a getter: who reads it before setting another would have both called.
    if (Reflect.defineProperty(transport, name, { set, configurable: true, enumerable: false }))
      callbacks.set(transport, kept)
  }
}

/** Returns the callbacks of a transport; undefined when they have been set, if at all, where nobody can read them. */
export function callbacksOf(transport: object): TransportCallbacks | undefined {
  const { onclose, onmessage } = fieldsOf(transport)
  const callbacks: TransportCallbacks = { onclose, onmessage, ...protocolState().callbacks.get(transport) }
  const isHidden = NAMES.some((name) => callbacks[name] === undefined && loneSetter(transport, name) !== undefined)
  return isHidden ? undefined : callbacks
}

function loneSetter(of: object, name: string): ((callback: unknown) => void) | undefined {
  if (!(name in of)) return undefined
  for (let owner: object | null = of; owner !== null; owner = Object.getPrototypeOf(owner) as object | null) {
    const property = Reflect.getOwnPropertyDescriptor(owner, name)
    if (property !== undefined) return property.get === undefined ? property.set : undefined
  }
  return undefined
}
