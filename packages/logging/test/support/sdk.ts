import { context, logs, trace } from '@opentelemetry/api'
import type { Tracer } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { InMemoryLogRecordExporter, LoggerProvider, SimpleLogRecordProcessor } from '@opentelemetry/sdk-logs'
import type { LogRecordExporter, ReadableLogRecord } from '@opentelemetry/sdk-logs'
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
