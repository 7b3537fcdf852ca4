import type { CaptureOptions } from './options.ts'
import { guarded } from './telemetry.ts'

const MAX_LENGTH = 2000

/**
 * Returns content as JSON text, without what the redactor takes out, and cut to a length; `undefined` when the redactor
 * fails: what has not been cleared is not told.
 */
export function captured(content: unknown, { redact, maxLength = MAX_LENGTH }: CaptureOptions): string | undefined {
  const text: unknown = guarded('the content of a call', () => JSON.stringify(redact(content)))
  if (typeof text !== 'string') return undefined
  return text.length > maxLength ? `${text.slice(0, maxLength).toWellFormed()}…` : text
}
