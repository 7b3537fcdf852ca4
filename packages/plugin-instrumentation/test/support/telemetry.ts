import { ROOT_CONTEXT, context, propagation, trace } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { W3CTraceContextPropagator } from '@opentelemetry/core'
import { type MetricData, MeterProvider, MetricReader } from '@opentelemetry/sdk-metrics'
import { InMemorySpanExporter, type ReadableSpan, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace'

class PulledReader extends MetricReader {
  protected override onForceFlush(): Promise<void> {
    return Promise.resolve()
  }
  protected override onShutdown(): Promise<void> {
    return Promise.resolve()
  }
}

/** A real SDK of one test's own: providers to hand over, and what they got. */
export interface Telemetry {
  readonly meterProvider: MeterProvider
  readonly tracerProvider: TracerProvider
  /** Spans that have ended. */
  spans(): ReadableSpan[]
  /** The points of a metric, as `label=value,…` → value; a histogram's value is its count. */
  points(metric: string): Promise<Record<string, number>>
  metrics(): Promise<MetricData[]>
}

/** Creates the SDK of one test. */
export function createTelemetry(): Telemetry {
  const reader = new PulledReader()
  const exporter = new InMemorySpanExporter()
  const meterProvider = new MeterProvider({ readers: [reader] })
  const metrics = async (): Promise<MetricData[]> => {
    const { resourceMetrics, errors } = await reader.collect()
    if (errors.length > 0) throw new AggregateError(errors, 'collection failed')
    return resourceMetrics.scopeMetrics.flatMap((scope) => scope.metrics)
  }
  return {
    meterProvider,
    tracerProvider: new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] }),
    spans: () => exporter.getFinishedSpans(),
    metrics,
    async points(name) {
      const metric = (await metrics()).find(({ descriptor }) => descriptor.name === name)
      return Object.fromEntries(
        (metric?.dataPoints ?? []).map(({ attributes, value }) => [
          Object.entries(attributes)
            .map(([key, label]) => `${key}=${String(label)}`)
            .join(','),
          typeof value === 'number' ? value : value.count,
        ]),
      )
    },
  }
}

/** Registers what only the process as a whole can have: context over asynchronous calls, and W3C propagation. */
export function registerContext(): void {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
  propagation.setGlobalPropagator(new W3CTraceContextPropagator())
}

/** Takes away what `registerContext` registered. */
export function unregisterContext(): void {
  context.disable()
  propagation.disable()
  trace.disable()
}

/** Runs a function under a span, as a request does, and returns the span's id besides. */
export function underSpan<T>(telemetry: Telemetry, fn: () => T): { result: T; traceId: string; spanId: string } {
  const span = telemetry.tracerProvider.getTracer('test').startSpan('request', {}, ROOT_CONTEXT)
  const result = context.with(trace.setSpan(ROOT_CONTEXT, span), fn)
  span.end()
  return { result, ...span.spanContext() }
}
