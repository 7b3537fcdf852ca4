import type { Config } from '@mcp/otel-core'
import type { ISerializer } from '@opentelemetry/otlp-transformer'
import type { LogRecordExporter } from '@opentelemetry/sdk-logs'
import type { PushMetricExporter, ResourceMetrics } from '@opentelemetry/sdk-metrics'
import type { SpanExporter } from '@opentelemetry/sdk-trace'

import { sdkPackages } from '../sdk-packages.ts'
import { createExportVoice, type ExportObserver, type Signal } from './export-failure.ts'
import { createOtlpHttpDelegate, type OtlpHttpDelegate } from './otlp-http-delegate.ts'
import type { LastRequest } from './otlp-http-request.ts'
import { otlpTarget } from './otlp-target.ts'
import { watchExporter } from './watch-exporter.ts'

/** An exporter, and what the end of the process needs of it. */
export interface Exporting<E> {
  readonly exporter: E
  /** Waits for what is under way. */
  forceFlush(): Promise<void>
  /** The process is about to end. */
  hurry(): void
  /** Returns what has not left the process, and these items, for the sender of last words; gRPC has none. */
  lastRequests(items: unknown): LastRequest[]
}

const JSON_TYPE = 'application/json'
const PROTOBUF_TYPE = 'application/x-protobuf'

export function createOtlpSpanExporter(config: Config, observer: ExportObserver): Exporting<SpanExporter> {
  const protocol = protocolOf(config, 'traces')
  if (protocol === 'grpc') return watched(new sdkPackages.traceGrpc.OTLPTraceExporter(), 'traces', config, observer)
  const { JsonTraceSerializer, ProtobufTraceSerializer } = sdkPackages.otlpTransformer
  const serializer = protocol === 'http/json' ? JsonTraceSerializer : ProtobufTraceSerializer
  const delegate = createDelegate('traces', protocol, serializer, observer)
  return exporting(new sdkPackages.otlpBase.OTLPExporterBase(delegate), delegate)
}

export function createOtlpLogExporter(config: Config, observer: ExportObserver): Exporting<LogRecordExporter> {
  const protocol = protocolOf(config, 'logs')
  if (protocol === 'grpc') return watched(new sdkPackages.logsGrpc.OTLPLogExporter(), 'logs', config, observer)
  const { JsonLogsSerializer, ProtobufLogsSerializer } = sdkPackages.otlpTransformer
  const serializer = protocol === 'http/json' ? JsonLogsSerializer : ProtobufLogsSerializer
  const delegate = createDelegate('logs', protocol, serializer, observer)
  return exporting(new sdkPackages.otlpBase.OTLPExporterBase(delegate), delegate)
}

export function createOtlpMetricExporter(config: Config, observer: ExportObserver): Exporting<PushMetricExporter> {
  const protocol = protocolOf(config, 'metrics')
  if (protocol === 'grpc') return watched(new sdkPackages.metricsGrpc.OTLPMetricExporter(), 'metrics', config, observer)
  const { JsonMetricsSerializer, ProtobufMetricsSerializer } = sdkPackages.otlpTransformer
  const serializer = protocol === 'http/json' ? JsonMetricsSerializer : ProtobufMetricsSerializer
  const delegate = createDelegate<ResourceMetrics>('metrics', protocol, serializer, observer)
  return exporting(new sdkPackages.metricsHttp.OTLPMetricExporterBase(delegate), delegate)
}

function protocolOf(config: Config, signal: Signal): 'http/protobuf' | 'http/json' | 'grpc' {
  return config[signal].protocol ?? config.otlp.protocol
}

function createDelegate<T>(
  signal: Signal,
  protocol: string,
  serializer: ISerializer<T, unknown>,
  observer: ExportObserver,
): OtlpHttpDelegate<T> {
  const target = otlpTarget(signal, protocol === 'http/json' ? JSON_TYPE : PROTOBUF_TYPE)
  return createOtlpHttpDelegate({ target, serializer, voice: createExportVoice(signal, target.url, observer) })
}

function exporting<T, E>(exporter: E, delegate: OtlpHttpDelegate<T>): Exporting<E> {
  return {
    exporter,
    forceFlush: () => delegate.forceFlush(),
    hurry: () => delegate.hurry(),
    lastRequests: (items) => delegate.lastRequests(items as T | undefined),
  }
}

function watched<E extends Parameters<typeof watchExporter>[0]>(
  exporter: E,
  signal: Signal,
  config: Config,
  observer: ExportObserver,
): Exporting<E> {
  const target = config[signal].endpoint ?? config.otlp.endpoint ?? 'localhost:4317'
  watchExporter(exporter, createExportVoice(signal, target, observer))
  return { exporter, forceFlush: async () => exporter.forceFlush?.(), hurry: () => {}, lastRequests: () => [] }
}
