import { createMeterProvider } from '@mcp/otel-core'
import type { CatalogueMeterProvider } from '@mcp/otel-core'
import { SpanKind, context, propagation } from '@opentelemetry/api'
import type { Attributes } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { CompositePropagator, W3CBaggagePropagator, W3CTraceContextPropagator } from '@opentelemetry/core'
import { InMemorySpanExporter, type ReadableSpan, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace'

/** The project's own meters and the official tracers, of one test's own. */
export interface TestTelemetry {
  readonly meterProvider: CatalogueMeterProvider
  readonly tracerProvider: TracerProvider
  /** Spans that have ended, in the order of their ends. */
  readonly spans: () => ReadableSpan[]
  /** Spans of one side, by name. */
  readonly spansOf: (side: 'server' | 'client', name: string) => ReadableSpan[]
  /** The points of a metric as `label=value,…` → value; a histogram's value is its count. */
  readonly points: (metric: string) => Record<string, number>
}

export function createTestTelemetry(): TestTelemetry {
  const meterProvider = createMeterProvider()
  const exporter = new InMemorySpanExporter()
  const spans = (): ReadableSpan[] => exporter.getFinishedSpans()
  return {
    meterProvider,
    tracerProvider: new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] }),
    spans,
    spansOf: (side, name) =>
      spans().filter(
        (span) => span.name === name && span.kind === (side === 'server' ? SpanKind.SERVER : SpanKind.CLIENT),
      ),
    points: (metric) => pointsOf(meterProvider.readSeries(metric)),
  }
}

function pointsOf(points: readonly { attributes: Attributes; value: unknown }[]): Record<string, number> {
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
