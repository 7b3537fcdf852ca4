import type { Span, SpanOptions } from '@opentelemetry/api'

/** Under this name options of a span have `performance.now()` as it was read for its start. */
export const READ_TICK: unique symbol = Symbol.for('@mcp/otel/read-tick') as never

/** Under this name a span has what ends it, given `performance.now()` as it was read for its end. */
export const END_AT_TICK: unique symbol = Symbol.for('@mcp/otel/end-at-tick') as never

/**
 * Under this name options of a span say that its attributes were made for it alone, so that it need not copy them. Worth it for
 * many that are nearly all there from the start: what has grown from one or two is cheaper to use once it is copied.
 */
export const MADE_FOR_IT: unique symbol = Symbol.for('@mcp/otel/made-for-it') as never

/**
 * Options of a span that starts now, by whoever has just read the clock for figures of his own: it is not read again, and
 * attributes are not copied. Other SDKs do both.
 */
export interface TickedOptions extends SpanOptions {
  readonly [READ_TICK]?: number | undefined
  readonly [MADE_FOR_IT]?: boolean
}

/** Ends a span now, by whoever has just read the clock. */
export function endSpanAt(span: Span & { [END_AT_TICK]?(tick: number): void }, tick: number): void {
  if (span[END_AT_TICK] === undefined) span.end()
  else span[END_AT_TICK](tick)
}
