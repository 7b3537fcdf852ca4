import type { CheckFn } from '../check-options.ts'
import { judgeQueue, queueLimits } from '../queue-component.ts'
import type { QueueThresholds } from '../queue-component.ts'
import { assertLimits } from '../thresholds.ts'
import { worstOf } from './worst-of.ts'

export interface QueueBacklogOptions extends QueueThresholds {
  /** Queues by name. Default all. */
  readonly queues?: readonly string[]
}

/** Checks the backlog of queues: how many jobs wait, and for how long. The worst one decides. */
export function queueBacklogCheck({ queues, ...thresholds }: QueueBacklogOptions = {}): CheckFn {
  assertLimits('queueBacklogCheck', thresholds, queueLimits, ['queues'])
  return (context) => worstOf(context.queues(), queues, (queue) => judgeQueue(queue, thresholds))
}
