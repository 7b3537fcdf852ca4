import { createInstruments } from './create-instruments.ts'
import { ERROR_SCOPE } from './error-instruments.ts'
import { processWide } from './process-wide.ts'
import { telemetryInstruments } from './telemetry-instruments.ts'
import type { Instruments } from './typed-instruments.ts'
import { VERSION } from './version.ts'

const { faults } = telemetryInstruments

/**
 * Returns the counter of what went wrong in us and was kept from the application, `mcp_telemetry_faults_total`: whoever
 * catches something adds 1, and says it once.
 */
export function telemetryFaults(): Instruments<typeof telemetryInstruments>['faults'] {
  return processWide('faults', () =>
    createInstruments({ faults }, { scope: ERROR_SCOPE, version: VERSION, isSound: true }),
  ).faults
}
