import { MADE_FOR_IT } from '@mcp/otel-core'
import type { TickedOptions } from '@mcp/otel-core'
import { INVALID_SPAN_CONTEXT, trace } from '@opentelemetry/api'
import type { Context, Link, Span, SpanOptions, Tracer, TracerProvider } from '@opentelemetry/api'
import type { SpanLimits } from '@opentelemetry/sdk-trace'

import { createIdGenerator } from '../ids/create-id-generator.ts'
import { createDrawTrace } from '../ids/drawn-trace.ts'
import { SpanIds } from '../ids/span-ids.ts'
import { sdkPackages } from '../sdk-packages.ts'
import { createSample } from './create-sample.ts'
import type { Sampled } from './create-sample.ts'
import { createTracer } from './create-tracer.ts'
import { RecordedSpan } from './recorded-span.ts'
import type { SdkParts } from './sdk-parts.ts'
import { takeAttributes, takeLink } from './span-attributes.ts'
import type { SpanAttributes } from './span-attributes.ts'
import type { SpanOrigin } from './span-origin.ts'
import { LocalTrace, UnrecordedSpan } from './unrecorded-span.ts'

type RecordingParts = Pick<
  SdkParts,
  'resource' | 'sampler' | 'samplesByTrace' | 'sampledShare' | 'idGenerator' | 'spanLimits' | 'spanProcessors'
> &
  Partial<Pick<SdkParts, 'followsParent'>>

/** As the SDK has them where nothing else is said. */
const LIMITS: Required<SpanLimits> = {
  attributeCountLimit: 128,
  attributeValueLengthLimit: Number.POSITIVE_INFINITY,
  eventCountLimit: 128,
  linkCountLimit: 128,
  attributePerEventCountLimit: 128,
  attributePerLinkCountLimit: 128,
}
const UNLIMITED = { attributeCountLimit: Number.POSITIVE_INFINITY, attributeValueLengthLimit: Number.POSITIVE_INFINITY }

/**
 * Returns a provider of the SDK's with tracers of our own, made of the same parts: they sample first, and make only spans
 * that are recorded, for the processors to see.
 */
export function withOwnSpans<P extends TracerProvider>(provider: P, parts: RecordingParts): P {
  const { resource, sampler, samplesByTrace, sampledShare, spanProcessors: processors } = parts
  const { idGenerator: ids = createIdGenerator() } = parts
  const limits = { ...LIMITS, ...parts.spanLimits }
  const { isTracingSuppressed } = sdkPackages.core
  const { NOT_RECORD } = sdkPackages.trace.SamplingDecision
  const drawsIds = parts.idGenerator === undefined
  const draw = drawsIds && sampledShare !== undefined ? createDrawTrace(sampledShare) : undefined
  const sample = createSample(sampler, ids, { draw, followsParent: parts.followsParent })

  const startByTrace: StartRecording = (origin, name, options, context) => {
    const parent = trace.getSpan(context)
    if (parent instanceof UnrecordedSpan) return new UnrecordedSpan(parent.trace, ids)
    const sampled = sample(context)
    if (sampled.result.decision === NOT_RECORD) return new UnrecordedSpan(new LocalTrace(sampled.identity), ids)
    const taken = takeAttributes(options.attributes, limits, options[MADE_FOR_IT])
    return record(origin, name, options, context, sampled, taken, takeLinks(options.links))
  }

  /** For a sampler that looks at more than the trace: it is shown what the span would have, and may add to it. */
  const startAsShown: StartRecording = (origin, name, options, context) => {
    const links = takeLinks(options.links)
    const shown = takeAttributes(options.attributes, UNLIMITED)
    const sampled = sample(context, name, { ...options, attributes: shown.attributes, links })
    if (sampled.result.decision === NOT_RECORD) return new UnrecordedSpan(new LocalTrace(sampled.identity), ids)
    const taken = takeAttributes(Object.assign(shown.attributes, sampled.result.attributes), limits)
    const both = { ...taken, dropped: shown.dropped + taken.dropped }
    return record(origin, name, options, context, sampled, both, links)
  }

  const record = (
    origin: SpanOrigin,
    name: string,
    options: SpanOptions,
    context: Context,
    { hasPlainTrace, identity, parent }: Sampled,
    taken: SpanAttributes,
    links: Link[],
  ): Span => {
    const its = new SpanIds(identity, hasPlainTrace, drawsIds ? undefined : ids.generateSpanId())
    const span = new RecordedSpan(origin, name, options, its, parent, taken, links)
    for (const processor of processors) processor.onStart(span, context)
    return span
  }

  const takeLinks = (links: Link[] | undefined): Link[] =>
    links === undefined ? [] : links.map((link) => takeLink(link, limits))

  const start = samplesByTrace ? startByTrace : startAsShown
  const tracers = new Map<string, Tracer>()
  const own: TracerProvider = {
    getTracer(name, version, { schemaUrl } = {}) {
      const key = `${name}@${version ?? ''}:${schemaUrl ?? ''}`
      const known = tracers.get(key)
      if (known !== undefined) return known
      const origin: SpanOrigin = {
        resource,
        scope: { name, version, schemaUrl } as SpanOrigin['scope'],
        limits,
        processors,
      }
      const tracer = createTracer((span, options, context) =>
        isTracingSuppressed(context)
          ? trace.wrapSpanContext(INVALID_SPAN_CONTEXT)
          : start(origin, span, options, options.root ? trace.deleteSpan(context) : context),
      )
      tracers.set(key, tracer)
      return tracer
    },
  }
  return Object.assign(Object.create(provider) as P, own)
}

/** Starts a span whose context is its parent's, or one without any. */
type StartRecording = (origin: SpanOrigin, name: string, options: TickedOptions, context: Context) => Span
