import { context } from '@opentelemetry/api'
import type { Context } from '@opentelemetry/api'

import type { Settled } from './observe-call.ts'
import { overlay } from './overlay.ts'

type Then = (this: unknown, ...handlers: unknown[]) => unknown

/** Returns the `then` of a thenable. */
export function thenOf(value: object): Then | undefined {
  try {
    const { then } = value as { then?: unknown }
    return typeof then === 'function' ? (then as Then) : undefined
  } catch {
    // A getter of the application's threw: for `await`, too, this is a rejection and not a value.
    return undefined
  }
}

/**
 * Reports how a thenable settles, from the handlers that its users give it: a lazy one (a query) must not be set off by
 * us. Returns the same object.
 */
export function observeThenable<T extends object>(thenable: T, then: Then, within: Context, settled: Settled): T {
  const observed: Then = function (onFulfilled, onRejected, ...more) {
    const caller = context.active()
    const fulfilled = (result: unknown, ...rest: unknown[]): unknown => {
      finish({ result })
      return typeof onFulfilled === 'function'
        ? context.with(caller, () => Reflect.apply(onFulfilled, undefined, [result, ...rest]))
        : result
    }
    const rejected = (error: unknown, ...rest: unknown[]): unknown => {
      finish({ error })
      if (typeof onRejected !== 'function') throw error
      return context.with(caller, () => Reflect.apply(onRejected, undefined, [error, ...rest]))
    }
    return context.with(within, () => Reflect.apply(then, this, [fulfilled, rejected, ...more]))
  }
  const methods = new Map<string, unknown>([['then', observed]])
  // Methods that an object brings itself need not go through its `then`; Promise's own do.
  for (const name of ['catch', 'finally'] as const) {
    if (Object.hasOwn(thenable, name)) methods.set(name, Promise.prototype[name])
  }
  const restore = overlay(thenable, methods)
  if (restore === undefined) settled({ result: thenable })
  const finish: Settled = (outcome) => {
    settled(outcome)
    restore?.()
  }
  return thenable
}
