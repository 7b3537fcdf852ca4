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
  let draining: Promise<void> | undefined
  const isStarting = (): boolean => {
    if (!isUp) return true
    if (hasPassed) return false
    const said = startupChecks()
    hasPassed = said === 'passed'
    return said === 'pending'
  }
  return {
    state: () => (draining !== undefined ? 'draining' : isStarting() ? 'starting' : 'running'),
    started() {
      isUp = true
      onChange()
    },
    drain(gracePeriod) {
      if (draining === undefined) {
        draining = new Promise((resolve) => setTimeout(resolve, gracePeriod))
        onChange()
      }
      return draining
    },
    resume() {
      draining = undefined
      onChange()
    },
  }
}
