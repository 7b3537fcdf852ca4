import { isSpanContextValid } from '@opentelemetry/api'
import type { Span } from '@opentelemetry/api'

/** Marks spans that make their ids when these are first asked for; registered, since two builds can be loaded. */
export const IDS_WHEN_ASKED: unique symbol = Symbol.for('@mcp/otel/ids-when-asked') as never

/** Whether a span has ids, or will have them once they are asked for; does not ask for them itself. */
export function hasIds(span: Span): boolean {
  return IDS_WHEN_ASKED in span || isSpanContextValid(span.spanContext())
}
