import type { AttributeSpec } from '../catalogue.ts'

/** Longest label value that is kept, in UTF-16 units; what is longer is cut. */
export const LABEL_VALUE_LIMIT = 1024

/** Returns the label value of what an app passed as attribute, or `undefined` when it has none to give. */
export function labelValue(value: unknown): string | undefined {
  if (typeof value === 'string') return value
  if (typeof value === 'boolean') return String(value)
  return typeof value === 'number' && Number.isFinite(value) ? String(value) : undefined
}

/** Shorter strings are never slices of others. */
const SLICE_LENGTH = 13

/**
 * Returns a label value that is safe to keep: cut to the limit, with lone surrogates replaced, and not a slice of an
 * app's string, which would keep the whole of that alive. As a property's name it is the one string of its content that
 * V8 keeps for literals too, so that comparing the two takes no look at the content.
 */
export function keptValue(value: string): string {
  const whole = value.slice(0, LABEL_VALUE_LIMIT).toWellFormed()
  return whole.length < SLICE_LENGTH ? whole : (Object.keys({ [whole]: 0 })[0] as string)
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
