import { createAsctime } from './asctime.ts'
import type { LogEntry } from './log-entry.ts'

/** Characters that JSON leaves as they are and terminals, or readers of lines, obey: DEL, C1, line and bidi controls. */
const UNRULY = /[\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]/g
const asctimeOf = createAsctime()

/** Returns an entry as one JSON object, without the newline: keys in the order of the design, no control character raw. */
export function jsonLine(entry: LogEntry): string {
  const { time, name, level, message, fields, span } = entry
  let line = `{"asctime":"${asctimeOf(time)}","name":${JSON.stringify(name)},"levelname":"${level}","message":`
  line += message === null ? 'null' : JSON.stringify(message)
  const rest = JSON.stringify(fields)
  if (rest.length > 2) line += `,${rest.slice(1, -1)}`
  if (span !== undefined) line += traceFields(span)
  return tamed(`${line}}`)
}

function traceFields({ traceId, spanId, traceFlags }: NonNullable<LogEntry['span']>): string {
  return `,"trace_id":"${traceId}","span_id":"${spanId}","trace_flags":"${hex(traceFlags)}"`
}

/** Returns trace flags as the two digits that a `traceparent` header has. */
export function hex(traceFlags: number): string {
  return traceFlags.toString(16).padStart(2, '0')
}

/** Replaces unruly characters by their escapes, which mean the same in JSON. */
export function tamed(text: string): string {
  return text.replace(UNRULY, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`)
}
