import { assembleDirectly } from './sdk/assemble-directly.ts'
import { startTelemetry } from './start-telemetry.ts'
import type { Telemetry } from './telemetry.ts'

/** Starts from the environment alone, as `start()` would, without loading the parts of `NodeSDK` that are not used. */
export function startDirectly(): Telemetry {
  return startTelemetry({}, assembleDirectly)
}
