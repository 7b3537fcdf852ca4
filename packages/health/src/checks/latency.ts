import type { CheckResult } from '../check-options.ts'
import { judge } from '../thresholds.ts'

/** Judges the latency, s, of a dependency that has answered. */
export function latencyResult(observed: number, degraded: number | undefined): CheckResult {
  const say = (limit: number): string => `answered after ${observed.toFixed(3)} s (limit ${limit} s)`
  return judge({ observed, degraded, unhealthy: undefined, unit: 's', say })
}
