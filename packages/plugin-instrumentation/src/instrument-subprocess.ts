import type { ChildProcess } from 'node:child_process'

import { startExecution } from './execution.ts'
import type { CommandName, ExecutionOptions } from './execution.ts'
import { observeSubprocess } from './observe-subprocess.ts'

export interface SubprocessOptions extends CommandName, Omit<ExecutionOptions, 'statusOf'> {
  /** Time limit in milliseconds that was given to `spawn`, `exec` or `execFile`, to tell its stop from the caller's. */
  readonly timeout?: number | undefined
}

/**
 * Measures a subprocess that was just started as one execution, from now to its exit, and returns it. Status:
 * `success` for exit code 0; `timeout` when its time limit or a signal's (`AbortSignal.timeout`) stopped it;
 * `cancelled` when an `AbortSignal` or a `kill()` did; `error` for any other code, a signal from elsewhere, and a
 * program that cannot be started.
 */
export function instrumentSubprocess<C extends ChildProcess>(child: C, options: SubprocessOptions): C {
  const { timeout, ...execution } = options
  const { end } = startExecution(options, execution)
  observeSubprocess(child, { timeout, signal: options.signal }, end)
  return child
}
