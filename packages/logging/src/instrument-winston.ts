import { channel } from 'node:diagnostics_channel'
import { createRequire } from 'node:module'

import { processWide } from '@mcp/otel-core'
import type winston from 'winston'

import { observeWinston } from './observe-winston.ts'
import type { LoggerClass } from './observe-winston.ts'

/** Node tells on it of each module that is required, also of those inside CommonJS packages that ESM imports. */
const REQUIRED = 'tracing:module.require:end'
/** Who requires it first, and who does so by its other name; hooks of `require` keep Node from telling of the second. */
const IN_WINSTON = /[\\/]winston[\\/]lib[\\/]winston(?:[\\/]create-logger)?\.js$/
const LOGGER_IDS: readonly unknown[] = ['./winston/logger', './logger']
const LOGGER_FILE = /[\\/]winston[\\/]lib[\\/]winston[\\/]logger\.js$/

interface Watch {
  users: number
  readonly undo: Map<LoggerClass, () => void>
  stop?: () => void
}

/**
 * Gives every winston logger of this process the trace in its lines, and its records, once each, to OpenTelemetry's log
 * pipeline: every copy of winston, loaded already or later, by CommonJS or ESM, without a loader hook. Given a winston
 * module, only that one. Loggers of `createLogger` do the same by themselves and are left alone. Returns what takes it
 * back.
 */
export function instrumentWinston(module?: typeof winston): () => void {
  if (module !== undefined) return observeWinston((module as unknown as { Logger: LoggerClass }).Logger)
  const watch = processWide<Watch>('logging.winston', () => ({ users: 0, undo: new Map() }))
  if (watch.users++ === 0) watch.stop = startWatch(watch)
  let isOn = true
  return () => {
    if (!isOn) return
    isOn = false
    if (--watch.users === 0) watch.stop?.()
  }
}

function startWatch(watch: Watch): () => void {
  const observe = (exported: unknown): void => {
    if (isLoggerClass(exported) && !watch.undo.has(exported)) watch.undo.set(exported, observeWinston(exported))
  }
  for (const [path, loaded] of Object.entries(createRequire(import.meta.url).cache)) {
    if (LOGGER_FILE.test(path)) observe(loaded?.exports)
  }
  const onRequired = (message: unknown): void => {
    const { id, parentFilename, result } = message as { id?: unknown; parentFilename?: unknown; result?: unknown }
    if (LOGGER_IDS.includes(id) && IN_WINSTON.test(String(parentFilename))) observe(result)
  }
  channel(REQUIRED).subscribe(onRequired)
  return () => {
    channel(REQUIRED).unsubscribe(onRequired)
    for (const undo of watch.undo.values()) undo()
    watch.undo.clear()
  }
}

function isLoggerClass(exported: unknown): exported is LoggerClass {
  return (
    typeof exported === 'function' &&
    typeof (exported.prototype as { write?: unknown } | undefined)?.write === 'function'
  )
}
