import { bestStatus, severityOf, worstStatus } from './status.ts'
import type { HealthStatus } from './status.ts'

/** How many results in a row it takes to change a state. */
export interface HysteresisOptions {
  /** Results in a row that must be worse than the state before it gets worse; 1 or more. */
  readonly failAfter: number
  /** Results in a row that must be better than the state before it gets better; 1 or more. */
  readonly recoverAfter: number
}

export interface Hysteresis {
  /** The state; undefined before the first result. */
  readonly state: HealthStatus | undefined
  /** Takes one result and returns the state it leads to. The first result is the state. */
  next(result: HealthStatus): HealthStatus
}

/**
 * Creates a state that does not flap: it worsens to the mildest of the last `failAfter` results once all of them are
 * worse than it, and improves to the worst of the last `recoverAfter` results once all of them are better.
 */
export function createHysteresis({ failAfter, recoverAfter }: HysteresisOptions): Hysteresis {
  const recent: HealthStatus[] = []
  let state: HealthStatus | undefined
  return {
    get state() {
      return state
    },
    next(result) {
      recent.push(result)
      if (recent.length > Math.max(failAfter, recoverAfter)) recent.shift()
      if (state === undefined) return (state = result)
      if (recent.length >= failAfter) {
        const mildest = bestStatus(recent.slice(-failAfter))
        if (severityOf(mildest) > severityOf(state)) return (state = mildest)
      }
      if (recent.length >= recoverAfter) {
        const worst = worstStatus(recent.slice(-recoverAfter))
        if (severityOf(worst) < severityOf(state)) state = worst
      }
      return state
    },
  }
}
