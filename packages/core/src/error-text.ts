import { types } from 'node:util'

import { errorType } from './error-type.ts'

/** Returns the class and the message of an error for a complaint of ours; never throws, whatever was thrown. */
export function errorText(error: unknown): string {
  try {
    if (types.isNativeError(error)) return `${errorType(error)}: ${error.message}`
    return typeof error === 'object' && error !== null ? errorType(error) : String(error)
  } catch {
    return 'what was thrown cannot be read'
  }
}
