import {
  context as contextApi,
  isSpanContextValid,
  SpanKind,
  trace,
  TraceFlags,
  type Context,
  type Span,
  type SpanContext,
  type SpanOptions,
  type Tracer,
  type TracerProvider,
} from '@opentelemetry/api'
import type { IdGenerator, Sampler } from '@opentelemetry/sdk-trace'

import { sdkPackages } from '../sdk-packages.ts'

/**
 * Creates a provider for when nothing exports spans: they have ids, so that log lines and calls to others carry the
 * trace, and record nothing, which costs a tenth. The sampler's decision travels on: a service behind us that does
 * export must not lose its traces.
 */
export function createIdTracerProvider(sampler: Sampler, idGenerator?: IdGenerator): TracerProvider {
  const ids = idGenerator ?? new sdkPackages.trace.RandomIdGenerator()
  const { isTracingSuppressed } = sdkPackages.core
  const SAMPLED = sdkPackages.trace.SamplingDecision.RECORD_AND_SAMPLED

  const startSpan = (name: string, options: SpanOptions = {}, context: Context = contextApi.active()): Span => {
    if (isTracingSuppressed(context)) return trace.wrapSpanContext(NOTHING)
    const active = options.root ? trace.deleteSpan(context) : context
    const parent = trace.getSpanContext(active)
    const hasParent = parent !== undefined && isSpanContextValid(parent)
    const traceId = hasParent ? parent.traceId : ids.generateTraceId()
    const { kind = SpanKind.INTERNAL, attributes = {}, links = [] } = options
    const sampled = sampler.shouldSample(active, traceId, name, kind, attributes, links)
    const traceState = sampled.traceState ?? (hasParent ? parent.traceState : undefined)
    const isSampled = sampled.decision === SAMPLED
    return trace.wrapSpanContext({
      traceId,
      spanId: ids.generateSpanId(),
      traceFlags: isSampled ? TraceFlags.SAMPLED : TraceFlags.NONE,
      ...(traceState !== undefined && { traceState }),
    })
  }

  const tracer: Tracer = {
    startSpan,
    startActiveSpan: (name: string, ...rest: unknown[]) => {
      const fn = rest.pop() as (span: Span) => never
      const [options, given] = rest as [SpanOptions | undefined, Context | undefined]
      const parent = given ?? contextApi.active()
      const span = startSpan(name, options, parent)
      return contextApi.with(trace.setSpan(parent, span), fn, undefined, span)
    },
  }
  return { getTracer: () => tracer }
}

const NOTHING: SpanContext = { traceId: '0'.repeat(32), spanId: '0'.repeat(16), traceFlags: TraceFlags.NONE }
