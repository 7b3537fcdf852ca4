import { inspect } from 'node:util'

const LONGEST = 80

/** Returns how a value is shown in a message: quoted, on one line, shortened; never throws. */
export function describeValue(value: unknown): string {
  try {
    if (typeof value === 'string') return shortened(JSON.stringify(withoutCredentials(value)))
    const shown = inspect(value, { depth: 1, breakLength: Infinity, maxArrayLength: 5, maxStringLength: LONGEST })
    return shortened(withoutCredentials(shown.replaceAll(/\s+/g, ' ')))
  } catch {
    return `a ${typeof value} that cannot be shown`
  }
}

/** Returns what may be said of a secret: that it is there, and how long it is. */
export function describeSecret(value: unknown): string {
  return typeof value === 'string' ? `[redacted, ${value.length} characters]` : `[redacted, a ${typeof value}]`
}

/** Returns the text with user names and passwords of URLs in it redacted. */
export function withoutCredentials(text: string): string {
  return text.replaceAll(/\/\/[^/?#\s]*@/g, '//[redacted]@')
}

function shortened(text: string): string {
  return text.length <= LONGEST ? text : `${text.slice(0, LONGEST - 1)}…`
}
