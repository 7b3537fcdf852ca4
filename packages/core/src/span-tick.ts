import type { Span, SpanOptions } from '@opentelemetry/api'

/** Under this name options of a span have `performance.now()` as it was read for its start. */
export const READ_TICK: unique symbol = Symbol.for('@mcp/otel/read-tick') as never

/** Under this name a span has what ends it, given `performance.now()` as it was read for its end. */
export const END_AT_TICK: unique symbol = Symbol.for('@mcp/otel/end-at-tick') as never

/**
 * Options of a span that starts now, by whoever has just read the clock for figures of his own: it is not read again. Other
 * SDKs read it themselves.
 */
export interface TickedOptions extends SpanOptions {
  readonly [READ_TICK]?: number | undefined
}

/** Ends a span now, by whoever has just read the clock. */
export function endSpanAt(span: Span & { [END_AT_TICK]?(tick: number): void }, tick: number): void {
  if (span[END_AT_TICK] === undefined) span.end()
  else span[END_AT_TICK](tick)
}
