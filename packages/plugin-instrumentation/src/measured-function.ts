import { observeCall } from '@mcp/otel-core'

import { startExecution } from './execution.ts'
import type { CommandName, ExecutionOptions } from './execution.ts'

// The parameters and the result of a command are its author's business.
// oxlint-disable-next-line typescript/no-explicit-any
export type AnyFunction = (this: any, ...args: any[]) => unknown

/** Options of every call; the parent of each execution is the context that is active at the call. */
export type CallOptions = Omit<ExecutionOptions, 'context' | 'span' | 'signal'>

/** How the calls of a function are measured. */
export interface Measure {
  readonly options: CallOptions
  readonly nameOf: (args: readonly unknown[]) => CommandName
  /** Makes the call itself. */
  readonly call: (target: AnyFunction, receiver: unknown, args: unknown[]) => unknown
}

/** Returns a function that runs each call of another as an execution. */
export function measuredFunction<F extends AnyFunction>(target: F, { options, nameOf, call }: Measure): F {
  return new Proxy(target, {
    apply(_, receiver, args) {
      const execution = startExecution(nameOf(args), options)
      return observeCall(
        () => call(target, receiver, args),
        execution.context,
        (outcome) => execution.end(outcome),
      )
    },
  })
}
