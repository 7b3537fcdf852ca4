import { types } from 'node:util'

import { errorType } from '@mcp/otel-core'

import type { LoggedException } from './log-entry.ts'

const MAX_CAUSES = 10

/** Tells whether a value is an error, of whatever realm. */
export function isError(value: unknown): value is Error {
  return types.isNativeError(value) || value instanceof Error
}

/** Describes what was thrown, error or not, with the stacks of its causes. Never throws. */
export function describeThrown(thrown: unknown): LoggedException {
  try {
    if (!isError(thrown)) return { type: errorType(thrown), message: textOf(thrown), stacktrace: textOf(thrown) }
    const { name, message } = thrown as { name: unknown; message: unknown }
    return {
      type: errorType(thrown),
      message: textOf(message === '' ? name : message),
      stacktrace: traceback(thrown),
    }
  } catch {
    return { type: errorType(thrown), message: '[unreadable]', stacktrace: '' }
  }
}

function traceback(error: Error): string {
  const parts: string[] = []
  const seen = new Set<unknown>()
  const visit = (current: unknown, label: string): void => {
    if (current === undefined || current === null) return
    if (seen.has(current) || parts.length >= MAX_CAUSES) return
    seen.add(current)
    parts.push(`${label}${stackOf(current)}`)
    if (typeof current !== 'object') return
    visit((current as { cause?: unknown }).cause, 'Caused by: ')
    const { errors } = current as { errors?: unknown }
    if (Array.isArray(errors))
      for (const [index, inner] of errors.entries()) visit(inner, `Error ${index + 1} of ${errors.length}: `)
  }
  visit(error, '')
  return parts.join('\n')
}

function stackOf(value: unknown): string {
  if (!isError(value)) return textOf(value)
  return typeof value.stack === 'string' && value.stack !== '' ? value.stack : String(value)
}

function textOf(value: unknown): string {
  if (typeof value !== 'object' || value === null) return String(value)
  const { message } = value as { message?: unknown }
  if (typeof message === 'string') return message
  return JSON.stringify(value) ?? Object.prototype.toString.call(value)
}
