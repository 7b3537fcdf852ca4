import type { CheckResult } from './check-options.ts'
import type { PluginTotals } from './component-totals.ts'
import { histogramQuantile, histogramSince } from './histogram-quantile.ts'
import type { PluginHealth } from './report.ts'
import { micro } from './rounding.ts'
import { percent, worseOf, type LimitKinds } from './thresholds.ts'

/** From what on a plugin is degraded or unhealthy. */
export interface PluginThresholds {
  /** Error rate over the window, 0 to 1. Default 0.1. */
  readonly degradedErrorRate?: number
  /** Default 0.5. */
  readonly unhealthyErrorRate?: number
  /** Executions in the window below which the error rate says nothing. Default 5. */
  readonly minExecutions?: number
  /** p95 of the duration over the window, s. Default none. */
  readonly degradedDuration?: number
  /** Default none. */
  readonly unhealthyDuration?: number
}

export const pluginLimits = {
  degradedErrorRate: 'share',
  unhealthyErrorRate: 'share',
  minExecutions: 'amount',
  degradedDuration: 'amount',
  unhealthyDuration: 'amount',
} as const satisfies LimitKinds

export type PluginFigures = Omit<PluginHealth, 'status' | 'message'>

const FAILED: ReadonlySet<string> = new Set(['error', 'timeout'])

/** Returns a plugin's figures over the `window` seconds from `before` to `now`. */
export function pluginFigures(now: PluginTotals, before: PluginTotals | undefined, window: number): PluginFigures {
  let recent = 0
  let failed = 0
  for (const [status, count] of Object.entries(now.executions)) {
    const then = before?.executions[status] ?? 0
    // A counter below its former value belongs to a series that was removed and began anew.
    const since = count >= then ? count - then : count
    recent += since
    if (FAILED.has(status)) failed += since
  }
  const duration = now.duration && histogramSince(now.duration, before?.duration)
  return {
    available: now.up !== 0,
    last_execution: now.lastExecution ? new Date(now.lastExecution * 1000).toISOString() : null,
    executions: { ...now.executions },
    error_rate: recent > 0 ? micro(failed / recent) : null,
    duration_p95: duration ? micro(histogramQuantile(0.95, duration)) : null,
    active: now.active ?? 0,
    consecutive_failures: now.consecutiveFailures ?? null,
    recent_executions: recent,
    window: micro(window),
  }
}

/** Judges a plugin by its figures: availability, error rate, duration. */
export function judgePlugin(plugin: PluginFigures, thresholds: PluginThresholds = {}): CheckResult {
  const { degradedErrorRate = 0.1, unhealthyErrorRate = 0.5, minExecutions = 5 } = thresholds
  if (!plugin.available) return { status: 'unhealthy', message: 'not available' }
  const rate = plugin.error_rate ?? 0
  const enough = plugin.recent_executions >= minExecutions
  const seconds = Math.round(plugin.window)
  return worseOf(
    {
      observed: enough ? rate : 0,
      degraded: degradedErrorRate,
      unhealthy: unhealthyErrorRate,
      unit: '1',
      say: (limit) =>
        `${percent(rate)} of ${plugin.recent_executions} executions failed in ${seconds} s (limit ${percent(limit)})`,
    },
    {
      observed: plugin.duration_p95 ?? 0,
      degraded: thresholds.degradedDuration,
      unhealthy: thresholds.unhealthyDuration,
      unit: 's',
      say: (limit) => `p95 of the duration is ${plugin.duration_p95} s over ${seconds} s (limit ${limit} s)`,
    },
  )
}
