import type { CollectionResult } from '../metric-data.ts'

/** Collects within a time limit; collections that are asked for while one is under way share it. */
export type Collect = (timeoutMs: number) => Promise<CollectionResult>

interface Flight {
  readonly result: Promise<CollectionResult>
  readonly until: number
}

/**
 * Creates what collects for several scrapes at once. It rejects when the limit has passed, whether or not the collection
 * ever ends; one that is over its limit is shared no more.
 */
export function createCollection(collect: Collect): Collect {
  let flight: Flight | undefined
  const takeOff = (timeoutMs: number): Flight => {
    const started: Flight = { result: attempt(collect, timeoutMs), until: performance.now() + timeoutMs }
    const land = (): void => {
      if (flight === started) flight = undefined
    }
    started.result.then(land, land)
    return started
  }
  return (timeoutMs) => {
    if (flight === undefined || performance.now() >= flight.until) flight = takeOff(timeoutMs)
    return withinLimit(flight.result, timeoutMs)
  }
}

async function attempt(collect: Collect, timeoutMs: number): Promise<CollectionResult> {
  return collect(timeoutMs)
}

function withinLimit<T>(promise: Promise<T>, timeoutMs: number): Promise<T> {
  return new Promise((resolve, reject) => {
    const expire = (): void => reject(new Error(`collection took longer than its limit of ${timeoutMs} ms`))
    const timer = setTimeout(expire, timeoutMs)
    const settle = (): void => clearTimeout(timer)
    promise.then(resolve, reject).finally(settle)
  })
}
