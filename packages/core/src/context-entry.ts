import { ROOT_CONTEXT } from '@opentelemetry/api'
import type { Context, ContextManager } from '@opentelemetry/api'

/**
 * Under this name a context manager has what makes a context active without a way back: for code that Node calls, since
 * Node itself puts back what was active before. To leave a context costs more than to enter it.
 */
export const ENTER_CONTEXT: unique symbol = Symbol.for('@mcp/otel/enter-context') as never

/**
 * Under this name a context manager has what calls a function in a context, and puts back what was active before as it was: to
 * be used where the function sets nothing that is to last.
 */
export const CALL_IN_CONTEXT: unique symbol = Symbol.for('@mcp/otel/call-in-context') as never

type Call = (this: unknown, ...args: unknown[]) => unknown

const API_GLOBAL = Symbol.for('opentelemetry.js.api.1')

interface Api {
  readonly context?: ContextManager & {
    [ENTER_CONTEXT]?(context: Context): void
    [CALL_IN_CONTEXT]?(context: Context, call: Call, receiver: unknown, args: unknown[]): unknown
  }
}

/** Returns the active context, without what the API does each time besides: to look whether two copies of it fit together. */
export function activeContext(): Context {
  return contextManager()?.active() ?? ROOT_CONTEXT
}

/** Makes a context active for the rest of what Node calls now; returns whether the context manager in use can. */
export function enterContext(context: Context): boolean {
  const manager = contextManager()
  const enter = manager?.[ENTER_CONTEXT]
  if (enter === undefined) return false
  enter(context)
  return true
}

/** Makes a call in a context, which costs something only where that is not active already. */
export function callInContext(context: Context, call: Call, receiver: unknown, args: unknown[]): unknown {
  const manager = contextManager()
  if (manager === undefined || manager.active() === context) return Reflect.apply(call, receiver, args)
  const callIn = manager[CALL_IN_CONTEXT]
  return callIn === undefined
    ? manager.with(context, () => Reflect.apply(call, receiver, args))
    : callIn(context, call, receiver, args)
}

function contextManager(): Api['context'] {
  return (globalThis as { [API_GLOBAL]?: Api })[API_GLOBAL]?.context
}
