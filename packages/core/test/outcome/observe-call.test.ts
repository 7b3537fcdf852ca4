import { ROOT_CONTEXT, context, createContextKey } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import * as fc from 'fast-check'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'

import { observeCall, outcomeStatus } from '../../src/index.ts'
import type { Outcome } from '../../src/index.ts'
import { play, program } from './random-program.ts'
import type { Around } from './random-program.ts'

const KEY = createContextKey('within')
const within = ROOT_CONTEXT.setValue(KEY, 'the call')
const seen = (): unknown => context.active().getValue(KEY)

beforeAll(() => {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
})
afterAll(() => {
  context.disable()
})

let outcomes: Outcome[]
beforeEach(() => {
  outcomes = []
})
const observe = <T>(call: () => T): T => observeCall(call, within, (outcome) => outcomes.push(outcome))

const microtask = (): Promise<void> => Promise.resolve()

async function work(): Promise<void> {
  await microtask()
  await microtask()
}

/** Microtasks until a promise has settled. */
async function ticksOf(promise: Promise<unknown>): Promise<number> {
  const state = { isSettled: false, ticks: 0 }
  void promise.then(() => (state.isSettled = true))
  for (; !state.isSettled; state.ticks += 1) await microtask()
  return state.ticks
}

async function innermost(): Promise<never> {
  await microtask()
  throw new Error('deep')
}

async function theCaller(): Promise<void> {
  await observeCall(innermost, within, () => {})
}

function* count(): Generator<unknown, string, unknown> {
  const got = yield seen()
  yield got
  return 'all'
}

function* stubborn(): Generator<number> {
  try {
    yield 1
  } finally {
    yield 2
  }
}

test('a synchronous call has ended when it returns, and runs within the context', () => {
  const result = {}
  expect(observe(() => [result, seen()])).toEqual([result, 'the call'])
  expect(outcomes).toHaveLength(1)
  expect(seen()).toBeUndefined()
})

test('an error that is thrown is the same object for the caller and for us', () => {
  const error = new RangeError('x')
  expect(() =>
    observe(() => {
      throw error
    }),
  ).toThrow(error)
  expect(outcomes).toEqual([{ error }])
})

test('what is thrown may be undefined', () => {
  let caught: unknown = 'nothing'
  try {
    observe(() => {
      // oxlint-disable-next-line typescript/only-throw-error
      throw undefined
    })
  } catch (error) {
    caught = error
  }
  expect(caught).toBeUndefined()
  expect(outcomes).toEqual([{ error: undefined }])
  expect(outcomes.map(outcomeStatus)).toEqual(['error'])
})

describe('promises', () => {
  test('end when they settle, with the same value or error', async () => {
    const value = {}
    const promise = observe(async () => {
      await microtask()
      return [value, seen()]
    })
    expect(outcomes).toEqual([])
    const [result, where] = await promise
    expect(result).toBe(value)
    expect(where).toBe('the call')
    const error = new Error('x')
    await expect(observe(() => Promise.reject(error))).rejects.toBe(error)
    expect(outcomes).toEqual([{ result: [value, 'the call'] }, { error }])
  })

  test('keep what was added to them', async () => {
    const promise = observe(() => Object.assign(Promise.resolve(1), { cancel: seen }))
    expect(promise.cancel).toBe(seen)
    expect(await promise).toBe(1)
    expect(outcomes).toEqual([{ result: 1 }])
  })

  test('settle one microtask later, no more', async () => {
    expect(await ticksOf(observe(work))).toBe((await ticksOf(work())) + 1)
  })

  test('show the asynchronous callers in the stack of their error', async () => {
    const error = await theCaller().catch((caught: unknown) => caught as Error)
    expect(error?.stack).toMatch(/innermost[^]*theCaller/)
  })
})

describe('thenables', () => {
  class Query {
    runs = 0
    // oxlint-disable-next-line unicorn/no-thenable
    then(onFulfilled?: (rows: unknown) => unknown, onRejected?: (error: unknown) => unknown): Promise<unknown> {
      this.runs += 1
      return Promise.resolve([seen()]).then(onFulfilled, onRejected)
    }
  }

  test('that are lazy are the same object, run when awaited and no sooner or oftener, and within the context', async () => {
    const query = new Query()
    const observed = observe(() => query)
    expect(observed).toBe(query)
    expect(query.runs).toBe(0)
    expect(outcomes).toEqual([])
    expect(await observed).toEqual(['the call'])
    expect(query.runs).toBe(1)
    expect(outcomes).toEqual([{ result: ['the call'] }])
    expect(Object.keys(query)).toEqual(['runs'])
    expect(Object.getOwnPropertyNames(query)).toEqual(['runs'])
  })

  test('give their handlers the context of those who gave them', async () => {
    await context.with(ROOT_CONTEXT.setValue(KEY, 'the caller'), () =>
      observe(() => new Query()).then(() => expect(seen()).toBe('the caller')),
    )
  })

  test('of a subclass of Promise keep their class, fields and handlers', async () => {
    class Cancelable<T> extends Promise<T> {
      #reason = 'none'
      get reason(): string {
        return this.#reason
      }
    }
    const error = new Error('x')
    const original = Cancelable.reject(error) as Cancelable<never>
    const observed = observe(() => original)
    expect(observed).toBe(original)
    expect(observed.reason).toBe('none')
    await expect(observed.finally(() => {})).rejects.toBe(error)
    expect(outcomes.length).toBeGreaterThan(0)
    for (const outcome of outcomes) expect(outcome).toEqual({ error })
  })

  test('with methods of their own end by any of them', async () => {
    for (const use of [
      (job: Promise<number>) => job.then((value) => value),
      (job: Promise<number>) => job.catch(() => 0),
      (job: Promise<number>) => job.finally(() => {}),
    ]) {
      outcomes = []
      const promise = Promise.resolve(7)
      const job = {
        // oxlint-disable-next-line unicorn/no-thenable
        then: promise.then.bind(promise),
        catch: promise.catch.bind(promise),
        finally: promise.finally.bind(promise),
      } as unknown as Promise<number>
      expect(await use(observe(() => job))).toBe(7)
      expect(outcomes).toEqual([{ result: 7 }])
    }
  })

  test('that are frozen have ended when they are returned', () => {
    // oxlint-disable-next-line unicorn/no-thenable
    const frozen = Object.freeze({ then: () => {} })
    expect(observe(() => frozen)).toBe(frozen)
    expect(outcomes).toEqual([{ result: frozen }])
  })

  test('whose `then` cannot be read are values', () => {
    // oxlint-disable-next-line unicorn/no-thenable
    const odd = Object.defineProperty({}, 'then', {
      get() {
        throw new Error('not for you')
      },
    })
    expect(observe(() => odd)).toBe(odd)
    expect(outcomes).toEqual([{ result: odd }])
  })
})

