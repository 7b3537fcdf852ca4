import { AsyncLocalStorage, AsyncResource } from 'node:async_hooks'

import { ENTER_CONTEXT } from '@mcp/otel-core'
import type { Context, ContextManager } from '@opentelemetry/api'

import { sdkPackages } from '../sdk-packages.ts'

/** Creates the stock context manager; where Node ends what is active with each call of its own, it can be entered as well. */
export function createContextManager(): ContextManager {
  const manager = new sdkPackages.asyncHooks.AsyncLocalStorageContextManager()
  const { _asyncLocalStorage: storage } = manager as unknown as { _asyncLocalStorage?: AsyncLocalStorage<Context> }
  if (storage === undefined || !endsWithCall()) return manager
  return Object.assign(manager, { [ENTER_CONTEXT]: (context: Context) => storage.enterWith(context) })
}

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
