import { withoutCredentials, type Config } from '@mcp/otel-core'

import { reasonOf } from '../diagnostics/diag-text.ts'
import type { ExportObserver, Signal } from '../export/export-failure.ts'
import {
  createOtlpLogPipeline,
  createOtlpMetricExport,
  createOtlpSpanPipeline,
  type Exporting,
} from '../export/otlp-exporters.ts'
import { withVariables } from '../export/with-variables.ts'
import { createResource } from '../identity/create-resource.ts'
import { sdkPackages } from '../sdk-packages.ts'
import { standardVariables } from '../sdk/standard-variables.ts'

/** How the test export of a signal went. */
export interface ExportOutcome {
  readonly signal: Signal
  /** Where to, credentials redacted. */
  readonly target: string
  readonly protocol: string
  /** Why it failed; `undefined` when the collector took it. */
  readonly reason?: string
  readonly millis: number
}

/** A collector that has not answered by then is as good as none for whoever waits. */
const DEADLINE_MILLIS = 5000

const NAME = 'mcp-otel doctor'

/**
 * Sends one span, one metric and one log record, each called `mcp-otel doctor`, to where OTLP exporters of this configuration
 * send; nothing is registered. Never rejects.
 */
export async function testExports(config: Config): Promise<ExportOutcome[]> {
  const signals = (['traces', 'metrics', 'logs'] as const).filter((signal) =>
    config[signal].exporters.some((name) => name === 'otlp'),
  )
  return Promise.all(signals.map((signal) => testExport(signal, config)))
}

async function testExport(signal: Signal, config: Config): Promise<ExportOutcome> {
  const start = performance.now()
  const reason = await send(signal, config)
  const protocol = config[signal].protocol ?? config.otlp.protocol
  const target = config[signal].endpoint ?? config.otlp.endpoint ?? `localhost:${protocol === 'grpc' ? 4317 : 4318}`
  const millis = Math.round(performance.now() - start)
  return { signal, target: withoutCredentials(target), protocol, millis, ...(reason !== undefined && { reason }) }
}

function send(signal: Signal, config: Config): Promise<string | undefined> {
  return new Promise((resolve) => {
    const observer: ExportObserver = {
      succeeded: () => resolve(undefined),
      failed: (_signal, why) => resolve(why),
      lost() {},
    }
    setTimeout(resolve, DEADLINE_MILLIS, `no answer within ${DEADLINE_MILLIS} ms`).unref()
    try {
      withVariables(standardVariables(config, process.env), () => void SENDERS[signal](config, observer).catch(failed))
    } catch (error) {
      failed(error)
    }
    function failed(error: unknown): void {
      resolve(reasonOf(error))
    }
  })
}

type Send = (config: Config, observer: ExportObserver) => Promise<void>

const SENDERS: Readonly<Record<Signal, Send>> = {
  traces(config, observer) {
    const { processor, exporting } = createOtlpSpanPipeline(config, observer)
    const { AlwaysOnSampler, TracerProvider } = sdkPackages.trace
    const resource = createResource(config)
    const provider = new TracerProvider({ resource, sampler: new AlwaysOnSampler(), spanProcessors: [processor] })
    provider.getTracer(NAME).startSpan(NAME).end()
    return sent(processor, exporting)
  },
  metrics(config, observer) {
    const { exporter, exporting } = createOtlpMetricExport(config, observer)
    const { MeterProvider, PeriodicExportingMetricReader } = sdkPackages.metrics
    const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 2 ** 30 })
    const resource = createResource(config)
    const provider = new MeterProvider({ resource, readers: [reader] })
    provider.getMeter(NAME).createCounter('mcp.telemetry.doctor').add(1)
    return sent(
      reader,
      exporting(() => ({ resource, scopeMetrics: [] })),
    )
  },
  logs(config, observer) {
    const { processor, exporting } = createOtlpLogPipeline(config, observer)
    const provider = new sdkPackages.logs.LoggerProvider({ resource: createResource(config), processors: [processor] })
    provider.getLogger(NAME).emit({ body: NAME })
    return sent(processor, exporting)
  },
}

/** A reader or processor that is closed sends what it has, once. */
async function sent(processor: { shutdown(): Promise<void> }, exporting?: Exporting): Promise<void> {
  // One answer is enough to say whether there is one.
  exporting?.hurry()
  await processor.shutdown()
  await exporting?.forceFlush()
}
