import { createInstruments, ERROR_SCOPE, telemetryInstruments, VERSION } from '@mcp/otel-core'
import type { ExporterState } from '@mcp/otel-health'

import type { ExportObserver, Signal } from './export-failure.ts'

/** How exports have gone so far: as `mcp_telemetry_failed_exports_total`, and for the health check `telemetry`. */
export interface ExportTally extends ExportObserver {
  states(): ExporterState[]
}

export function createExportTally(): ExportTally {
  const { failedExports, lostRecords } = createInstruments(telemetryInstruments, {
    scope: ERROR_SCOPE,
    version: VERSION,
    isSound: true,
  })
  const states = new Map<Signal, { name: Signal; exported: number; failed: number; error?: string }>()
  const stateOf = (signal: Signal) => {
    const known = states.get(signal) ?? { name: signal, exported: 0, failed: 0 }
    states.set(signal, known)
    return known
  }
  failedExports.zero({})
  lostRecords.zero({})
  return {
    succeeded: (signal) => void stateOf(signal).exported++,
    failed(signal, reason) {
      const state = stateOf(signal)
      state.failed++
      state.error = reason
      failedExports.add(1, { signal })
    },
    lost: (signal, count) => signal !== 'metrics' && lostRecords.add(count, { signal }),
    states: () => [...states.values()],
  }
}
