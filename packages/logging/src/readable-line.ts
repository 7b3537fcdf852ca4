import { createAsctime } from './asctime.ts'
import { tamed } from './json-line.ts'
import type { LevelName } from './levels.ts'
import type { LogEntry } from './log-entry.ts'
import type { Plain } from './plain-value.ts'

const asctimeOf = createAsctime()
// oxlint-disable-next-line no-control-regex -- control characters are what it is for
const CONTROL = /[\u0000-\u001f]/g

const COLORS: Readonly<Record<LevelName, string>> = {
  DEBUG: '\u001b[2m',
  INFO: '\u001b[32m',
  WARNING: '\u001b[33m',
  ERROR: '\u001b[31m',
  CRITICAL: '\u001b[1;31m',
}
const RESET = '\u001b[0m'

/** Returns an entry for a person at a terminal: one line, and a traceback's lines indented below it. */
export function readableLine(entry: LogEntry, withColor: boolean): string {
  const { traceback, ...fields } = entry.fields
  const level = entry.level.padEnd(8)
  const parts = [
    asctimeOf(entry.time),
    withColor ? `${COLORS[entry.level]}${level}${RESET}` : level,
    visible(entry.name),
  ]
  if (entry.message !== null) parts.push(visible(entry.message))
  for (const [key, value] of Object.entries(fields)) parts.push(`${visible(key)}=${shown(value)}`)
  if (entry.span !== undefined) parts.push(`trace_id=${entry.span.traceId}`)
  const line = parts.join(' ')
  if (typeof traceback !== 'string') return line
  return `${line}\n${traceback
    .split('\n')
    .map((row) => `    ${visible(row)}`)
    .join('\n')}`
}

function shown(value: Plain): string {
  if (typeof value !== 'string') return tamed(JSON.stringify(value))
  return /^[\w./:@+-]+$/.test(value) ? value : tamed(JSON.stringify(value))
}

/** What a terminal would obey is shown instead. */
function visible(text: string): string {
  return tamed(text.replace(CONTROL, (character) => JSON.stringify(character).slice(1, -1)))
}
