import type { Config } from '@mcp/otel-core'
import { TraceFlags } from '@opentelemetry/api'
import type { ISerializer } from '@opentelemetry/otlp-transformer'
import type { LogRecordProcessor, ReadableLogRecord } from '@opentelemetry/sdk-logs'
import type { PushMetricExporter, ResourceMetrics } from '@opentelemetry/sdk-metrics'
import type { ReadableSpan, SpanProcessor } from '@opentelemetry/sdk-trace'

import { idsOf } from '../ids/span-ids.ts'
import { sdkPackages } from '../sdk-packages.ts'
import type { Pipeline } from '../sdk/pipeline.ts'
import { createBatchQueue, type BatchQueue } from './batch-queue.ts'
import { createExportVoice, type ExportObserver, type ExportVoice, type Signal } from './export-failure.ts'
import { createOtlpDelegate, type OtlpDelegate } from './otlp-delegate.ts'
import type { LastRequest } from './otlp-request.ts'
import { grpcTarget, otlpTarget } from './otlp-target.ts'
import { createGrpcSender } from './send-by-grpc.ts'
import { sendByHttp } from './send-by-http.ts'
import { createSpanSerializer } from './span-serializer.ts'
import { strictJson } from './strict-json.ts'

/** What the end of the process needs of an exporter. */
export interface Exporting {
  /** Waits for what is under way. */
  forceFlush(): Promise<void>
  /** The process is about to end. */
  hurry(): void
  /** Returns what has not left the process, for the sender of last words. */
  lastRequests(): LastRequest[]
}

const JSON_TYPE = 'application/json'
const PROTOBUF_TYPE = 'application/x-protobuf'

/** Creates what exports spans by OTLP. */
export function createOtlpSpanPipeline(config: Config, observer: ExportObserver): Pipeline<SpanProcessor> {
  const { JsonTraceSerializer, ProtobufTraceSerializer } = sdkPackages.otlpTransformer
  const sender = createSender(
    'traces',
    config,
    observer,
    createSpanSerializer(ProtobufTraceSerializer),
    JsonTraceSerializer,
  )
  const queue = createBatchQueue<ReadableSpan>(config.traces.batch, sender.delegate, sender.voice)
  const processor = {
    ...processorOf(queue),
    onStart() {},
    onEnd(span: ReadableSpan) {
      const { traceFlags } = idsOf(span)?.trace ?? span.spanContext()
      if ((traceFlags & TraceFlags.SAMPLED) !== 0) queue.add(span)
    },
  }
  return { processor, exporting: exportingOf(sender.delegate, () => queue.takeAll()) }
}

/** Creates what exports log records by OTLP. */
export function createOtlpLogPipeline(config: Config, observer: ExportObserver): Pipeline<LogRecordProcessor> {
  const { JsonLogsSerializer, ProtobufLogsSerializer } = sdkPackages.otlpTransformer
  const sender = createSender('logs', config, observer, ProtobufLogsSerializer, JsonLogsSerializer)
  const queue = createBatchQueue<ReadableLogRecord>(config.logs.batch, sender.delegate, sender.voice)
  const processor = { ...processorOf(queue), onEmit: (record: ReadableLogRecord) => queue.add(record) }
  return { processor, exporting: exportingOf(sender.delegate, () => queue.takeAll()) }
}

/** An exporter of metrics, and what the end of the process needs of it, given what it still has to send then. */
export interface MetricExport {
  readonly exporter: PushMetricExporter
  readonly exporting: (remaining: () => ResourceMetrics) => Exporting
}

export function createOtlpMetricExport(config: Config, observer: ExportObserver): MetricExport {
  const { JsonMetricsSerializer, ProtobufMetricsSerializer } = sdkPackages.otlpTransformer
  const { delegate } = createSender('metrics', config, observer, ProtobufMetricsSerializer, JsonMetricsSerializer)
  return {
    exporter: new sdkPackages.metricsHttp.OTLPMetricExporterBase(delegate),
    exporting: (remaining) => exportingOf(delegate, () => [remaining()]),
  }
}

interface Sender<T> {
  readonly delegate: OtlpDelegate<T>
  readonly voice: ExportVoice
}

function createSender<T>(
  signal: Signal,
  config: Config,
  observer: ExportObserver,
  protobuf: ISerializer<T, unknown>,
  json: ISerializer<T, unknown>,
): Sender<T> {
  const protocol = config[signal].protocol ?? config.otlp.protocol
  const isJson = protocol === 'http/json'
  const isGrpc = protocol === 'grpc'
  const { exportTimeoutMillis } = signal === 'metrics' ? config.metrics : config[signal].batch
  const read = isGrpc ? grpcTarget(signal) : otlpTarget(signal, isJson ? JSON_TYPE : PROTOBUF_TYPE)
  const target = { ...read, timeoutMillis: Math.min(read.timeoutMillis, exportTimeoutMillis) }
  const voice = createExportVoice(signal, isGrpc ? new URL(target.url).origin : target.url, observer)
  const send = isGrpc ? createGrpcSender() : sendByHttp
  return {
    voice,
    delegate: createOtlpDelegate({ target, send, voice, serializer: isJson ? strictJson(json) : protobuf }),
  }
}

function processorOf<T>(queue: BatchQueue<T>) {
  return { limits: queue.limits, forceFlush: () => queue.forceFlush(), shutdown: () => queue.shutdown() }
}

function exportingOf<T>(delegate: OtlpDelegate<T>, remaining: () => readonly T[]): Exporting {
  return {
    forceFlush: () => delegate.forceFlush(),
    hurry: () => delegate.hurry(),
    lastRequests: () => delegate.lastRequests(remaining()),
  }
}
