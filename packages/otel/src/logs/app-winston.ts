import { channel } from 'node:diagnostics_channel'
import { createRequire } from 'node:module'

import type * as Logging from '@mcp/otel-logging'
import { diag } from '@opentelemetry/api'

import { reasonOf } from '../diagnostics/diag-text.ts'

const require = createRequire(import.meta.url)

/** Node tells on it of each module that is required, also within a CommonJS package that an ES module imports. */
const REQUIRED = 'tracing:module.require:end'
/** Who requires the file of its loggers first. */
const IN_WINSTON = /[\\/]winston[\\/]lib[\\/]winston[\\/]create-logger\.js$/
const LOGGER_FILE = /[\\/]winston[\\/]lib[\\/]winston[\\/]logger\.js$/

/**
 * Observes the app's winston loggers from when it loads winston: ours of it would cost an app that does not a tenth of its
 * start-up. Returns what takes it back.
 */
export function observeAppWinston(): () => void {
  let undo: (() => void) | undefined
  const observe = (): void => {
    stopWaiting()
    try {
      const { instrumentWinston } = require('@mcp/otel-logging') as typeof Logging
      undo = instrumentWinston()
    } catch (error) {
      diag.warn(`winston's loggers cannot be observed: ${reasonOf(error)}; they work on unobserved`)
    }
  }
  const onRequired = (message: unknown): void => {
    const { id, parentFilename } = message as { readonly id?: unknown; readonly parentFilename?: unknown }
    if (id === './logger' && IN_WINSTON.test(String(parentFilename))) observe()
  }
  const stopWaiting = (): void => {
    channel(REQUIRED).unsubscribe(onRequired)
  }
  if (Object.keys(require.cache).some((file) => LOGGER_FILE.test(file))) observe()
  else channel(REQUIRED).subscribe(onRequired)
  return () => {
    stopWaiting()
    undo?.()
  }
}
