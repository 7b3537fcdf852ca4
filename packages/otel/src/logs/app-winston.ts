import { createRequire } from 'node:module'

import { processWide } from '@mcp/otel-core'
import type * as Preload from '@mcp/otel-logging/preload'
import { diag } from '@opentelemetry/api'

import { reasonOf } from '../diagnostics/diag-text.ts'
import type { ModuleExportsHook } from '../instrument/module-exports-hook.ts'

const require = createRequire(import.meta.url)

type Winston = NonNullable<Parameters<typeof Preload.instrumentWinston>[0]>
type LoggerClass = Winston['Logger']

/** The classes of loggers that the copies of winston in this process have, and who is to observe them. */
interface AppWinston {
  readonly classes: Set<LoggerClass>
  observe?: ((loggerClass: LoggerClass) => void) | undefined
}

const appWinston = (): AppWinston => processWide('app-winston', () => ({ classes: new Set() }))

/** The module of winston that defines its loggers. They are observed also where it was loaded before. */
export const winstonModules: ModuleExportsHook = {
  files: /[\\/]winston[\\/]lib[\\/]winston[\\/]logger\.js$/,
  packages: [],
  names: [],
  observe: (_, whole) => {
    const { classes, observe } = appWinston()
    classes.add(whole as LoggerClass)
    observe?.(whole as LoggerClass)
  },
  what: 'loggers of winston',
  instead: 'call instrumentWinston() with each copy of it',
}

/**
 * Observes the app's winston loggers from when it loads winston: ours of it would cost an app that does not a tenth of its
 * start-up. Returns what takes it back.
 */
export function observeAppWinston(): () => void {
  const state = appWinston()
  const undos: (() => void)[] = []
  const observe = (loggerClass: LoggerClass): void => {
    try {
      // Its other entry loads winston, which may be on its way for that very entry.
      const { instrumentWinston } = require('@mcp/otel-logging/preload') as typeof Preload
      undos.push(instrumentWinston({ Logger: loggerClass } as Winston))
    } catch (error) {
      diag.warn(`winston's loggers cannot be observed: ${reasonOf(error)}; they work on unobserved`)
    }
  }
  state.observe = observe
  for (const each of state.classes) observe(each)
  return () => {
    if (state.observe === observe) state.observe = undefined
    for (const undo of undos) undo()
  }
}
