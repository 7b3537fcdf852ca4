import type { OutcomeStatus } from '@mcp/otel-core'
import type { MeterProvider } from '@opentelemetry/api'

import { queueRegistry, sum, total } from './queue-registry.ts'
import type { PluginQueues } from './queue-registry.ts'

/** Where queues are measured. */
export interface QueueScope {
  /** Default: the global meter provider, also when it is registered only later. */
  readonly meterProvider?: MeterProvider | undefined
}

/** What is known of the queues of one plugin. */
export interface QueueStatus {
  readonly plugin: string
  /** Jobs that wait; missing while it is not known, as when a broker is away. */
  readonly size?: number
  /** Jobs that run. */
  readonly active?: number
  /** Seconds that the oldest waiting job has waited, 0 when none waits. */
  readonly oldestJobAge?: number
  /** Jobs that were processed or given up, by status. */
  readonly jobs: Readonly<Record<OutcomeStatus, number>>
  /** Jobs that have left the queue to run for the first time, and the seconds that they waited altogether. */
  readonly waits: { readonly count: number; readonly sum: number }
  readonly queues: readonly { readonly name: string; readonly scope: 'local' | 'shared'; readonly engine: string }[]
}

/** Returns what is known of the queues, by plugin, in the order of their first appearance. */
export function listQueues(scope: QueueScope = {}): QueueStatus[] {
  return Array.from(queueRegistry(scope.meterProvider).plugins.values())
    .filter(({ queues }) => queues.size > 0)
    .map(statusOf)
}

/** Forgets the queues of a plugin that was unloaded: all its series are gone from the next scrape. */
export function removeQueues(plugin: string, scope: QueueScope = {}): void {
  const { plugins, instruments } = queueRegistry(scope.meterProvider)
  plugins.delete(plugin)
  const own = [instruments.jobs, instruments.wait, instruments.retryWait, instruments.run]
  for (const instrument of own) instrument.remove({ plugin })
}

function statusOf(queues: PluginQueues): QueueStatus {
  const size = total(queues, 'size', sum)
  const active = total(queues, 'active', sum)
  const oldestJobAge = total(queues, 'oldestJobAge', Math.max)
  return {
    plugin: queues.plugin,
    ...(size !== undefined && { size }),
    ...(active !== undefined && { active }),
    ...(oldestJobAge !== undefined && { oldestJobAge }),
    jobs: { ...queues.ended },
    waits: { ...queues.waits },
    queues: Array.from(queues.queues, ({ name, scope, engine }) => ({ name, scope, engine })),
  }
}
