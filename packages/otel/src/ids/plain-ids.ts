import type { Span } from '@opentelemetry/api'

/** Under this name a span says whether its ids are what we draw or have read: valid, and of lower-case digits. */
export const PLAIN_IDS: unique symbol = Symbol.for('@mcp/otel/plain-ids') as never

/** Whether the ids of a span need not be looked at, digit by digit, which takes longer than to draw them. */
export function hasPlainIds(span: Span & { readonly [PLAIN_IDS]?: boolean }): boolean {
  return span[PLAIN_IDS] === true
}
