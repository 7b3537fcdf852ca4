/** State of a component, best first. */
export type HealthStatus = 'healthy' | 'degraded' | 'unhealthy'

const SEVERITY: Readonly<Record<HealthStatus, number>> = { healthy: 0, degraded: 1, unhealthy: 2 }

/** Value of each status on `mcp_health_check_status`. */
export const STATUS_VALUE: Readonly<Record<HealthStatus, number>> = { healthy: 1, degraded: 0.5, unhealthy: 0 }

/** Returns 0 for healthy, 1 for degraded, 2 for unhealthy. */
export function severityOf(status: HealthStatus): number {
  return SEVERITY[status]
}

/** Returns the worst of the statuses; healthy when there are none. */
export function worstStatus(statuses: Iterable<HealthStatus>): HealthStatus {
  let worst: HealthStatus = 'healthy'
  for (const status of statuses) if (SEVERITY[status] > SEVERITY[worst]) worst = status
  return worst
}

/** Returns the best of the statuses; unhealthy when there are none. */
export function bestStatus(statuses: Iterable<HealthStatus>): HealthStatus {
  let best: HealthStatus = 'unhealthy'
  for (const status of statuses) if (SEVERITY[status] < SEVERITY[best]) best = status
  return best
}

/** What a component adds to the whole: one that is not critical degrades it at most. */
export function contributionOf(status: HealthStatus, critical: boolean): HealthStatus {
  return status === 'unhealthy' && !critical ? 'degraded' : status
}
