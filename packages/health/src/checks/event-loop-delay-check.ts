import type { CheckFn } from '../check-options.ts'
import { assertLimits, worseOf } from '../thresholds.ts'

export interface EventLoopDelayThresholds {
  /** p99 of the delay, s. Default 0.25. */
  readonly degradedDelay?: number
  /** Default 2. */
  readonly unhealthyDelay?: number
}

/** Checks how late timers fire: a loop that something blocks answers nobody in time. */
export function eventLoopDelayCheck(thresholds: EventLoopDelayThresholds = {}): CheckFn {
  const { degradedDelay = 0.25, unhealthyDelay = 2 } = thresholds
  assertLimits('eventLoopDelayCheck', thresholds, { degradedDelay: 'amount', unhealthyDelay: 'amount' })
  return ({ server }) => {
    const observed = server().event_loop.delay?.p99 ?? 0
    return worseOf({
      observed,
      degraded: degradedDelay,
      unhealthy: unhealthyDelay,
      unit: 's',
      say: (limit) => `p99 of the event loop's delay is ${observed.toFixed(3)} s (limit ${limit} s)`,
    })
  }
}
