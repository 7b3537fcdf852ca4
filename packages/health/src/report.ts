import type { Check } from './check.ts'
import type { HealthStatus } from './status.ts'

/** What everybody may see: the body's first five fields. Times in seconds. */
export interface PublicReport {
  readonly status: HealthStatus
  readonly version: string
  /** Of the process, s. */
  readonly uptime: number
  /** Jobs waiting, over all queues. */
  readonly queue_size: number
  readonly plugins: Readonly<Record<string, { readonly status: HealthStatus }>>
}

/** The whole body of `/health`: sizes in bytes, times in seconds, ratios from 0 to 1; null is "not known". */
export interface HealthReport extends PublicReport {
  readonly plugins: Readonly<Record<string, PluginHealth>>
  readonly server: ServerHealth
  readonly queues: Readonly<Record<string, QueueHealth>>
  readonly checks: Readonly<Record<string, CheckReport>>
}

export interface ServerHealth {
  readonly status: HealthStatus
  /** Where the process is in its life. */
  readonly process: 'starting' | 'running' | 'draining'
  readonly pid: number
  readonly node: string
  /** ISO 8601. */
  readonly started_at: string
  readonly memory: MemoryHealth
  readonly cpu: CpuHealth
  readonly event_loop: EventLoopHealth
  readonly gc: GcHealth
  readonly handles: HandlesHealth
}

export interface MemoryHealth {
  readonly rss: number
  readonly heap_used: number
  readonly heap_total: number
  /** Of `heap_used`, what lives longer than a moment: V8's old generation. */
  readonly old_space_used: number
  /** Limit of the old generation: `--max-old-space-size`, or V8's default for this machine. */
  readonly heap_limit: number
  readonly external: number
  readonly array_buffers: number
  /** What the process may use at most: its cgroup's limit, else the machine's memory. */
  readonly limit: number
  readonly limit_source: 'cgroup' | 'machine'
  /** `rss / limit`. */
  readonly rss_ratio: number
  /** `old_space_used / heap_limit`: at 1 the process dies. */
  readonly heap_ratio: number
}

export interface CpuHealth {
  /** Since the process started. */
  readonly user_seconds: number
  readonly system_seconds: number
  /** CPU seconds per second over the last seconds: 1 is one core kept busy. */
  readonly usage: number | null
  /** Cores this process may use. */
  readonly cores: number
}

export interface EventLoopHealth {
  /** Share of time that the loop was busy over the last seconds. */
  readonly utilization: number | null
  /** How late timers fire, s. */
  readonly delay: { readonly mean: number; readonly p50: number; readonly p99: number; readonly max: number } | null
}

export interface GcHealth {
  readonly count: number
  readonly seconds: number
  readonly by_kind: Readonly<Record<string, { readonly count: number; readonly seconds: number }>>
}

export interface HandlesHealth {
  /** Resources that keep the event loop alive. */
  readonly total: number
  readonly by_type: Readonly<Record<string, number>>
}

export interface PluginHealth {
  readonly status: HealthStatus
  readonly available: boolean
  /** Why it is not healthy. */
  readonly message?: string
  /** ISO 8601. */
  readonly last_execution: string | null
  /** Executions since the process started, by status. */
  readonly executions: Readonly<Record<string, number>>
  /** Share of the window's executions that ended in error or timeout; null when there were none. */
  readonly error_rate: number | null
  /** Of the executions in the window, s. */
  readonly duration_p95: number | null
  readonly active: number
  readonly consecutive_failures: number | null
  /** Executions in the window. */
  readonly recent_executions: number
  /** What `error_rate`, `duration_p95` and `recent_executions` cover, s. */
  readonly window: number
}

export interface QueueHealth {
  readonly status: HealthStatus
  readonly message?: string
  /** Jobs waiting; null while nobody knows, as when a broker is away. */
  readonly size: number | null
  /** Jobs running. */
  readonly active: number
  /** Jobs finished per second over the window. */
  readonly processing_rate: number | null
  readonly wait_p50: number | null
  readonly wait_p95: number | null
  /** Of the job that has waited longest, s; null when none waits or nobody knows. */
  readonly oldest_age: number | null
  /** How the size moves over the window. */
  readonly trend: 'growing' | 'steady' | 'shrinking' | null
  /** Jobs per second by which the size grows; negative when it shrinks. */
  readonly growth: number | null
  readonly window: number
}

export interface CheckReport {
  /** After hysteresis. */
  readonly status: HealthStatus
  readonly critical: boolean
  readonly groups: readonly string[]
  /** Seconds since the result was found. */
  readonly age: number
  /** Of the run, s. */
  readonly duration: number
  readonly timed_out: boolean
  /** ISO 8601; null when no run was healthy. */
  readonly last_healthy: string | null
  readonly consecutive_failures: number
  /** What the last run found, where that differs from the state. */
  readonly last_result?: HealthStatus
  readonly message?: string
  readonly observed?: number
  readonly unit?: string
  /** Seconds for which the check kept the event loop, where that was long. */
  readonly blocked?: number
  readonly details?: Readonly<Record<string, unknown>>
}

/** Returns what everybody may see of a report. */
export function publicView({ status, version, uptime, queue_size, plugins }: PublicReport): PublicReport {
  const states = Object.entries(plugins).map(([name, plugin]) => [name, { status: plugin.status }])
  return { status, version, uptime, queue_size, plugins: Object.fromEntries(states) }
}

/** The body of `/livez`, `/readyz`, `/startupz` and of groups of your own. */
export interface ProbeReport {
  readonly status: HealthStatus
  readonly process: ServerHealth['process']
  readonly checks: Readonly<Record<string, CheckReport>>
}

/** Longest call, s, that is not worth showing. */
const SHORT_BLOCK = 0.05

/** Returns the entry of a check, by its name; nothing before its first run has ended. */
export function checkReport({ name, state, options }: Check): [name: string, report: CheckReport][] {
  if (state === undefined) return []
  const { status, last, lastHealthyAt, consecutiveFailures } = state
  const { status: found, ...shown } = last.result
  const report: CheckReport = {
    status,
    critical: options.critical,
    groups: options.groups,
    age: seconds(performance.now() - last.endedAt),
    duration: seconds(last.duration * 1000),
    timed_out: last.timedOut,
    last_healthy: lastHealthyAt === undefined ? null : new Date(lastHealthyAt).toISOString(),
    consecutive_failures: consecutiveFailures,
    ...(found !== status && { last_result: found }),
    ...shown,
    ...(last.blocked > SHORT_BLOCK && { blocked: seconds(last.blocked * 1000) }),
  }
  return [[name, report]]
}

function seconds(milliseconds: number): number {
  return Math.round(milliseconds) / 1000
}
