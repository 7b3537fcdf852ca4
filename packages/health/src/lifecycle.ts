/** Where a process is in its life. */
type ProcessState = 'starting' | 'running' | 'draining'

export interface LifecycleOptions {
  /** Whether to wait for `started()`. */
  readonly manualStart: boolean
  /** What the startup checks say; asked until they have passed once. */
  readonly startupChecks: () => 'none' | 'pending' | 'passed'
  readonly onChange: () => void
}

export interface Lifecycle {
  state(): ProcessState
  /** The application says that it is up. */
  started(): void
  drain(gracePeriod: number): Promise<void>
  resume(): void
}

/** Creates the state of a process: starting until it is up and its startup checks have passed once, draining once told. */
export function createLifecycle({ manualStart, startupChecks, onChange }: LifecycleOptions): Lifecycle {
  let isUp = !manualStart
  let hasPassed = false
  let isDraining = false
  let served: Promise<void> | undefined
  const isStarting = (): boolean => {
    if (!isUp) return true
    if (hasPassed) return false
    const said = startupChecks()
    hasPassed = said === 'passed'
    return said === 'pending'
  }
  return {
    state: () => (isDraining ? 'draining' : isStarting() ? 'starting' : 'running'),
    started() {
      isUp = true
      onChange()
    },
    drain(gracePeriod) {
      if (!isDraining) {
        isDraining = true
        onChange()
      }
      // Who drains without a grace period only tells that it begins; whoever closes the servers still has one.
      if (gracePeriod === 0) return served ?? Promise.resolve()
      return (served ??= new Promise((resolve) => setTimeout(resolve, gracePeriod)))
    },
    resume() {
      isDraining = false
      served = undefined
      onChange()
    },
  }
}
