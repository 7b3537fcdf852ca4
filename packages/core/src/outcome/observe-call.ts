import { types } from 'node:util'

import { context } from '@opentelemetry/api'
import type { Context } from '@opentelemetry/api'

import { observeGenerator } from './observe-generator.ts'
import { observePromise } from './observe-promise.ts'
import { observeThenable, thenOf } from './observe-thenable.ts'
import type { Outcome } from './outcome.ts'

/** Is told how a call ended; it may be told more than once, and must not throw. */
export type Settled = (outcome: Outcome) => void

/**
 * Makes a call within a context and tells how it ended; the caller gets its result or its error as without us.
 *
 * A native promise is followed by one that settles the same way one microtask later: a handler on the original would
 * keep the process from noticing that nobody handles its rejection. Subclasses of `Promise`, other thenables and
 * generators are returned themselves. Anything else has ended when it is returned.
 */
export function observeCall<T>(call: () => T, within: Context, settled: Settled): T {
  let result: T
  try {
    result = context.with(within, call)
  } catch (error) {
    settled({ error })
    throw error
  }
  return observeResult(result, within, settled)
}

function observeResult<T>(result: T, within: Context, settled: Settled): T {
  if ((typeof result === 'object' && result !== null) || typeof result === 'function') {
    if (types.isGeneratorObject(result)) return observeGenerator(result, within, settled) as T
    const then = thenOf(result)
    if (then !== undefined) {
      return (
        isPlainPromise(result) ? observePromise(result, settled) : observeThenable(result, then, within, settled)
      ) as T
    }
  }
  settled({ result })
  return result
}

/** Is `await` free to bypass this promise's `then`? */
function isPlainPromise(value: object): value is Promise<unknown> {
  return types.isPromise(value) && !Object.hasOwn(value, 'then') && value.constructor === Promise
}
