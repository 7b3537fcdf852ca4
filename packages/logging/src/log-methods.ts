import type winston from 'winston'

import { WINSTON_LEVELS } from './levels.ts'
import { isError } from './logged-error.ts'
import type { AccessFields, Logger, PluginFields } from './logger.ts'
import type { Info } from './read-content.ts'
import { LEVEL, SPLAT } from './winston-symbols.ts'
import { writeFields, writeThrown } from './write-categories.ts'

type LogMethod = (this: Logger, ...args: unknown[]) => Logger

/**
 * winston's methods, one for each level and `log`, for the same arguments. winston's own write to the caller's objects,
 * throw when one is frozen, and glue a field called `message` to the text.
 */
export function logMethods(root: winston.Logger): Record<string, LogMethod> {
  const methods: Record<string, LogMethod> = {
    log(level, ...args) {
      const self = this ?? (root as Logger)
      return args.length === 0 ? writeObject(self, level) : writeArguments(self, level, args)
    },
  }
  for (const level of Object.keys(WINSTON_LEVELS)) {
    methods[level] = function (...args) {
      return writeArguments(this ?? (root as Logger), level, args)
    }
  }
  return methods
}

/** The guide's categories that need nothing but their fields. */
export function categoryMethods(): Pick<Logger, 'access' | 'plugin'> {
  return {
    access(this: Logger, fields: AccessFields | null | undefined, context): void {
      const { method, path, status, duration_ms }: Partial<AccessFields> = fields ?? {}
      writeFields(this, 'info', { type: 'access', method, path, status, duration_ms }, context)
    },
    plugin(this: Logger, fields: PluginFields | null | undefined, context): void {
      const { plugin, command, status, duration_ms }: Partial<PluginFields> = fields ?? {}
      writeFields(this, 'info', { type: 'plugin', plugin, command, status, duration_ms }, context)
    },
  }
}

function writeArguments(logger: Logger, level: unknown, args: readonly unknown[]): Logger {
  const message = args.length === 0 ? '' : args[0]
  if (isError(message)) {
    writeThrown(logger, message, args[1], undefined, level)
    return logger
  }
  const info: Info = { level, message, [LEVEL]: level }
  if (args.length > 1) info[SPLAT] = args.slice(1)
  logger.write(withDefaults(logger, info))
  return logger
}

function withDefaults({ defaultMeta }: Logger, info: Info): Info {
  return defaultMeta === null || defaultMeta === undefined ? info : { ...defaultMeta, ...info }
}

/** `log({ level, message, … })`. */
function writeObject(logger: Logger, info: unknown): Logger {
  const { level, message } = takenApart(info)
  logger.write(withDefaults(logger, { level, message, [LEVEL]: level }))
  return logger
}

function takenApart(info: unknown): { level: unknown; message: unknown } {
  if (typeof info !== 'object' || info === null) return { level: 'info', message: info }
  try {
    const { level, ...message } = info as { level?: unknown }
    return { level, message }
  } catch {
    // Reading it as a value leaves out what throws, and says so.
    return { level: 'info', message: info }
  }
}
