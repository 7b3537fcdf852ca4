import { EventEmitter, once } from 'node:events'

import { context, propagation, SpanKind } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { W3CTraceContextPropagator } from '@opentelemetry/core'
import { MeterProvider, MetricReader } from '@opentelemetry/sdk-metrics'
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace'
import type { ReadableSpan, Sampler } from '@opentelemetry/sdk-trace'
import { onTestFinished } from 'vitest'

import { HttpServerInstrumentation } from '../../src/index.ts'
import type { HttpServerInstrumentationConfig, RequestInfo } from '../../src/index.ts'

class PulledReader extends MetricReader {
  protected override async onForceFlush(): Promise<void> {}
  protected override async onShutdown(): Promise<void> {}
}

interface Point {
  readonly attributes: Record<string, unknown>
  readonly value: number | { readonly count: number; readonly sum?: number }
}

/** What one instrumentation with providers of its own has seen. */
export interface Observation {
  readonly instrumentation: HttpServerInstrumentation
  readonly meterProvider: MeterProvider
  readonly tracerProvider: TracerProvider
  /** Every request that has ended, in order. */
  readonly requests: readonly RequestInfo[]
  /** Resolves once `count` requests have ended. */
  ended(count: number): Promise<void>
  /** `mcp.requests` as `{'GET /users/:id 200': 1}`. */
  counts(): Promise<Record<string, number>>
  /** Number of measurements of `mcp.request.duration`, as `{'GET /users/:id': 1}`. */
  durations(): Promise<Record<string, number>>
  /** `mcp.errors` of source `http` by type. */
  errors(): Promise<Record<string, number>>
  /** Requests and connections that are active. */
  active(): Promise<{ requests: number; connections: number }>
  /** Resolves once nothing is active any more. */
  idle(): Promise<void>
  /** Spans that have ended, with kind SERVER. */
  serverSpans(): ReadableSpan[]
  /** All spans that have ended. */
  spans(): ReadableSpan[]
}

/** Observes the HTTP servers of this process until the test is over. */
export function observe(options: HttpServerInstrumentationConfig & { sampler?: Sampler } = {}): Observation {
  const { sampler, ...config } = options
  const reader = new PulledReader()
  const meterProvider = new MeterProvider({ readers: [reader] })
  const exporter = new InMemorySpanExporter()
  const tracerProvider = new TracerProvider({
    spanProcessors: [new SimpleSpanProcessor({ exporter })],
    ...(sampler && { sampler }),
  })
  context.setGlobalContextManager(new AsyncLocalStorageContextManager())
  propagation.setGlobalPropagator(new W3CTraceContextPropagator())
  const requests: RequestInfo[] = []
  const events = new EventEmitter()
  const instrumentation = new HttpServerInstrumentation({
    meterProvider,
    tracerProvider,
    ...config,
    onRequest: (info) => {
      requests.push(info)
      events.emit('request')
      config.onRequest?.(info)
    },
  })
  onTestFinished(async () => {
    instrumentation.disable()
    context.disable()
    propagation.disable()
    await meterProvider.shutdown()
    await tracerProvider.shutdown()
  })
  const points = async (name: string): Promise<Point[]> => {
    const { resourceMetrics } = await reader.collect()
    const metrics = resourceMetrics.scopeMetrics.flatMap((scope) => scope.metrics)
    return metrics.filter((metric) => metric.descriptor.name === name).flatMap((metric) => metric.dataPoints as Point[])
  }
  const table = async (name: string, key: (attributes: Record<string, unknown>) => string) =>
    Object.fromEntries((await points(name)).map(({ attributes, value }) => [key(attributes), amount(value)]))
  const sum = async (name: string) => (await points(name)).reduce((total, { value }) => total + amount(value), 0)
  const active = async () => ({
    requests: await sum('mcp.active_requests'),
    connections: await sum('mcp.active_connections'),
  })
  return {
    instrumentation,
    meterProvider,
    tracerProvider,
    requests,
    ended: async (count) => {
      while (requests.length < count) await once(events, 'request')
    },
    counts: () => table('mcp.requests', ({ method, endpoint, status }) => [method, endpoint, status].join(' ')),
    durations: () => table('mcp.request.duration', ({ method, endpoint }) => [method, endpoint].join(' ')),
    errors: () => table('mcp.errors', ({ type }) => String(type)),
    active,
    idle: async () => {
      for (;;) {
        const { requests: left, connections } = await active()
        if (left === 0 && connections === 0) return
        await new Promise((resolve) => setImmediate(resolve))
      }
    },
    serverSpans: () => exporter.getFinishedSpans().filter((span) => span.kind === SpanKind.SERVER),
    spans: () => exporter.getFinishedSpans(),
  }
}

function amount(value: Point['value']): number {
  return typeof value === 'number' ? value : value.count
}
