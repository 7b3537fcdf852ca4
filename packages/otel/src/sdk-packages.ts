import { createRequire } from 'node:module'

import type * as AsyncHooks from '@opentelemetry/context-async-hooks'
import type * as Core from '@opentelemetry/core'
import type * as MetricsHttp from '@opentelemetry/exporter-metrics-otlp-http'
import type * as Zipkin from '@opentelemetry/exporter-zipkin'
import type * as Instrumentation from '@opentelemetry/instrumentation'
import type * as HttpInstrumentation from '@opentelemetry/instrumentation-http'
import type * as UndiciInstrumentation from '@opentelemetry/instrumentation-undici'
import type * as OtlpHttp from '@opentelemetry/otlp-exporter-base/node-http'
import type * as OtlpTransformer from '@opentelemetry/otlp-transformer'
import type * as B3 from '@opentelemetry/propagator-b3'
import type * as Resources from '@opentelemetry/resources'
import type * as Logs from '@opentelemetry/sdk-logs'
import type * as Metrics from '@opentelemetry/sdk-metrics'
import type * as Node from '@opentelemetry/sdk-node'
import type * as Trace from '@opentelemetry/sdk-trace'

const require = createRequire(import.meta.url)

/** What is used of the packages of the OpenTelemetry SDK. */
export interface SdkPackages {
  readonly asyncHooks: Pick<typeof AsyncHooks, 'AsyncLocalStorageContextManager'>
  readonly b3: Pick<typeof B3, 'B3InjectEncoding' | 'B3Propagator'>
  readonly core: Pick<
    typeof Core,
    | 'AddAttributeDecision'
    | 'addHrTimes'
    | 'cleanAttributes'
    | 'cleanSimpleAttributes'
    | 'CompositePropagator'
    | 'ExportResultCode'
    | 'hrTime'
    | 'hrTimeDuration'
    | 'isTimeInput'
    | 'isTimeInputHrTime'
    | 'isTracingSuppressed'
    | 'maybeAddAttribute'
    | 'millisToHrTime'
    | 'parseKeyPairsIntoRecord'
    | 'suppressTracing'
    | 'W3CBaggagePropagator'
    | 'W3CTraceContextPropagator'
  >
  readonly httpInstrumentation: Pick<typeof HttpInstrumentation, 'HttpInstrumentation'>
  readonly instrumentation: Pick<typeof Instrumentation, 'registerInstrumentations'>
  readonly logs: Pick<typeof Logs, 'ConsoleLogRecordExporter' | 'LoggerProvider' | 'SimpleLogRecordProcessor'>
  readonly metrics: Pick<
    typeof Metrics,
    'ConsoleMetricExporter' | 'MeterProvider' | 'MetricReader' | 'PeriodicExportingMetricReader'
  >
  readonly metricsHttp: Pick<typeof MetricsHttp, 'OTLPMetricExporterBase'>
  readonly node: Pick<typeof Node, 'NodeSDK' | 'startNodeSdk'>
  readonly otlpHttp: Pick<typeof OtlpHttp, 'convertLegacyHttpOptions'>
  readonly otlpTransformer: Pick<
    typeof OtlpTransformer,
    | 'JsonLogsSerializer'
    | 'JsonMetricsSerializer'
    | 'JsonTraceSerializer'
    | 'ProtobufLogsSerializer'
    | 'ProtobufMetricsSerializer'
    | 'ProtobufTraceSerializer'
  >
  readonly resources: Pick<
    typeof Resources,
    'defaultResource' | 'detectResources' | 'envDetector' | 'osDetector' | 'processDetector' | 'resourceFromAttributes'
  >
  readonly trace: Pick<
    typeof Trace,
    | 'AlwaysOffSampler'
    | 'AlwaysOnSampler'
    | 'BatchSpanProcessor'
    | 'ConsoleSpanExporter'
    | 'ParentBasedSampler'
    | 'RandomIdGenerator'
    | 'SamplingDecision'
    | 'SimpleSpanProcessor'
    | 'TraceIdRatioBasedSampler'
    | 'TracerProvider'
  >
  readonly undiciInstrumentation: Pick<typeof UndiciInstrumentation, 'UndiciInstrumentation'>
  readonly zipkin: Pick<typeof Zipkin, 'ZipkinExporter'>
}

const SPECIFIERS: Readonly<Record<keyof SdkPackages, string>> = {
  asyncHooks: '@opentelemetry/context-async-hooks',
  b3: '@opentelemetry/propagator-b3',
  core: '@opentelemetry/core',
  httpInstrumentation: '@opentelemetry/instrumentation-http',
  instrumentation: '@opentelemetry/instrumentation',
  logs: '@opentelemetry/sdk-logs',
  metrics: '@opentelemetry/sdk-metrics',
  metricsHttp: '@opentelemetry/exporter-metrics-otlp-http',
  node: '@opentelemetry/sdk-node',
  otlpHttp: '@opentelemetry/otlp-exporter-base/node-http',
  otlpTransformer: '@opentelemetry/otlp-transformer',
  resources: '@opentelemetry/resources',
  trace: '@opentelemetry/sdk-trace',
  undiciInstrumentation: '@opentelemetry/instrumentation-undici',
  zipkin: '@opentelemetry/exporter-zipkin',
}

/**
 * The SDK's packages, each loaded when it is first asked for: what is off costs no start-up. They are required, not
 * imported, because their CommonJS builds load in half the time, and so that one copy serves apps of either format.
 */
export const sdkPackages: SdkPackages = Object.defineProperties(
  {} as SdkPackages,
  Object.fromEntries(
    Object.entries(SPECIFIERS).map(([name, specifier]) => [
      name,
      { configurable: true, get: loadOnce(name, specifier) },
    ]),
  ),
)

/** A module that has been loaded takes the place of its getter: looking it up again costs as much as a small span. */
function loadOnce(name: string, specifier: string): () => unknown {
  return () => {
    const loaded: unknown = require(specifier)
    Object.defineProperty(sdkPackages, name, { value: loaded })
    return loaded
  }
}
