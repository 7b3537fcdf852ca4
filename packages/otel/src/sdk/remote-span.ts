import type { SpanContext } from '@opentelemetry/api'

import { PLAIN_IDS } from '../ids/plain-ids.ts'
import { SilentSpan } from './silent-span.ts'

/** A span elsewhere, whose ids have been read: what `trace.wrapSpanContext` makes, and known to be valid. */
export class RemoteSpan extends SilentSpan {
  private readonly _spanContext: SpanContext

  constructor(spanContext: SpanContext) {
    super()
    this._spanContext = spanContext
  }

  get [PLAIN_IDS](): true {
    return true
  }

  spanContext(): SpanContext {
    return this._spanContext
  }
}
