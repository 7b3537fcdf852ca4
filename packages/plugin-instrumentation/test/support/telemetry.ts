import { createMeterProvider } from '@mcp/otel-core'
import type { CatalogueMeterProvider } from '@mcp/otel-core'
import { ROOT_CONTEXT, context, propagation, trace } from '@opentelemetry/api'
import type { Attributes, Span } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { CompositePropagator, W3CBaggagePropagator, W3CTraceContextPropagator } from '@opentelemetry/core'
import { MeterProvider, MetricReader } from '@opentelemetry/sdk-metrics'
import { InMemorySpanExporter, type ReadableSpan, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace'

export { isTracingSuppressed } from '@opentelemetry/core'

class PulledReader extends MetricReader {
  protected override onForceFlush(): Promise<void> {
    return Promise.resolve()
  }
  protected override onShutdown(): Promise<void> {
    return Promise.resolve()
  }
}

/** The points of a metric, as `label=value,…` → value; a histogram's value is its count. */
type Points = Record<string, number>

interface Traces {
  readonly tracerProvider: TracerProvider
  /** Spans that have ended. */
  spans(): ReadableSpan[]
}

/** The official SDK, of one test's own: providers to hand over, and what they got. */
export interface Telemetry extends Traces {
  readonly meterProvider: MeterProvider
  points(metric: string): Promise<Points>
}

/** The project's own meters and the official tracers, of one test's own. */
export interface OwnTelemetry extends Traces {
  readonly meterProvider: CatalogueMeterProvider
  points(metric: string): Points
}

/** Creates the official SDK. */
export function createTelemetry(): Telemetry {
  const reader = new PulledReader()
  return {
    ...createTraces(),
    meterProvider: new MeterProvider({ readers: [reader] }),
    async points(name) {
      const { resourceMetrics, errors } = await reader.collect()
      if (errors.length > 0) throw new AggregateError(errors, 'collection failed')
      const metrics = resourceMetrics.scopeMetrics.flatMap((scope) => scope.metrics)
      return pointsOf(metrics.find(({ descriptor }) => descriptor.name === name)?.dataPoints ?? [])
    },
  }
}

/** Creates the project's own meters. */
export function createOwnTelemetry(): OwnTelemetry {
  const meterProvider = createMeterProvider()
  return { ...createTraces(), meterProvider, points: (name) => pointsOf(meterProvider.readSeries(name)) }
}

function createTraces(): Traces {
  const exporter = new InMemorySpanExporter()
  return {
    tracerProvider: new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] }),
    spans: () => exporter.getFinishedSpans(),
  }
}

function pointsOf(points: readonly { attributes: Attributes; value: unknown }[]): Points {
  return Object.fromEntries(
    points.map(({ attributes, value }) => [
      Object.entries(attributes)
        .map(([key, label]) => `${key}=${String(label)}`)
        .join(','),
      typeof value === 'number' ? value : (value as { count: number }).count,
    ]),
  )
}

/** Registers what only the process as a whole can have: context over asynchronous calls, and W3C propagation. */
export function registerContext(): void {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
  propagation.setGlobalPropagator(
    new CompositePropagator({ propagators: [new W3CTraceContextPropagator(), new W3CBaggagePropagator()] }),
  )
}

/** Takes away what `registerContext` registered. */
export function unregisterContext(): void {
  context.disable()
  propagation.disable()
}

/** Runs a function under a span, as a request does. */
export function underSpan<T>(
  { tracerProvider }: Traces,
  fn: () => T,
): { result: T; traceId: string; spanId: string; span: Span } {
  const span = tracerProvider.getTracer('test').startSpan('request', {}, ROOT_CONTEXT)
  const result = context.with(trace.setSpan(ROOT_CONTEXT, span), fn)
  span.end()
  return { result, span, ...span.spanContext() }
}
