import { channel } from 'node:diagnostics_channel'

import { errorType } from '@mcp/otel-core'
import type { OutcomeStatus } from '@mcp/otel-core'
import { context, diag } from '@opentelemetry/api'
import type { Context } from '@opentelemetry/api'

/** Name of the `node:diagnostics_channel` on which each execution that ends is published as a `PluginExecution`. */
export const EXECUTION_CHANNEL = 'mcp.plugin.execution'

/** One execution that has ended. Its shape is part of the public contract. */
export interface PluginExecution {
  readonly plugin: string
  readonly command: string
  readonly status: OutcomeStatus
  readonly durationMs: number
  /** Class of the error, as the label `type` of `mcp_errors_total`; only for `error` and `timeout`. */
  readonly errorType?: string
  /** What was thrown, the same object that the caller got; present only if something was. */
  readonly error?: unknown
  /** The execution's own context: its span, and the baggage of its caller. */
  readonly context: Context
}

const executions = channel(EXECUTION_CHANNEL)

/** Does anybody listen? */
export function isPublished(): boolean {
  return executions.hasSubscribers
}

/** Publishes an execution. */
export function publishExecution(execution: PluginExecution): void {
  executions.publish(execution)
}

/**
 * Calls a listener, within the execution's context, for each execution in this process that ends; returns what stops
 * it. What the listener throws is said and goes no further.
 */
export function onExecution(listener: (execution: PluginExecution) => void): () => void {
  const subscriber = (message: unknown): void => {
    const execution = message as PluginExecution
    try {
      context.with(execution.context, () => listener(execution))
    } catch (error) {
      diag.warn(`a listener of plugin executions threw ${errorType(error)}; it stays subscribed`)
    }
  }
  executions.subscribe(subscriber)
  return () => executions.unsubscribe(subscriber)
}
