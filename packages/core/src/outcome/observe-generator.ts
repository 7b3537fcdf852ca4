import { context } from '@opentelemetry/api'
import type { Context } from '@opentelemetry/api'

import { processWide } from '../process-wide.ts'
import type { Settled } from './observe-call.ts'
import { overlay } from './overlay.ts'

type Method = (this: unknown, ...args: unknown[]) => unknown

const METHODS = ['next', 'return', 'throw'] as const

/**
 * Reports when a generator, synchronous or asynchronous, has returned, thrown, or been left early (`cancelled`, also
 * when it is dropped half-way and collected). Each of its steps runs within the context. Returns the same object.
 */
export function observeGenerator<T extends object>(generator: T, within: Context, settled: Settled): T {
  const collected = processWide('collected-generators', createRegistry)
  const finish: Settled = (outcome) => {
    collected.unregister(generator)
    restore?.()
    settled(outcome)
  }
  const isAsync = Symbol.asyncIterator in generator
  const methods = new Map<string, Method>()
  for (const name of METHODS) {
    const original = (generator as Record<string, unknown>)[name]
    if (typeof original !== 'function') continue
    const advanced = (result: unknown): void => {
      const { done, value } = result as IteratorResult<unknown>
      if (done === true) finish(name === 'return' ? { status: 'cancelled' } : { result: value })
    }
    methods.set(name, function (...args) {
      const call = (): unknown => Reflect.apply(original, this, args)
      return isAsync ? stepAsync(call, within, advanced, finish) : step(call, within, advanced, finish)
    })
  }
  const restore = overlay(generator, methods)
  if (restore === undefined) settled({ result: generator })
  else collected.register(generator, settled, generator)
  return generator
}

function step(call: () => unknown, within: Context, advanced: (result: unknown) => void, finish: Settled): unknown {
  try {
    const result = context.with(within, call)
    advanced(result)
    return result
  } catch (error) {
    finish({ error })
    throw error
  }
}

function stepAsync(
  call: () => unknown,
  within: Context,
  advanced: (result: unknown) => void,
  finish: Settled,
): unknown {
  return (context.with(within, call) as Promise<unknown>).then(
    (result) => {
      advanced(result)
      return result
    },
    (error: unknown) => {
      finish({ error })
      throw error
    },
  )
}

function createRegistry(): FinalizationRegistry<Settled> {
  return new FinalizationRegistry<Settled>((settled) => settled({ status: 'cancelled' }))
}
