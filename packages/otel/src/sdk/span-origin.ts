import type { SpanContext } from '@opentelemetry/api'
import type { InstrumentationScope } from '@opentelemetry/core'
import type { Resource } from '@opentelemetry/resources'
import type { SpanLimits, SpanProcessor } from '@opentelemetry/sdk-trace'

/** What all spans of a tracer have in common. */
export interface SpanOrigin {
  readonly resource: Resource
  readonly scope: InstrumentationScope
  readonly limits: Required<SpanLimits>
  readonly processors: readonly SpanProcessor[]
}

/** Which span of which trace. */
export interface SpanIdentity {
  readonly spanContext: SpanContext
  readonly parent: SpanContext | undefined
  readonly hasPlainIds: boolean
}
