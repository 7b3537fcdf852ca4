import type { StartOptions } from './options.ts'
import { assembleWithNodeSdk } from './sdk/assemble-with-node-sdk.ts'
import { startTelemetry } from './start-telemetry.ts'
import type { Telemetry } from './telemetry.ts'

/**
 * Makes this process observable: `mcp_*` metrics on an endpoint of their own, health, traces, and OTLP export where a
 * collector is configured. Call it before anything else. Options beat the environment; what is wrong with either is said
 * on stderr. It never throws, and a second call gives the telemetry that runs.
 */
export function start(options: StartOptions = {}): Telemetry {
  return startTelemetry(options, assembleWithNodeSdk)
}
