import { observeCall } from '@mcp/otel-core'

import { startExecution } from './execution.ts'
import type { CommandName, Execution, ExecutionOptions } from './execution.ts'

/**
 * Runs a function as one execution, within its context, and returns what it returns; the execution ends with it:
 * when it returns or throws, when its promise settles, when its generator is done.
 */
export function withExecution<T>(
  name: CommandName,
  fn: (execution: Execution) => T,
  options: ExecutionOptions = {},
): T {
  const execution = startExecution(name, options)
  return observeCall(
    () => fn(execution),
    execution.context,
    (outcome) => execution.end(outcome),
  )
}
