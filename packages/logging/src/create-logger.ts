import { describeValue } from '@mcp/otel-core'
import winston from 'winston'

import { ConsoleTransport } from './console-transport.ts'
import { LevelTable, levelMistake } from './level-table.ts'
import { parseLevel, WINSTON_LEVELS } from './levels.ts'
import { categoryMethods, logMethods } from './log-methods.ts'
import { LogPipeline } from './log-pipeline.ts'
import { resolveLoggerOptions } from './logger-options.ts'
import type { LoggerOptions, ResolvedLoggerOptions } from './logger-options.ts'
import type { Logger } from './logger.ts'
import type { Info } from './read-content.ts'
import { report } from './report.ts'
import { RotatingFileTransport } from './rotating-file-transport.ts'
import { LEVEL } from './winston-symbols.ts'

/**
 * Creates a winston logger with the guide's configuration. Lines are written before the call returns. Never throws: a
 * bad option is reported and its default taken.
 */
export function createLogger(options: LoggerOptions = {}): Logger {
  const { resolved, mistakes } = resolveLoggerOptions(options)
  for (const mistake of mistakes) report(mistake)
  const levels = new LevelTable(resolved.level, resolved.levels)
  // An entry has its form before winston's stream sees it.
  const format = winston.format((info) => info)()
  const root = winston.createLogger({ levels: { ...WINSTON_LEVELS }, format, transports: transportsOf(resolved) })
  const pipeline = new LogPipeline(root, levels, resolved)
  const close = root.close.bind(root)
  Object.assign(root, logMethods(root), categoryMethods(), {
    getLogger: (name: unknown) => {
      if (typeof name === 'string') return Object.create(root, ownership(name, pipeline, levels)) as Logger
      report(`getLogger: name is ${describeValue(name)}; expected a text; the lines bear ${resolved.name}`)
      return root
    },
    flush: () => pipeline.flush(),
    close: () => {
      pipeline.close()
      return close()
    },
  })
  return Object.defineProperties(root, ownership(undefined, pipeline, levels, resolved.name)) as Logger
}

function transportsOf(options: ResolvedLoggerOptions): winston.transport[] {
  const { console: target, format, file: path, maxBytes, backupCount, batch, meterProvider } = options
  return [
    ...(target === false ? [] : [new ConsoleTransport({ target, format, meterProvider })]),
    ...(path === false ? [] : [new RotatingFileTransport({ path, maxBytes, backupCount, batch, meterProvider })]),
  ]
}

/** What tells one logger of a family from another; `name` is undefined for the root. */
function ownership(
  name: string | undefined,
  pipeline: LogPipeline,
  levels: LevelTable,
  rootName = 'mcp',
): PropertyDescriptorMap {
  const label = name ?? rootName
  return {
    write: { configurable: true, writable: true, value: (info: Info) => pipeline.write(info, label) },
    audit: {
      value: (action: string, user: string, details: unknown = {}) => {
        const message = { type: 'audit', action, user, details }
        return pipeline.audit({ [LEVEL]: 'info', level: 'info', message }, label)
      },
    },
    level: {
      configurable: true,
      enumerable: true,
      get: () => levels.levelOf(label).toLowerCase(),
      set: (value: unknown) => {
        const level = parseLevel(value)
        if (level === undefined) report(`${levelMistake(`level of logger ${label}`, value)}; it stays as it was`)
        else levels.set(level, name)
      },
    },
  }
}
