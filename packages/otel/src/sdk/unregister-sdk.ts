import { context, logs, propagation, trace } from '@opentelemetry/api'

import type { ForeignSdk } from './foreign-sdk.ts'
import { unregisterMeters } from './register-meters.ts'

/** Takes back all that was registered at the start, so that it can be started anew. */
export function unregisterSdk(foreign: ForeignSdk): void {
  unregisterMeters(foreign)
  if (!foreign.trace) trace.disable()
  if (!foreign.logs) logs.disable()
  if (!foreign.propagation) propagation.disable()
  if (!foreign.context) context.disable()
}
