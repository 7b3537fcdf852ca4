import type { OutcomeStatus } from '@mcp/otel-core'

import type { CommandSeries } from './execution-series.ts'

/** What is known of one plugin: health and the gauges read it, executions write it. */
export interface PluginRecord {
  readonly name: string
  /** Its known commands, whose series have been made. */
  readonly commands: Set<string>
  /** The series of commands that have been run. */
  readonly series: Map<string, CommandSeries>
  /** Are those all its commands? Then other names are not its own. */
  closed: boolean
  up: boolean
  active: number
  /** Unix time in milliseconds. */
  lastEnded: number | undefined
  readonly ended: Record<OutcomeStatus, number>
  consecutiveFailures: number
}

/** Creates the record of a plugin that has run nothing yet. */
export function createPluginRecord(name: string): PluginRecord {
  return {
    name,
    commands: new Set(),
    series: new Map(),
    closed: false,
    up: true,
    active: 0,
    lastEnded: undefined,
    ended: { success: 0, error: 0, timeout: 0, cancelled: 0 },
    consecutiveFailures: 0,
  }
}

/** Enters the end of one execution. */
export function enterEnd(record: PluginRecord, status: OutcomeStatus): void {
  record.active -= 1
  record.lastEnded = Date.now()
  record.ended[status] += 1
  if (status === 'success') record.consecutiveFailures = 0
  else if (status !== 'cancelled') record.consecutiveFailures += 1
}
