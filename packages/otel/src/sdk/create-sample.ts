import { isSpanContextValid, ROOT_CONTEXT, SpanKind, trace, TraceFlags } from '@opentelemetry/api'
import type { Attributes, Context, Link, SpanContext, SpanOptions } from '@opentelemetry/api'
import type { IdGenerator, Sampler, SamplingResult } from '@opentelemetry/sdk-trace'

import type { DrawTrace } from '../ids/drawn-trace.ts'
import { hasPlainIds } from '../ids/plain-ids.ts'
import type { TraceIdentity } from '../ids/trace-identity.ts'
import { sdkPackages } from '../sdk-packages.ts'

/** What a sampler says of a span. */
export interface Sampled {
  readonly identity: TraceIdentity
  /** Of the span's parent, if it has one that is valid. */
  readonly parent: SpanContext | undefined
  /** Has its trace an id that was drawn here, or is its parent one whose ids are plain? */
  readonly hasPlainTrace: boolean
  readonly result: SamplingResult
}

/** Asks a sampler about a span; `undefined` for the name and options of one that decides by the trace alone. */
export type Sample = (context: Context, name?: string, options?: SpanOptions) => Sampled

/** What is known of a sampler, so that it need not be asked. */
interface Known {
  /** Draws traces that begin here, and decides about them as it does. */
  readonly draw?: DrawTrace | undefined
  /** Does it decide as was decided about the parent, where there is one? */
  readonly followsParent?: boolean | undefined
}

/** Returns what asks a sampler, given the trace that a span belongs to: its parent's, or else one of its own. */
export function createSample(sampler: Sampler, ids: IdGenerator, { draw, followsParent }: Known = {}): Sample {
  const { NOT_RECORD, RECORD_AND_SAMPLED } = sdkPackages.trace.SamplingDecision
  const sampled = { decision: RECORD_AND_SAMPLED }
  const dropped = { decision: NOT_RECORD }
  const noAttributes: Attributes = {}
  const noLinks: Link[] = []
  return (context, name = '', { kind = SpanKind.INTERNAL, attributes = noAttributes, links = noLinks } = {}) => {
    const span = context === ROOT_CONTEXT ? undefined : trace.getSpan(context)
    const isPlain = span !== undefined && hasPlainIds(span)
    const active = span?.spanContext()
    const parent = active !== undefined && (isPlain || isSpanContextValid(active)) ? active : undefined
    const hasPlainTrace = isPlain || parent === undefined
    if (parent !== undefined && followsParent === true) {
      const { traceId, traceState } = parent
      const isSampled = (parent.traceFlags & TraceFlags.SAMPLED) !== 0
      const traceFlags = isSampled ? TraceFlags.SAMPLED : TraceFlags.NONE
      const identity = { traceId, traceFlags, traceState }
      return { identity, parent, hasPlainTrace, result: isSampled ? sampled : dropped }
    }
    if (parent === undefined && draw !== undefined) {
      const identity = draw()
      return { identity, parent, hasPlainTrace, result: identity.traceFlags === TraceFlags.SAMPLED ? sampled : dropped }
    }
    const traceId = parent?.traceId ?? ids.generateTraceId()
    const result = sampler.shouldSample(context, traceId, name, kind, attributes, links)
    const traceState = result.traceState ?? parent?.traceState
    const traceFlags = result.decision === RECORD_AND_SAMPLED ? TraceFlags.SAMPLED : TraceFlags.NONE
    return { identity: { traceId, traceFlags, traceState }, parent, hasPlainTrace, result }
  }
}
