import { createMetricsHandler, processMeters, type Config } from '@mcp/otel-core'
import type { Health } from '@mcp/otel-health'
import { setMcpDefaults } from '@mcp/otel-protocol-instrumentation'
import { diag } from '@opentelemetry/api'
import type { Instrumentation } from '@opentelemetry/instrumentation'
import type { IMetricReader, InstrumentType, MetricProducer } from '@opentelemetry/sdk-metrics'

import { createEndpointHandler, type EndpointHandler } from './endpoint/create-handler.ts'
import { startHealth } from './health/start-health.ts'
import { nearestPackage } from './identity/nearest-package.ts'
import { createInstrumentations } from './instrument/create-instrumentations.ts'
import { mcpOptions } from './instrument/mcp-options.ts'
import type { StartOptions } from './options.ts'
import { readSources } from './read-sources.ts'
import { producerFor } from './sdk/metric-readers.ts'
import { createPageReader } from './sdk/page-reader.ts'

/** Our parts for an SDK that the app sets up itself. */
export interface McpParts {
  /** For `instrumentations` of `NodeSDK`. */
  readonly instrumentations: Instrumentation[]
  /** For `metricReaders`: /metrics shows what it reads, the app's own metrics too. */
  readonly metricReader: IMetricReader
  /**
   * For `metricProducers` of each reader of the app's that is to export `mcp_*`; make one per reader, and give the
   * exporter's choice of temporality where it is not cumulative.
   */
  metricProducer(selectTemporality?: (instrumentType: InstrumentType) => number): MetricProducer
  /** Serves /metrics, /health, /livez, /readyz and /startupz on a server of the app's. */
  readonly handler: EndpointHandler
  readonly health: Health
  readonly config: Config
}

/**
 * Creates the parts to put into an own `NodeSDK`, instead of `start()`. Nothing is registered and no port is opened:
 * spans go where that SDK sends them, and `mcp_*` to the readers that have one of the producers.
 */
export function mcpParts(given: Pick<StartOptions, 'http' | 'mcp' | 'health' | 'metrics' | 'endpoint'> = {}): McpParts {
  const { config, options, problems } = readSources(given)
  for (const problem of problems) diag.error(problem)
  const meters = processMeters()
  meters.setMode('own')
  meters.provider.seriesLimit = config.metrics.seriesLimit
  setMcpDefaults(mcpOptions(config.mcp, options.mcp?.redact))
  const page = createPageReader(config, meters.provider)
  const metrics = createMetricsHandler({
    collect: (timeoutMillis) => page.collect(timeoutMillis),
    timeoutMs: config.endpoint.scrapeTimeoutMillis,
    targetInfo: config.metrics.targetInfo,
  })
  const app = nearestPackage(process.argv[1] ?? process.cwd())
  const { token } = config.endpoint
  const health = startHealth(options.health, {
    service: {
      name: config.serviceName ?? app.name ?? 'unknown_service',
      version: config.serviceVersion ?? app.version,
    },
    token,
    tally: undefined,
  })
  return {
    instrumentations: createInstrumentations({ config, options }).map(withOwnMeters),
    metricReader: page.reader,
    metricProducer: (select) => producerFor(meters.provider, select),
    handler: createEndpointHandler({ metrics, health, token }),
    health,
    config,
  }
}

/** An SDK hands its own provider of meters to instrumentations; ours record for the producers. */
function withOwnMeters(instrumentation: Instrumentation): Instrumentation {
  if (!instrumentation.instrumentationName.startsWith('@mcp/')) return instrumentation
  return Object.assign(instrumentation, { setMeterProvider() {} })
}
