import { INVALID_SPAN_CONTEXT, trace } from '@opentelemetry/api'
import type { TracerProvider } from '@opentelemetry/api'

import { createIdGenerator } from '../ids/create-id-generator.ts'
import { sdkPackages } from '../sdk-packages.ts'
import { createSample } from './create-sample.ts'
import { createTracer } from './create-tracer.ts'
import type { SdkParts } from './sdk-parts.ts'
import { LocalTrace, UnrecordedSpan } from './unrecorded-span.ts'

/**
 * Creates a provider for when nothing exports spans: they have ids, so that log lines and calls to others carry the
 * trace, and record nothing. The sampler's decision travels on: a service behind us that does export must not lose its
 * traces. What it decides, and the ids, are made when they are asked for, unless the sampler looks at more than the trace.
 */
export function createIdTracerProvider(
  parts: Pick<SdkParts, 'sampler' | 'samplesByTrace' | 'idGenerator'>,
): TracerProvider {
  const { sampler, samplesByTrace, idGenerator: ids = createIdGenerator() } = parts
  const { isTracingSuppressed } = sdkPackages.core
  const sample = createSample(sampler, ids)
  const tracer = createTracer((name, options, context) => {
    if (isTracingSuppressed(context)) return trace.wrapSpanContext(INVALID_SPAN_CONTEXT)
    const active = options.root ? trace.deleteSpan(context) : context
    if (!samplesByTrace) return new UnrecordedSpan(new LocalTrace(sample(active, name, options).identity), ids)
    const parent = trace.getSpan(active)
    const local = parent instanceof UnrecordedSpan ? parent.trace : new LocalTrace(undefined, sample, active)
    return new UnrecordedSpan(local, ids)
  })
  return { getTracer: () => tracer }
}
