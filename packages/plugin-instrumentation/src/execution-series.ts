import type { BoundAdder, BoundRecorder, OutcomeStatus } from '@mcp/otel-core'
import type { Context } from '@opentelemetry/api'

import type { PluginRecord } from './plugin-record.ts'
import type { PluginRegistry } from './plugin-registry.ts'

/** The series of one command, each found at the first record. */
export interface CommandSeries {
  readonly executions: Partial<Record<OutcomeStatus, BoundAdder>>
  duration: BoundRecorder | undefined
}

/** So many commands of a plugin are kept at hand; the series of others are looked up each time. */
const MAX_AT_HAND = 200

/** Counts and times an execution that has ended. */
export function recordEnd(
  registry: PluginRegistry,
  record: PluginRecord,
  command: string,
  status: OutcomeStatus,
  seconds: number,
  context: Context,
): void {
  const { executionDuration, executions } = registry.instruments
  const plugin = record.name
  const series = seriesOf(record, command)
  if (series === undefined) {
    executions.add(1, { plugin, command, status }, context)
    executionDuration.record(seconds, { plugin, command }, context)
    return
  }
  const counter = (series.executions[status] ??= executions.bind({ plugin, command, status }))
  counter.add(1, context)
  const duration = (series.duration ??= executionDuration.bind({ plugin, command }))
  duration.record(seconds, context)
}

function seriesOf({ series }: PluginRecord, command: string): CommandSeries | undefined {
  const known = series.get(command)
  if (known !== undefined || series.size >= MAX_AT_HAND) return known
  const made: CommandSeries = { executions: {}, duration: undefined }
  series.set(command, made)
  return made
}
