import { AsyncLocalStorage } from 'node:async_hooks'
import { setTimeout } from 'node:timers/promises'

import { callInContext } from '@mcp/otel-core'
import { context, createContextKey, ROOT_CONTEXT } from '@opentelemetry/api'
import type { ContextManager } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { afterEach, describe, expect, test } from 'vitest'

import { createContextManager } from '../src/sdk/context-manager.ts'

const KEY = createContextKey('test')
const [outer, inner] = [ROOT_CONTEXT.setValue(KEY, 'outer'), ROOT_CONTEXT.setValue(KEY, 'inner')]
const active = (): unknown => context.active().getValue(KEY)

afterEach(() => context.disable())

const managers: Record<string, () => ContextManager> = {
  ours: createContextManager,
  'the stock one': () => new AsyncLocalStorageContextManager(),
}

describe.each(Object.keys(managers))('a call in a context, under %s', (name) => {
  const register = () => context.setGlobalContextManager(managers[name]!().enable())

  test('gets its receiver and arguments, and returns or throws what it does', () => {
    register()
    const seen = function (this: unknown, ...args: unknown[]): unknown {
      return [this, args, active()]
    }
    expect(callInContext(outer, seen, 'receiver', [1, 2])).toEqual(['receiver', [1, 2], 'outer'])
    const error = new Error('of the app')
    const fails = (): never => {
      throw error
    }
    expect(() => callInContext(outer, fails, undefined, [])).toThrow(error)
    expect(active()).toBeUndefined()
  })

  test('takes its context along, and leaves the one that was active and what other storages have', async () => {
    register()
    const other = new AsyncLocalStorage<string>()
    const see = () => [active(), other.getStore()]
    const later: Promise<unknown[]>[] = []
    const seen = other.run('theirs', () =>
      callInContext(
        outer,
        () => {
          later.push(setTimeout(1).then(see))
          const within = callInContext(inner, see, undefined, [])
          later.push(setTimeout(1).then(see))
          return [see(), within, callInContext(outer, see, undefined, [])]
        },
        undefined,
        [],
      ),
    )
    expect(seen).toEqual([
      ['outer', 'theirs'],
      ['inner', 'theirs'],
      ['outer', 'theirs'],
    ])
    expect(see()).toEqual([undefined, undefined])
    expect(await Promise.all(later)).toEqual([
      ['outer', 'theirs'],
      ['outer', 'theirs'],
    ])
  })
})

test('a call in a context is a plain call where nothing manages contexts', () => {
  expect(callInContext(outer, (given) => [given, active()], undefined, ['given'])).toEqual(['given', undefined])
})
