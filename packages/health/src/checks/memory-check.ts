import type { CheckFn } from '../check-options.ts'
import { assertLimits, percent, worseOf } from '../thresholds.ts'

/** Shares of a limit, 0 to 1. */
export interface MemoryThresholds {
  /** Of rss to the cgroup's limit (or the machine's memory), and of the heap to V8's limit. Default 0.9. */
  readonly degradedRatio?: number
  /** Default 0.95. */
  readonly unhealthyRatio?: number
}

/** Checks the memory against its limits: rss against the cgroup or the machine, the heap against `--max-old-space-size`. */
export function memoryCheck(thresholds: MemoryThresholds = {}): CheckFn {
  const { degradedRatio = 0.9, unhealthyRatio = 0.95 } = thresholds
  assertLimits('memoryCheck', thresholds, { degradedRatio: 'share', unhealthyRatio: 'share' })
  return ({ server }) => {
    const { rss_ratio, heap_ratio, limit_source } = server().memory
    const limits = { degraded: degradedRatio, unhealthy: unhealthyRatio, unit: '1' }
    return worseOf(
      {
        ...limits,
        observed: heap_ratio,
        say: (limit) => `the heap is ${percent(heap_ratio)} of V8's limit (limit ${percent(limit)})`,
      },
      {
        ...limits,
        observed: rss_ratio,
        say: (limit) => `rss is ${percent(rss_ratio)} of the ${limit_source}'s memory (limit ${percent(limit)})`,
      },
    )
  }
}
