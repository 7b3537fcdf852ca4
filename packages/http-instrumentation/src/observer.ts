import { processWide } from '@mcp/otel-core'

import type { Exchange } from './exchange.ts'
import type { FaultLog } from './fault-log.ts'
import type { RequestTracker } from './request-tracker.ts'

/** What sees the requests of the process; one at a time, so that none is counted twice. */
export interface Observer {
  readonly faults: FaultLog
  /** Begins an exchange. */
  begin(create: (tracker: RequestTracker) => Exchange): Exchange
  /** Counts what was answered without having been a readable request. */
  refused(status: number): void
}

/** Observers that are enabled, in all builds of this package that are loaded; the first one is active. */
const enabledObservers = processWide<Observer[]>('http-observers', () => [])

/** Returns the observer that counts, if any is enabled. */
export function activeObserver(): Observer | undefined {
  return enabledObservers[0]
}

/** Enables an observer; the one enabled first stays active. */
export function addObserver(observer: Observer): void {
  if (!enabledObservers.includes(observer)) enabledObservers.push(observer)
}

/** Disables an observer; the next one becomes active. */
export function removeObserver(observer: Observer): void {
  const index = enabledObservers.indexOf(observer)
  if (index !== -1) enabledObservers.splice(index, 1)
}
