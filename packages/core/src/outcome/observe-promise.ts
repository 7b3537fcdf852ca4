import type { Settled } from './observe-call.ts'

/** Returns a promise that settles as the given one, which it follows, and has its own properties. */
export function observePromise<T>(promise: Promise<T>, settled: Settled): Promise<T> {
  const follower = promise.then(
    (result) => {
      settled({ result })
      return result
    },
    (error: unknown) => {
      settled({ error })
      throw error
    },
  )
  for (const key of Reflect.ownKeys(promise)) {
    Object.defineProperty<object>(follower, key, Object.getOwnPropertyDescriptor(promise, key) ?? {})
  }
  return follower
}
