import { createMetricsHandler, processMeters, telemetryFaults, type Config } from '@mcp/otel-core'
import { logs, trace } from '@opentelemetry/api'

import { writeStderrLine } from './diagnostics/stderr-line.ts'
import { createEndpointHandler, endpointPaths } from './endpoint/create-handler.ts'
import { openEndpoint, type EndpointServer } from './endpoint/endpoint-server.ts'
import { createExportTally } from './export/export-tally.ts'
import { offerMcpHealth } from './health/offer-mcp-health.ts'
import { startHealth } from './health/start-health.ts'
import { serviceIdentity } from './identity/create-resource.ts'
import { instrumentApp } from './instrument/instrument-app.ts'
import { isPortOpen, onMcpStdio, warnOfConsoleExporters } from './instrument/mcp-stdio.ts'
import { observeMcpTasks } from './instrument/mcp-tasks.ts'
import { observeCrashes } from './instrument/observe-crashes.ts'
import { observeBuild, observeProcess } from './instrument/observe-process.ts'
import { createFlush } from './life/create-flush.ts'
import { drainOnAppSignals } from './life/drain-on-app-signals.ts'
import { installExitPolicy } from './life/exit-policy.ts'
import { observeAppWinston } from './logs/app-winston.ts'
import { startLogLines } from './logs/log-lines.ts'
import type { StartOptions } from './options.ts'
import { preamble } from './preamble.ts'
import { startDeclaredSdk, type DeclaredSdk } from './sdk/declared-sdk.ts'
import { findForeignSdk, type ForeignSdk } from './sdk/foreign-sdk.ts'
import { registerMeters } from './sdk/register-meters.ts'
import { createSdkParts, type Assembly, type SdkParts } from './sdk/sdk-parts.ts'
import { unregisterSdk } from './sdk/unregister-sdk.ts'
import type { Telemetry } from './telemetry.ts'

/** Makes an SDK of the parts, and registers what no other SDK has registered. */
export type Assemble = (parts: SdkParts, foreign: ForeignSdk) => Assembly

function sayMoved(url: string | undefined): void {
  if (url === undefined) return
  writeStderrLine(`an MCP server speaks on stdout: its ${url}/metrics and ${url}/health are on a free port`)
}

/** What a file declares has to be flushed with what is ours. */
function withDeclared(parts: SdkParts, declared: DeclaredSdk | undefined): SdkParts {
  if (declared === undefined) return parts
  return {
    ...parts,
    recordPipelines: [...parts.recordPipelines, ...declared.recordPipelines],
    metricPipelines: [...parts.metricPipelines, ...declared.metricPipelines],
  }
}

/** Starts everything that the configuration asks for; throws where the SDK does. */
export function runTelemetry(
  config: Config,
  problems: readonly string[],
  options: StartOptions,
  assemble: Assemble,
): Telemetry {
  const theirs = findForeignSdk()
  const declared = startDeclaredSdk(process.env)
  const foreign = declared === undefined ? theirs : findForeignSdk()
  const meters = processMeters()
  meters.provider.seriesLimit = config.metrics.seriesLimit
  const tally = createExportTally()
  telemetryFaults().zero({})
  const parts = createSdkParts(config, options.sdk ?? {}, meters.provider, tally)
  const meterProvider = registerMeters(assemble(parts, foreign).meterProvider, foreign, declared !== undefined)
  const service = serviceIdentity(parts.resource)
  const flush = createFlush(withDeclared(parts, declared), config.flushTimeoutMillis)

  const logLines = startLogLines(config)
  let endpoint: EndpointServer | undefined
  const isOurs = (server: unknown): boolean => server !== undefined && server === endpoint?.server
  const instrumented = instrumentApp({ config, options, onRequest: logLines.onRequest, isOurs })

  const { scrapeTimeoutMillis, token } = config.endpoint
  const health = startHealth(options.health, { service, token, tally: flush.exports ? tally : undefined })
  const metrics = createMetricsHandler({
    collect: (timeoutMillis) => parts.page.collect(timeoutMillis),
    timeoutMs: scrapeTimeoutMillis,
    targetInfo: config.metrics.targetInfo,
  })
  const handler = createEndpointHandler({ metrics, health, token })
  if (config.endpoint.enabled) endpoint = openEndpoint(config.endpoint, handler, endpointPaths(health))
  const ready = endpoint?.ready ?? Promise.resolve(undefined)
  if (config.banner) {
    void ready.then((url) =>
      writeStderrLine(
        preamble({ config, service, url, instrumentations: instrumented.names, declared: declared?.file }),
      ),
    )
  }
  const onStdio = (): void => {
    warnOfConsoleExporters(config)
    if (endpoint === undefined || !isPortOpen(options, process.env)) return
    const before = endpoint
    endpoint = openEndpoint({ ...config.endpoint, port: 0 }, handler, endpointPaths(health))
    void before.close()
    if (config.banner) void endpoint.ready.then(sayMoved)
  }
  const stops = [
    observeMcpTasks(),
    offerMcpHealth(health, config.mcp),
    onMcpStdio(onStdio, () => void flush.all({ holds: false })),
    () => instrumented.disable(),
    () => logLines.stop(),
    () => health.stop(),
    ...(config.log.winston ? [observeAppWinston()] : []),
    observeBuild(),
    ...(config.metrics.process ? [observeProcess()] : []),
    observeCrashes((error) => logLines.crash(error)),
    drainOnAppSignals(() => void health.drain()),
    ...(config.flushOnExit ? [installExitPolicy(flush)] : []),
  ]

  let state: Telemetry['state'] = 'running'
  return {
    get state() {
      return state
    },
    config,
    problems,
    endpoint: {
      get url() {
        return endpoint?.url
      },
      ready,
    },
    handler,
    health,
    meterProvider,
    get tracerProvider() {
      return trace.getTracerProvider()
    },
    get loggerProvider() {
      return logs.getLoggerProvider()
    },
    forceFlush: async () => (state === 'running' ? flush.all() : true),
    async shutdown() {
      if (state !== 'running') return
      state = 'stopped'
      await endpoint?.close()
      const isDelivered = await flush.shutdown()
      for (const stop of stops) stop()
      unregisterSdk(theirs)
      if (!isDelivered) flush.sayLost()
    },
  }
}
