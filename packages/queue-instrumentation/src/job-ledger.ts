import { resolveEnd } from '@mcp/otel-core'
import type { ResolvedEnd, StatusRules } from '@mcp/otel-core'
import type { Context } from '@opentelemetry/api'

import { publishJob } from './job-channel.ts'
import type { JobEnd } from './queue-options.ts'
import type { PluginQueues, QueueRegistry } from './queue-registry.ts'

/** Where the jobs of one queue are entered. */
export interface JobLedger {
  readonly registry: QueueRegistry
  readonly queues: PluginQueues
  /** Name of the queue. */
  readonly name: string
}

/** What is known of a job at its end, or at the end of one attempt. */
export interface JobFigures {
  /** The job's own. */
  readonly context: Context
  readonly waitMs: number | undefined
  /** `undefined` if it never started, as far as is known here. */
  readonly runMs: number | undefined
}

/** Enters what a job waited before its first attempt, or before a further one. */
export function enterWait({ registry, queues }: JobLedger, waitMs: number, isRetry: boolean, of: Context): void {
  if (!isRetry) {
    queues.waits.count += 1
    queues.waits.sum += waitMs / 1000
  }
  if (!isKnown(registry, queues)) return
  const { wait, retryWait } = registry.instruments
  const instrument = isRetry ? retryWait : wait
  instrument.record(waitMs / 1000, { plugin: queues.plugin }, of)
}

/** Enters an attempt that is over, and, unless the job waits again, its end. */
export function enterEnd(
  { registry, queues, name }: JobLedger,
  figures: JobFigures,
  end: JobEnd,
  rules: StatusRules,
  isFinal: boolean,
): ResolvedEnd {
  const { plugin } = queues
  const { context, waitMs, runMs } = figures
  const resolved = resolveEnd(end, rules, registry.say)
  const { status, errorType } = resolved
  // Of a plugin that was unloaded meanwhile no series may come back.
  if (isKnown(registry, queues)) {
    if (runMs !== undefined) registry.instruments.run.record(runMs / 1000, { plugin }, context)
    if (isFinal) registry.instruments.jobs.add(1, { plugin, status }, context)
  }
  if (errorType !== undefined) registry.errors.errors.add(1, { source: 'queue', type: errorType }, context)
  if (!isFinal) return resolved
  queues.ended[status] += 1
  publishJob(() => ({
    plugin,
    queue: name,
    status,
    ...(waitMs !== undefined && { waitMs }),
    ...(runMs !== undefined && { runMs }),
    ...(errorType !== undefined && { errorType }),
    ...('error' in end && { error: end.error }),
    context,
  }))
  return resolved
}

function isKnown(registry: QueueRegistry, queues: PluginQueues): boolean {
  return registry.plugins.get(queues.plugin) === queues
}
