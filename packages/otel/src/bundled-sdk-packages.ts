import { createRequire } from 'node:module'

import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import {
  AddAttributeDecision,
  addHrTimes,
  cleanAttributes,
  cleanSimpleAttributes,
  CompositePropagator,
  ExportResultCode,
  hrTime,
  hrTimeDuration,
  isTimeInput,
  isTimeInputHrTime,
  isTracingSuppressed,
  maybeAddAttribute,
  millisToHrTime,
  parseKeyPairsIntoRecord,
  suppressTracing,
  W3CBaggagePropagator,
  W3CTraceContextPropagator,
} from '@opentelemetry/core'
import { OTLPMetricExporterBase } from '@opentelemetry/exporter-metrics-otlp-http'
import { registerInstrumentations } from '@opentelemetry/instrumentation'
import { HttpInstrumentation } from '@opentelemetry/instrumentation-http'
import { UndiciInstrumentation } from '@opentelemetry/instrumentation-undici'
import { convertLegacyHttpOptions } from '@opentelemetry/otlp-exporter-base/node-http'
import {
  JsonLogsSerializer,
  JsonMetricsSerializer,
  JsonTraceSerializer,
  ProtobufLogsSerializer,
  ProtobufMetricsSerializer,
  ProtobufTraceSerializer,
} from '@opentelemetry/otlp-transformer'
import {
  defaultResource,
  detectResources,
  envDetector,
  osDetector,
  processDetector,
  resourceFromAttributes,
} from '@opentelemetry/resources'
import { ConsoleLogRecordExporter, LoggerProvider, SimpleLogRecordProcessor } from '@opentelemetry/sdk-logs'
import {
  ConsoleMetricExporter,
  MeterProvider,
  MetricReader,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics'
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  BatchSpanProcessor,
  ConsoleSpanExporter,
  ParentBasedSampler,
  RandomIdGenerator,
  SamplingDecision,
  SimpleSpanProcessor,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from '@opentelemetry/sdk-trace'

import type { SdkPackages } from './sdk-packages.ts'

const require = createRequire(import.meta.url)

/**
 * The SDK's packages as the one file of `register` has them: what most processes use is in that file, since to find and
 * read two hundred files takes longer than all else at the start. It is named one by one, so that the rest of these packages
 * is left out. What few processes use is loaded when it is first asked for.
 */
export const sdkPackages: SdkPackages = {
  asyncHooks: { AsyncLocalStorageContextManager },
  core: {
    AddAttributeDecision,
    addHrTimes,
    cleanAttributes,
    cleanSimpleAttributes,
    CompositePropagator,
    ExportResultCode,
    hrTime,
    hrTimeDuration,
    isTimeInput,
    isTimeInputHrTime,
    isTracingSuppressed,
    maybeAddAttribute,
    millisToHrTime,
    parseKeyPairsIntoRecord,
    suppressTracing,
    W3CBaggagePropagator,
    W3CTraceContextPropagator,
  },
  httpInstrumentation: { HttpInstrumentation },
  instrumentation: { registerInstrumentations },
  logs: { ConsoleLogRecordExporter, LoggerProvider, SimpleLogRecordProcessor },
  metrics: { ConsoleMetricExporter, MeterProvider, MetricReader, PeriodicExportingMetricReader },
  metricsHttp: { OTLPMetricExporterBase },
  otlpHttp: { convertLegacyHttpOptions },
  otlpTransformer: {
    JsonLogsSerializer,
    JsonMetricsSerializer,
    JsonTraceSerializer,
    ProtobufLogsSerializer,
    ProtobufMetricsSerializer,
    ProtobufTraceSerializer,
  },
  resources: {
    defaultResource,
    detectResources,
    envDetector,
    osDetector,
    processDetector,
    resourceFromAttributes,
  },
  trace: {
    AlwaysOffSampler,
    AlwaysOnSampler,
    BatchSpanProcessor,
    ConsoleSpanExporter,
    ParentBasedSampler,
    RandomIdGenerator,
    SamplingDecision,
    SimpleSpanProcessor,
    TraceIdRatioBasedSampler,
    TracerProvider,
  },
  undiciInstrumentation: { UndiciInstrumentation },
  get b3() {
    return require('@opentelemetry/propagator-b3')
  },
  get node() {
    return require('@opentelemetry/sdk-node')
  },
  get zipkin() {
    return require('@opentelemetry/exporter-zipkin')
  },
}
