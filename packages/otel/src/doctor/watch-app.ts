import { setTimeout as pause } from 'node:timers/promises'

import { ownServers, type Facts } from './facts.ts'
import type { StartedApp } from './start-app.ts'

const POLL_MILLIS = 50
/** An app that loads nothing any more for so long has started, or waits for something that the doctor does not give. */
const QUIET_MILLIS = 2000
/** From when it listens, a `start()` is no longer to be expected. */
const LISTENING_MILLIS = 300

/** What has become of an app that was started. */
export interface Watched {
  readonly facts: Facts | undefined
  /** Whether it can be looked at from outside now. */
  readonly isUp: boolean
}

/** Resolves when the app has started, with telemetry or visibly without; when it has ended; or when the time is over. */
export async function watchApp(app: StartedApp, waitMillis: number, stopped: AbortSignal): Promise<Watched> {
  const deadline = Date.now() + waitMillis
  for (;;) {
    const facts = app.facts()
    if (app.end !== undefined) return { facts: app.facts(), isUp: false }
    if (Date.now() > deadline || (facts !== undefined && hasStarted(facts))) return { facts, isUp: facts !== undefined }
    await pause(POLL_MILLIS, undefined, { signal: stopped })
  }
}

function hasStarted(facts: Facts): boolean {
  const { exports, quietMillis: quiet, telemetry } = facts
  const isServing = ownServers(facts).length > 0
  if (telemetry === undefined) return quiet > QUIET_MILLIS || (isServing && quiet > LISTENING_MILLIS)
  if (!telemetry.isSettled || (telemetry.state === 'running' && exports === undefined)) return false
  return isServing || quiet > QUIET_MILLIS
}
