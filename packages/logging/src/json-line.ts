import { createAsctime } from './asctime.ts'
import type { LogEntry } from './log-entry.ts'

/** Characters that JSON leaves as they are and terminals, or readers of lines, obey: DEL, C1, line and bidi controls. */
const UNRULY = /[\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]/g
/** One range is tested several times faster than seven. */
const BEYOND_ASCII = /[\u007f-\uffff]/
const asctimeOf = createAsctime()

/** Returns an entry as one JSON object, without the newline: keys in the order of the design, no control character raw. */
export function jsonLine(entry: LogEntry): string {
  return lineOf(entry, jsonContent(entry))
}

/** Returns what a line says, apart from when, and where in which trace, it was said. */
export function jsonContent({ name, level, message, fields }: LogEntry): string {
  const head = `"name":${JSON.stringify(name)},"levelname":"${level}","message":`
  const text = message === null ? 'null' : JSON.stringify(message)
  const rest = JSON.stringify(fields)
  return tamed(rest === '{}' ? head + text : `${head}${text},${rest.slice(1, -1)}`)
}

/** Returns the line of an entry whose content is known. */
export function lineOf({ time, span }: LogEntry, content: string): string {
  const line = `{"asctime":"${asctimeOf(time)}",${content}`
  return span === undefined ? `${line}}` : `${line},${traceFields(span)}}`
}

function traceFields({ traceId, spanId, traceFlags }: NonNullable<LogEntry['span']>): string {
  return `"trace_id":"${traceId}","span_id":"${spanId}","trace_flags":"${hex(traceFlags)}"`
}

/** Returns trace flags as the two digits that a `traceparent` header has. */
export function hex(traceFlags: number): string {
  return traceFlags.toString(16).padStart(2, '0')
}

/** Replaces unruly characters by their escapes, which mean the same in JSON. */
export function tamed(text: string): string {
  if (!BEYOND_ASCII.test(text)) return text
  return text.replace(UNRULY, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`)
}
