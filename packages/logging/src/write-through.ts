import type { LogEntry } from './log-entry.ts'

/** A transport of ours takes entries straight from our loggers, in the call that logs them: winston's streams may wait. */
export const ACCEPT = Symbol.for('@mcp/otel/logging.accept')
/** Marks an info that our transports have had already, so that they skip it when it comes through the stream. */
export const DELIVERED = Symbol.for('@mcp/otel/logging.delivered')

/** What our transports do beside what winston's do. */
export interface WriteThrough {
  /** Takes one entry, and its line as the logger's format has it. Never throws. */
  [ACCEPT](entry: LogEntry, line: string): void
}

/** Tells whether a transport takes entries directly. */
export function isWriteThrough(transport: unknown): transport is WriteThrough {
  return typeof (transport as Partial<WriteThrough> | null)?.[ACCEPT] === 'function'
}
