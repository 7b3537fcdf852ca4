import { AsyncLocalStorage, AsyncResource } from 'node:async_hooks'

import { CALL_IN_CONTEXT, ENTER_CONTEXT } from '@mcp/otel-core'
import type { Context, ContextManager } from '@opentelemetry/api'

import { sdkPackages } from '../sdk-packages.ts'

/** Creates the stock context manager; where Node ends what is active with each call of its own, it can be entered as well. */
export function createContextManager(): ContextManager {
  const manager = new sdkPackages.asyncHooks.AsyncLocalStorageContextManager()
  const { _asyncLocalStorage: storage } = manager as unknown as { _asyncLocalStorage?: AsyncLocalStorage<Context> }
  if (storage === undefined || !endsWithCall()) return manager
  const call = (context: Context, method: Method, receiver: unknown, args: unknown[]): unknown => {
    storage.enterWith(context)
    return Reflect.apply(method, receiver, args)
  }
  return Object.assign(manager, {
    [ENTER_CONTEXT]: (context: Context) => storage.enterWith(context),
    [CALL_IN_CONTEXT]: (context: Context, method: Method, receiver: unknown, args: unknown[]) =>
      new AsyncResource('McpOtelContext').runInAsyncScope(call, undefined, context, method, receiver, args),
  })
}

type Method = (this: unknown, ...args: unknown[]) => unknown

/**
 * Whether Node puts back what was active when a call of its own has ended. From version 24 on it does; before, and by
 * choice still, what is entered stays with the resource of the call, which a connection has one of for all its requests.
 */
function endsWithCall(): boolean {
  const storage = new AsyncLocalStorage<boolean>()
  const call = new AsyncResource('endsWithCall')
  call.runInAsyncScope(() => storage.enterWith(true))
  const stays = call.runInAsyncScope(() => storage.getStore() === true)
  storage.disable()
  return !stays
}
