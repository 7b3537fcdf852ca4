import { createInstruments, ERROR_SCOPE, telemetryInstruments, VERSION as CORE_VERSION } from '@mcp/otel-core'
import type { MeterProvider } from '@opentelemetry/api'

const { droppedLogRecords } = telemetryInstruments

/** Returns what counts lines that had to be dropped, in `mcp_telemetry_dropped_log_records_total`. */
export function createDropCounter(meterProvider?: MeterProvider): (count: number) => void {
  const scope = { scope: ERROR_SCOPE, version: CORE_VERSION, isSound: true, meterProvider }
  const counter = createInstruments({ droppedLogRecords }, scope).droppedLogRecords
  return (count) => counter.add(count)
}
