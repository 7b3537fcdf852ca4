import type { Config } from '@mcp/otel-core'
import type { TextMapPropagator } from '@opentelemetry/api'
import type { Sampler, SpanExporter, SpanProcessor } from '@opentelemetry/sdk-trace'

import type { ExportObserver } from '../export/export-failure.ts'
import { createExportVoice } from '../export/export-failure.ts'
import { createOtlpSpanPipeline } from '../export/otlp-exporters.ts'
import { watchExporter } from '../export/watch-exporter.ts'
import { sdkPackages } from '../sdk-packages.ts'
import type { Pipeline } from './pipeline.ts'
import { createTraceContextPropagator } from './trace-context-propagator.ts'

/** Creates the sampler that the configuration names. */
export function createSampler({ traces: { sampler, samplerRatio } }: Config): Sampler {
  const { AlwaysOffSampler, AlwaysOnSampler, ParentBasedSampler, TraceIdRatioBasedSampler } = sdkPackages.trace
  const roots: Readonly<Record<string, () => Sampler>> = {
    always_on: () => new AlwaysOnSampler(),
    always_off: () => new AlwaysOffSampler(),
    traceidratio: () => new TraceIdRatioBasedSampler(samplerRatio),
  }
  const root = roots[sampler.replace('parentbased_', '')]!()
  return sampler.startsWith('parentbased_') ? new ParentBasedSampler({ root }) : root
}

/** Returns which share of the traces that begin here the sampler takes that the configuration names. */
export function sampledShare({ traces: { sampler, samplerRatio } }: Config): number {
  if (sampler.endsWith('always_on')) return 1
  return sampler.endsWith('always_off') ? 0 : samplerRatio
}

/** Creates the propagator that the configuration names; `null` for none. */
export function createPropagator({ propagators }: Config): TextMapPropagator | null {
  if (propagators.length === 0) return null
  const { CompositePropagator, W3CBaggagePropagator } = sdkPackages.core
  const byName: Readonly<Record<(typeof propagators)[number], () => TextMapPropagator>> = {
    tracecontext: createTraceContextPropagator,
    baggage: () => new W3CBaggagePropagator(),
    b3: () => new sdkPackages.b3.B3Propagator(),
    b3multi: () => new sdkPackages.b3.B3Propagator({ injectEncoding: sdkPackages.b3.B3InjectEncoding.MULTI_HEADER }),
  }
  return new CompositePropagator({ propagators: propagators.map((name) => byName[name]()) })
}

/** Creates a span processor for each exporter of traces that the configuration names. */
export function createSpanPipelines(config: Config, observer: ExportObserver): Pipeline<SpanProcessor>[] {
  const { BatchSpanProcessor, ConsoleSpanExporter, SimpleSpanProcessor } = sdkPackages.trace
  const { batch } = config.traces
  return config.traces.exporters.map((name) => {
    if (name === 'console') return { processor: new SimpleSpanProcessor({ exporter: new ConsoleSpanExporter() }) }
    if (name === 'otlp') return createOtlpSpanPipeline(config, observer)
    const exporter: SpanExporter = new sdkPackages.zipkin.ZipkinExporter()
    watchExporter(exporter, createExportVoice('traces', 'zipkin', observer))
    return { processor: new BatchSpanProcessor({ ...batch, exporter }) }
  })
}
