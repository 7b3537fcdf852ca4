import type { Context } from '@opentelemetry/api'

import type { Logger } from './logger.ts'
import { ERROR_CONTEXT } from './read-content.ts'
import { CONTEXT } from './read-entry.ts'
import { LEVEL } from './winston-symbols.ts'

/** Writes fields alone, as the guide's categories are: the line's message is null. */
export function writeFields(logger: Logger, level: string, fields: object, context?: Context): void {
  logger.write({ [LEVEL]: level, level, message: fields, ...(context !== undefined && { [CONTEXT]: context }) })
}

/** Writes the error line of whatever was thrown; `details` is its `context`. */
export function writeThrown(
  logger: Logger,
  thrown: unknown,
  details: unknown,
  context?: Context,
  level: unknown = 'error',
): void {
  const info = { [LEVEL]: level, level, message: thrown, [ERROR_CONTEXT]: details }
  logger.write(context === undefined ? info : { ...info, [CONTEXT]: context })
}
