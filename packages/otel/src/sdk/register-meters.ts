import { processMeters, routeMeters } from '@mcp/otel-core'
import { diag, metrics, type MeterProvider } from '@opentelemetry/api'

import { writeStderrLine } from '../diagnostics/stderr-line.ts'
import { registeredApiVersion, type ForeignSdk } from './foreign-sdk.ts'

/**
 * Registers the one provider of meters: catalogued ones get our cells, all others the SDK's. Where the app has an SDK of
 * its own that stays as it is, and gets `mcp_*` beside us.
 */
export function registerMeters(sdk: MeterProvider, foreign: ForeignSdk): MeterProvider {
  const meters = processMeters()
  if (foreign.metrics) {
    meters.setMode('both')
    diag.warn(
      'another OpenTelemetry SDK provides metrics already: it stays, and gets mcp_* as well as the endpoint of @mcp/otel does; ' +
        'start @mcp/otel first to have all metrics on one page',
    )
    return metrics.getMeterProvider()
  }
  const routed = routeMeters({ catalogued: meters.provider, others: () => sdk })
  meters.setMode('own')
  if (!metrics.setGlobalMeterProvider(routed)) {
    writeStderrLine(
      `version ${registeredApiVersion() ?? 'unknown'} of @opentelemetry/api was registered first, and @mcp/otel needs 1.10: ` +
        'there are mcp_* on the endpoint, but no spans of ours; upgrade the app to @opentelemetry/api 1.10 and SDK 3.x',
    )
  }
  return routed
}

/** Takes back what `registerMeters` did. */
export function unregisterMeters(foreign: ForeignSdk): void {
  processMeters().setMode('automatic')
  if (!foreign.metrics) metrics.disable()
}
