import type { CheckResult } from './check-options.ts'
import { severityOf } from './status.ts'

/** One figure against its limits; what reaches a limit has passed it. */
export interface Threshold {
  readonly observed: number
  readonly degraded: number | undefined
  readonly unhealthy: number | undefined
  readonly unit: string
  /** Says in words that the limit is reached. */
  readonly say: (limit: number) => string
}

/** Judges one figure by its limits. */
export function judge({ observed, degraded, unhealthy, unit, say }: Threshold): CheckResult {
  if (unhealthy !== undefined && observed >= unhealthy)
    return { status: 'unhealthy', message: say(unhealthy), observed, unit }
  if (degraded !== undefined && observed >= degraded)
    return { status: 'degraded', message: say(degraded), observed, unit }
  return { status: 'healthy', observed, unit }
}

/** Judges several figures and returns the worst judgement, the first of equals. */
export function worseOf(first: Threshold, ...others: readonly Threshold[]): CheckResult {
  return others.map(judge).reduce((a, b) => (severityOf(b.status) > severityOf(a.status) ? b : a), judge(first))
}

/** Returns a ratio as `12.5 %`. */
export function percent(ratio: number): string {
  return `${Math.round(ratio * 1000) / 10} %`
}
