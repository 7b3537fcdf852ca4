import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

import { onTestFinished } from 'vitest'

import { createLogger } from '../../src/index.ts'
import type { Logger, LoggerOptions } from '../../src/index.ts'
import { temporaryFolder } from './writer.ts'

export type Line = Record<string, unknown>

export interface LogFamily {
  readonly logger: Logger
  readonly folder: string
  readonly file: string
  /** What is in the file, as text. */
  readonly text: () => string
  /** The lines in the file; throws when one is not one JSON object. */
  readonly lines: () => Line[]
}

/** A logger with a file of its own and no console, closed when the test ends. */
export function createFamily(options: LoggerOptions = {}): LogFamily {
  const folder = temporaryFolder()
  const file = join(folder, 'mcp.log')
  const logger = createLogger({ console: false, file, ...options })
  onTestFinished(() => void logger.close())
  const text = (): string => (existsSync(file) ? readFileSync(file, 'utf8') : '')
  return { logger, folder, file, text, lines: () => parseLines(text()) }
}

/** Parses text that must be whole lines of one JSON object each. */
export function parseLines(text: string): Line[] {
  const rows = text.split('\n')
  if (rows.pop() !== '') throw new Error('the last line does not end')
  return rows.map((row) => {
    const line: unknown = JSON.parse(row)
    if (typeof line !== 'object' || line === null || Array.isArray(line)) throw new Error(`not an object: ${row}`)
    return line as Line
  })
}
