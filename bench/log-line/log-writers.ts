import { openSync, writeSync } from 'node:fs'
import { join } from 'node:path'

import { createLogger } from '@mcp/otel-logging'
import { pino } from 'pino'
import winston from 'winston'
import DailyRotateFile from 'winston-daily-rotate-file'

import type { ContestantKind } from '../harness/suite.ts'

/** What every case logs, by the call that its users would write. */
export type WriteLine = (fields: object) => void

const MAX_BYTES = 10_485_760
const BACKUPS = 5

function ownLogger(folder: string, batch: boolean): WriteLine {
  const options = { console: false, file: join(folder, 'mcp.log'), audit: false, batch } as const
  const logger = createLogger({ ...options, maxBytes: MAX_BYTES, backupCount: BACKUPS })
  return (fields) => logger.info(fields)
}

function winstonLogger(transport: winston.transport): WriteLine {
  const { combine, json, timestamp } = winston.format
  const logger = winston.createLogger({ format: combine(timestamp(), json()), transports: [transport] })
  return (fields) => logger.info('', fields)
}

interface LogWriter {
  readonly group: string
  readonly kind: ContestantKind
  readonly create: (folder: string) => WriteLine
}

const THROUGH = 'written through: in the file when the call returns'
const GATHERED = 'gathered, or written in the background'

/** Each makes what logs to files in a folder; lines are JSON with a time, and files rotate where they can. */
export const logWriters: Readonly<Record<string, LogWriter>> = {
  ours: { group: THROUGH, kind: 'ours', create: (folder) => ownLogger(folder, false) },
  'pino, sync (no rotation)': {
    group: THROUGH,
    kind: 'peer',
    create: (folder) => {
      const logger = pino(pino.destination({ dest: join(folder, 'mcp.log'), sync: true }))
      return (fields) => logger.info(fields)
    },
  },
  'bare JSON and writeSync (no rotation)': {
    group: THROUGH,
    kind: 'limit',
    create: (folder) => {
      const fd = openSync(join(folder, 'mcp.log'), 'a')
      return (fields) => writeSync(fd, bareLine(fields))
    },
  },
  'ours, batch: true': { group: GATHERED, kind: 'ours', create: (folder) => ownLogger(folder, true) },
  'winston File': {
    group: GATHERED,
    kind: 'peer',
    create: (folder) => {
      const filename = join(folder, 'mcp.log')
      return winstonLogger(
        new winston.transports.File({ filename, maxsize: MAX_BYTES, maxFiles: BACKUPS + 1, tailable: true }),
      )
    },
  },
  'winston-daily-rotate-file': {
    group: GATHERED,
    kind: 'peer',
    create: (folder) => {
      const filename = join(folder, 'mcp-%DATE%.log')
      return winstonLogger(new DailyRotateFile({ filename, maxSize: MAX_BYTES, maxFiles: BACKUPS + 1 }))
    },
  },
  'pino, async (no rotation)': {
    group: GATHERED,
    kind: 'peer',
    create: (folder) => {
      const logger = pino(pino.destination({ dest: join(folder, 'mcp.log'), sync: false, minLength: 4096 }))
      return (fields) => logger.info(fields)
    },
  },
  'bare JSON, written by the 64 KiB (no rotation)': {
    group: GATHERED,
    kind: 'limit',
    create: (folder) => {
      const fd = openSync(join(folder, 'mcp.log'), 'a')
      let text = ''
      const flush = (): void => {
        writeSync(fd, text)
        text = ''
      }
      process.once('exit', flush)
      return (fields) => {
        text += bareLine(fields)
        if (text.length > 65_536) flush()
      }
    },
  },
}

function bareLine(fields: object): string {
  return `${JSON.stringify({ time: Date.now(), level: 'info', ...fields })}\n`
}
