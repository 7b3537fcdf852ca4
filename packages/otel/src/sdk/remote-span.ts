import type { SpanContext } from '@opentelemetry/api'

import { PLAIN_IDS } from './plain-ids.ts'
import { SilentSpan } from './silent-span.ts'

/** A span elsewhere, whose ids have been read: what `trace.wrapSpanContext` makes, and known to be valid. */
export class RemoteSpan extends SilentSpan {
  readonly #spanContext: SpanContext

  constructor(spanContext: SpanContext) {
    super()
    this.#spanContext = spanContext
  }

  get [PLAIN_IDS](): true {
    return true
  }

  spanContext(): SpanContext {
    return this.#spanContext
  }
}
