import { PlainWalk } from './plain-value.ts'
import type { PlainObject } from './plain-value.ts'
import { createRedactor } from './redactor.ts'
import type { RedactOptions } from './redactor.ts'

/**
 * Makes a function that takes secrets out of any value, as log lines do: it returns a plain copy, fit for JSON, in which the
 * censor stands for what is under a secret key and what looks like a secret. The function never throws; this one throws a
 * `TypeError` that names the path when an option is malformed.
 */
export function createRedact(options: RedactOptions = {}): (value: unknown) => unknown {
  const redactor = createRedactor(options)
  return (value) => {
    const plain = new PlainWalk(redactor).value(value)
    const isObject = typeof plain === 'object' && plain !== null && !Array.isArray(plain)
    return isObject ? redactor.paths(plain satisfies PlainObject) : plain
  }
}
