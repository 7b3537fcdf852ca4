import { openSync, writeSync } from 'node:fs'
import { join } from 'node:path'

import { createLogger } from '@mcp/otel-logging'
import { pino } from 'pino'
import winston from 'winston'
import DailyRotateFile from 'winston-daily-rotate-file'

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

/** Each makes what logs to files in a folder; lines are JSON with a time, and files rotate where they can. */
export const writers: Readonly<Record<string, (folder: string) => WriteLine>> = {
  'ours, written through (default)': (folder) => ownLogger(folder, false),
  'ours, gathered (batch: true)': (folder) => ownLogger(folder, true),
  'winston File': (folder) => {
    const filename = join(folder, 'mcp.log')
    return winstonLogger(
      new winston.transports.File({ filename, maxsize: MAX_BYTES, maxFiles: BACKUPS + 1, tailable: true }),
    )
  },
  'winston-daily-rotate-file': (folder) => {
    const filename = join(folder, 'mcp-%DATE%.log')
    return winstonLogger(new DailyRotateFile({ filename, maxSize: MAX_BYTES, maxFiles: BACKUPS + 1 }))
  },
  'pino, sync (no rotation)': (folder) => {
    const logger = pino(pino.destination({ dest: join(folder, 'mcp.log'), sync: true }))
    return (fields) => logger.info(fields)
  },
  'bare JSON and writeSync (no rotation)': (folder) => {
    const fd = openSync(join(folder, 'mcp.log'), 'a')
    return (fields) => writeSync(fd, `${JSON.stringify({ time: Date.now(), level: 'info', ...fields })}\n`)
  },
}
