import { isSpanContextValid, SpanKind, trace, TraceFlags } from '@opentelemetry/api'
import type { Attributes, Context, Link, SpanContext, SpanOptions } from '@opentelemetry/api'
import type { IdGenerator, Sampler, SamplingResult } from '@opentelemetry/sdk-trace'

import { sdkPackages } from '../sdk-packages.ts'

/** What all spans of a trace have in common that are made in this process and not recorded. */
export type TraceIdentity = Pick<SpanContext, 'traceId' | 'traceFlags' | 'traceState'>

/** What a sampler says of a span. */
export interface Sampled {
  readonly identity: TraceIdentity
  /** Of the span's parent, if it has one that is valid. */
  readonly parent: SpanContext | undefined
  readonly result: SamplingResult
}

/** Asks a sampler about a span; `undefined` for the name and options of one that decides by the trace alone. */
export type Sample = (context: Context, name?: string, options?: SpanOptions) => Sampled

/** Returns what asks a sampler, given the trace that a span belongs to: its parent's, or else one of its own. */
export function createSample(sampler: Sampler, ids: IdGenerator): Sample {
  const { RECORD_AND_SAMPLED } = sdkPackages.trace.SamplingDecision
  const noAttributes: Attributes = {}
  const noLinks: Link[] = []
  return (context, name = '', { kind = SpanKind.INTERNAL, attributes = noAttributes, links = noLinks } = {}) => {
    const active = trace.getSpanContext(context)
    const parent = active !== undefined && isSpanContextValid(active) ? active : undefined
    const traceId = parent?.traceId ?? ids.generateTraceId()
    const result = sampler.shouldSample(context, traceId, name, kind, attributes, links)
    const traceState = result.traceState ?? parent?.traceState
    const traceFlags = result.decision === RECORD_AND_SAMPLED ? TraceFlags.SAMPLED : TraceFlags.NONE
    const identity = traceState === undefined ? { traceId, traceFlags } : { traceId, traceFlags, traceState }
    return { identity, parent, result }
  }
}
