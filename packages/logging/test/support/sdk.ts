import { context, logs, trace } from '@opentelemetry/api'
import type { Tracer } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { InMemoryLogRecordExporter, LoggerProvider, SimpleLogRecordProcessor } from '@opentelemetry/sdk-logs'
import type { LogRecordExporter, ReadableLogRecord } from '@opentelemetry/sdk-logs'
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics'
import { TracerProvider } from '@opentelemetry/sdk-trace'
import { onTestFinished } from 'vitest'

export interface Sdk {
  readonly tracer: Tracer
  /** The log records that have arrived. */
  readonly records: () => readonly ReadableLogRecord[]
  readonly flush: () => Promise<void>
}

/** Registers an OpenTelemetry SDK, taken back when the test ends. */
export function registerSdk(exporter?: LogRecordExporter): Sdk {
  const memory = new InMemoryLogRecordExporter()
  const provider = new LoggerProvider({ processors: [new SimpleLogRecordProcessor({ exporter: exporter ?? memory })] })
  const tracers = new TracerProvider()
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
  trace.setGlobalTracerProvider(tracers)
  logs.setGlobalLoggerProvider(provider)
  onTestFinished(async () => {
    context.disable()
    trace.disable()
    logs.disable()
    await provider.shutdown()
    await tracers.shutdown()
  })
  return {
    tracer: tracers.getTracer('test'),
    records: () => memory.getFinishedLogRecords(),
    flush: () => provider.forceFlush(),
  }
}

/** A meter provider, and a way to read what a counter has come to. */
export function meterInMemory(): { provider: MeterProvider; sum: (name: string) => Promise<number> } {
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE)
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 })
  const provider = new MeterProvider({ readers: [reader] })
  onTestFinished(() => provider.shutdown())
  return {
    provider,
    sum: async (name) => {
      await provider.forceFlush()
      const metrics =
        exporter
          .getMetrics()
          .at(-1)
          ?.scopeMetrics.flatMap((scope) => scope.metrics) ?? []
      let total = 0
      for (const { descriptor, dataPoints } of metrics) {
        if (descriptor.name === name) for (const { value } of dataPoints) total += Number(value)
      }
      return total
    },
  }
}
