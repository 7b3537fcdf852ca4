import { processMeters, routeMeters } from '@mcp/otel-core'
import { diag, metrics, type MeterProvider } from '@opentelemetry/api'

import { writeStderrLine } from '../diagnostics/stderr-line.ts'
import type { ForeignSdk } from './foreign-sdk.ts'

const ANOTHER =
  'another OpenTelemetry SDK provides metrics already: it stays, and gets mcp_* as the endpoint of @mcp/otel does; ' +
  'start @mcp/otel first to have all metrics on one page'

/**
 * Registers the one provider of meters: catalogued ones get our cells, all others the SDK's. Where the app has an SDK of
 * its own that stays as it is, and gets `mcp_*` beside us; that is said unless it `isWanted`.
 */
export function registerMeters(sdk: MeterProvider, foreign: ForeignSdk, isWanted: boolean): MeterProvider {
  const meters = processMeters()
  const routed = routeMeters({ catalogued: meters.provider, others: () => sdk })
  if (foreign.metrics && isSeen(foreign)) {
    meters.setMode('both')
    if (!isWanted) diag.warn(ANOTHER)
    return metrics.getMeterProvider()
  }
  meters.setMode('own')
  if (!isSeen(foreign) || !metrics.setGlobalMeterProvider(routed)) {
    // Not through diag, which is as deaf as the rest then.
    writeStderrLine(
      `version ${foreign.apiVersion ?? 'unknown'} of @opentelemetry/api was registered before that of @mcp/otel: there are mcp_* on the ` +
        'endpoint, but no spans of ours; have one version of it, 1.10, in the app (see npm ls @opentelemetry/api)',
    )
  }
  return routed
}

/** An older API hides what it registers from a newer one. */
function isSeen({ metrics: registered }: ForeignSdk): boolean {
  return registered === undefined || registered === metrics.getMeterProvider()
}

/** Takes back what `registerMeters` did. */
export function unregisterMeters(foreign: ForeignSdk): void {
  processMeters().setMode('automatic')
  if (!foreign.metrics) metrics.disable()
}
