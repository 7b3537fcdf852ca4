import { ROOT_CONTEXT } from '@opentelemetry/api'
import type { Context } from '@opentelemetry/api'

/**
 * Under this name a context manager has what makes a context active without a way back: for code that Node calls, since
 * Node itself puts back what was active before. To leave a context costs more than to enter it.
 */
export const ENTER_CONTEXT: unique symbol = Symbol.for('@mcp/otel/enter-context') as never

const API_GLOBAL = Symbol.for('opentelemetry.js.api.1')

interface Api {
  readonly context?: { active(): Context; [ENTER_CONTEXT]?(context: Context): void }
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

function contextManager(): Api['context'] {
  return (globalThis as { [API_GLOBAL]?: Api })[API_GLOBAL]?.context
}
