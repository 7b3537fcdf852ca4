import type { EngineOptions } from './engines/engine.ts'
import { queueEngines } from './engines/queue-engines.ts'
import { measureQueue } from './measure-queue.ts'
import type { InstrumentedQueue } from './measure-queue.ts'
import type { QueueOptions } from './queue-options.ts'
import { queueRegistry } from './queue-registry.ts'

/** Measures a queue by what it tells: its size, waits, run times, oldest job and outcomes, and the trace of each job. */
export function instrumentQueue(options: QueueOptions): InstrumentedQueue
/**
 * Measures the queue of a library that is known (see `queueEngines`), or a worker or producer of its, and returns it: it works
 * as before, and its jobs are measured from now on. One that is not known is returned as it is, and said on stderr.
 */
export function instrumentQueue<Q extends object>(queue: Q, options?: EngineOptions): Q
export function instrumentQueue(given: QueueOptions | object, options: EngineOptions = {}): unknown {
  const isObject = typeof given === 'function' || (typeof given === 'object' && given !== null)
  const engine = isObject ? queueEngines.find(({ recognises }) => recognises(given)) : undefined
  if (engine !== undefined) {
    return engine.instrument(given, options) ?? given
  }
  if (isObject && isPlain(given)) return measureQueue(given as QueueOptions)
  const known = queueEngines.map(({ name }) => name).join(', ')
  const what = isObject ? `a ${given.constructor?.name ?? 'value'}` : String(given)
  queueRegistry(options.meterProvider).say(
    `instrumentQueue was given ${what}; expected options, or a queue of ${known}; it is not measured`,
  )
  return given
}

/** Options are an object literal; queues are instances or functions. */
function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value)
  return typeof value === 'object' && (prototype === null || prototype === Object.prototype)
}
