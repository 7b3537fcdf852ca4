import { inspect } from 'node:util'

/** Returns what a call of `diag` says in one sentence: stacks and nested objects are left out. */
export function diagText(message: unknown, args: readonly unknown[]): string {
  return [message, ...args].map(partText).filter(Boolean).join(' ').replace('[mcp-otel] ', '')
}

function partText(part: unknown): string {
  try {
    if (typeof part === 'string') return fromJson(part) ?? withoutStack(part)
    if (hasMessage(part)) return reasonOf(part)
    return inspect(part, { depth: 2, breakLength: Infinity })
  } catch {
    return 'a value that cannot be shown'
  }
}

/** Returns why something failed: the message, or one of those within where it says nothing by itself. Never throws. */
export function reasonOf(error: unknown): string {
  try {
    if (!hasMessage(error)) return inspect(error, { depth: 0 })
    const { message, code, errors } = error
    if (message !== '') return withoutStack(message).replace(/\.$/, '')
    if (Array.isArray(errors) && errors.length > 0) return reasonOf(errors[0])
    return typeof code === 'string' ? code : 'an error without a message'
  } catch {
    return 'an error that cannot be described'
  }
}

interface WithMessage {
  readonly message: string
  readonly code?: unknown
  readonly errors?: unknown
}

function hasMessage(value: unknown): value is WithMessage {
  return typeof value === 'object' && value !== null && 'message' in value && typeof value.message === 'string'
}

/** The SDK's error handler hands errors over as JSON. */
function fromJson(text: string): string | undefined {
  if (!text.startsWith('{"')) return undefined
  try {
    const parsed: unknown = JSON.parse(text)
    return hasMessage(parsed) ? reasonOf(parsed) : undefined
  } catch {
    return undefined
  }
}

function withoutStack(text: string): string {
  return text.replace(/\n\s+at [\s\S]*$/, '').trim()
}
