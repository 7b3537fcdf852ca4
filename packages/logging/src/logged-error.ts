import { types } from 'node:util'

import { errorType } from '@mcp/otel-core'

import type { LoggedException } from './log-entry.ts'

const MAX_CAUSES = 10

/** Tells whether a value is an error, of whatever realm. Never throws. */
export function isError(value: unknown): value is Error {
  if (typeof value !== 'object' || value === null) return false
  try {
    return types.isNativeError(value) || value instanceof Error
  } catch {
    // A proxy that does not say what it is.
    return false
  }
}

/**
 * Describes what was thrown, error or not, with the stacks of its causes. `show` makes text, without secrets, of any
 * value. May throw what a hostile error throws.
 */
export function describeThrown(thrown: unknown, show: (value: unknown) => string): LoggedException {
  const type = errorType(thrown)
  if (!isError(thrown)) return { type, message: show(thrown), stacktrace: show(thrown) }
  const { name, message } = thrown as { name: unknown; message: unknown }
  return { type, message: show(message === '' ? name : message), stacktrace: show(traceback(thrown, show)) }
}

function traceback(error: Error, show: (value: unknown) => string): string {
  const parts: string[] = []
  const seen = new Set<unknown>()
  const visit = (current: unknown, label: string): void => {
    if (current === undefined || current === null || seen.has(current) || parts.length >= MAX_CAUSES) return
    seen.add(current)
    parts.push(`${label}${stackOf(current, show)}`)
    if (typeof current !== 'object') return
    const { cause, errors } = current as { cause?: unknown; errors?: unknown }
    visit(cause, 'Caused by: ')
    if (!Array.isArray(errors)) return
    for (const [index, inner] of errors.entries()) visit(inner, `Error ${index + 1} of ${errors.length}: `)
  }
  visit(error, '')
  return parts.join('\n')
}

function stackOf(value: unknown, show: (value: unknown) => string): string {
  if (!isError(value)) return show(value)
  return typeof value.stack === 'string' && value.stack !== '' ? value.stack : `${value.name}: ${value.message}`
}
