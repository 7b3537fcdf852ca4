import { IDS_WHEN_ASKED } from '@mcp/otel-core'
import { TraceFlags } from '@opentelemetry/api'
import type { Context, SpanContext } from '@opentelemetry/api'
import type { IdGenerator } from '@opentelemetry/sdk-trace'

import { spanContextOf } from '../ids/trace-identity.ts'
import type { TraceIdentity } from '../ids/trace-identity.ts'
import type { Sample } from './create-sample.ts'
import { SilentSpan } from './silent-span.ts'

/** A trace as far as it runs in this process, unrecorded; its identity is made when it is first asked for. */
export class LocalTrace {
  #sample: Sample | undefined
  #context: Context | undefined
  #identity: TraceIdentity | undefined

  /** `identity` is what is known already; else `sample` is asked, of what is started in `context`. */
  constructor(identity: TraceIdentity | undefined, sample?: Sample, context?: Context) {
    this.#identity = identity
    this.#sample = sample
    this.#context = context
  }

  get identity(): TraceIdentity {
    if (this.#identity === undefined && this.#sample !== undefined && this.#context !== undefined) {
      this.#identity = this.#sample(this.#context).identity
      this.#sample = this.#context = undefined
    }
    return this.#identity ?? NO_TRACE
  }
}

const NO_TRACE: TraceIdentity = { traceId: '0'.repeat(32), traceFlags: TraceFlags.NONE }

/**
 * A span that nobody records: it has ids, so that log lines and calls to others carry the trace, but makes them only for
 * who asks. It knows its trace, not its parent: spans that follow from one another for ever would all be kept.
 */
export class UnrecordedSpan extends SilentSpan {
  readonly trace: LocalTrace
  private readonly _ids: IdGenerator
  private _spanContext: SpanContext | undefined

  constructor(trace: LocalTrace, ids: IdGenerator) {
    super()
    this.trace = trace
    this._ids = ids
  }

  get [IDS_WHEN_ASKED](): true {
    return true
  }

  spanContext(): SpanContext {
    return (this._spanContext ??= spanContextOf(this.trace.identity, this._ids.generateSpanId()))
  }
}
