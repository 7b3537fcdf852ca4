import type { AttributeSpec } from '../catalogue.ts'

/** Longest label value that is kept, in UTF-16 units; what is longer is cut. */
export const LABEL_VALUE_LIMIT = 1024

/** Returns the label value of what an app passed as attribute, or `undefined` when it has none to give. */
export function labelValue(value: unknown): string | undefined {
  if (typeof value === 'string') return value
  if (typeof value === 'boolean') return String(value)
  return typeof value === 'number' && Number.isFinite(value) ? String(value) : undefined
}

/**
 * Returns a label value that is safe to keep: cut to the limit, with lone surrogates replaced, and as a copy of its
 * own, since a slice of an app's string would keep the whole of that string alive.
 */
export function keptValue(value: string): string {
  if (value.length < 13 && value.isWellFormed()) return value
  return Buffer.from(value.length > LABEL_VALUE_LIMIT ? value.slice(0, LABEL_VALUE_LIMIT) : value).toString()
}

/** Tells whether the attribute takes the value. */
export function accepts(spec: AttributeSpec, value: string): boolean {
  return spec === 'string' || spec.includes(value)
}

/** Returns any value as short text for a message; never throws. */
export function shown(value: unknown): string {
  try {
    const text = typeof value === 'string' ? JSON.stringify(value) : String(value)
    return text.length > 80 ? `${text.slice(0, 80)}…` : text
  } catch {
    return 'a value that cannot be shown'
  }
}