describe('generators', () => {
  test('end when they are exhausted, are the same object, and run each step within the context', () => {
    const generator = count()
    const observed = observe(() => generator)
    expect(observed).toBe(generator)
    expect(observed.next()).toEqual({ done: false, value: 'the call' })
    expect(observed.next('given')).toEqual({ done: false, value: 'given' })
    expect(outcomes).toEqual([])
    expect(observed.next()).toEqual({ done: true, value: 'all' })
    expect(outcomes).toEqual([{ result: 'all' }])
    expect(observed.next()).toEqual({ done: true, value: undefined })
    expect(outcomes).toHaveLength(1)
    expect(Object.getOwnPropertyNames(generator)).toEqual([])
  })

  test('are cancelled by a loop that is left early', () => {
    for (const value of observe(count)) {
      expect(value).toBe('the call')
      break
    }
    expect(outcomes).toEqual([{ status: 'cancelled' }])
  })

  test('that go on after `return` have not ended', () => {
    const observed = observe(stubborn)
    observed.next()
    expect(observed.return(undefined)).toEqual({ done: false, value: 2 })
    expect(outcomes).toEqual([])
    observed.next()
    expect(outcomes).toHaveLength(1)
  })

  test('end with the error that they throw, or that is thrown into them', () => {
    const error = new Error('x')
    const observed = observe(count)
    observed.next()
    expect(() => observed.throw(error)).toThrow(error)
    expect(outcomes).toEqual([{ error }])
  })

  test('that are asynchronous end when they are exhausted, left, or fail', async () => {
    const error = new Error('x')
    async function* lines(fails: boolean): AsyncGenerator {
      await microtask()
      yield seen()
      if (fails) throw error
    }
    const values = []
    for await (const value of observe(() => lines(false))) values.push(value)
    expect(values).toEqual(['the call'])
    expect(outcomes).toEqual([{ result: undefined }])
    for await (const _ of observe(() => lines(false))) break
    expect(outcomes.at(-1)).toEqual({ status: 'cancelled' })
    const failing = observe(() => lines(true))
    await failing.next()
    await expect(failing.next()).rejects.toBe(error)
    expect(outcomes.at(-1)).toEqual({ error })
    expect(outcomes).toHaveLength(3)
  })

  test('that are dropped half-way are cancelled when they are collected', async () => {
    const { setFlagsFromString } = await import('node:v8')
    const { runInNewContext } = await import('node:vm')
    setFlagsFromString('--expose-gc')
    const collect = runInNewContext('gc') as () => void
    const ended = new Promise<Outcome>((resolve) => {
      observeCall(count, within, resolve).next()
    })
    const timer = setInterval(collect, 5)
    try {
      expect(await ended).toEqual({ status: 'cancelled' })
    } finally {
      clearInterval(timer)
    }
  })
})

test('whatever calls do side by side, they do and give it as without us, in the same order', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(program, { minLength: 1, maxLength: 5 }), async (programs) => {
      // Asynchronous generators hand each step over by a promise, so among others their turns may shift by a microtask.
      const steady = programs.filter(({ kind }) => kind !== 'asyncGenerator')
      const ends: unknown[] = []
      const observed: Around = (call) => {
        const index = ends.push(undefined) - 1
        return observeCall(call, within, (outcome) => (ends[index] ??= outcome))
      }
      const bare = await play(steady, (call) => call())
      expect(await play(steady, observed)).toEqual(bare)
      expect(ends).toHaveLength(steady.length)
      for (const [index, { fails }] of steady.entries()) expect(ends[index]).toHaveProperty(fails ? 'error' : 'result')
      for (const each of programs) {
        expect(await play([each], (call) => observeCall(call, within, () => {}))).toEqual(
          await play([each], (call) => call()),
        )
      }
    }),
  )
})
