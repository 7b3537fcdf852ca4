import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterEach, beforeEach, expect, test } from 'vitest'

import { createLogger } from '../src/index.ts'
import type { Logger, LoggerOptions } from '../src/index.ts'

let directory: string
let file: string
const open: Logger[] = []

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'logging-'))
  file = join(directory, 'mcp.log')
})

afterEach(() => {
  for (const logger of open.splice(0)) logger.close()
  rmSync(directory, { recursive: true, force: true })
})

function create(options: LoggerOptions = {}): Logger {
  const logger = createLogger({ console: false, file, ...options })
  open.push(logger)
  return logger
}

function lines(): Record<string, unknown>[] {
  const text = readFileSync(file, 'utf8')
  return text
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Record<string, unknown>)
}

test('a line is in the file before the call returns, with its keys in the order of the design', () => {
  create().info('started', { port: 5000 })
  const [line] = lines()
  expect(Object.keys(line ?? {})).toEqual(['asctime', 'name', 'levelname', 'message', 'port'])
  expect(line).toMatchObject({ name: 'mcp', levelname: 'INFO', message: 'started', port: 5000 })
  expect(line?.['asctime']).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3}$/)
})

test('an object as message merges into the line', () => {
  create().info({ type: 'plugin', plugin: 'sum', command: 'md5', status: 'success', duration_ms: 12 })
  expect(Object.keys(lines()[0] ?? {})).toEqual([
    'asctime',
    'name',
    'levelname',
    'message',
    'type',
    'plugin',
    'command',
    'status',
    'duration_ms',
  ])
})

test('npm level names and the five levels all map in', () => {
  const logger = create({ level: 'silly' })
  for (const level of ['critical', 'error', 'warning', 'warn', 'info', 'http', 'verbose', 'debug', 'silly'] as const) {
    logger[level](level)
  }
  logger.log('CRITICAL', 'by log')
  expect(lines().map((line) => line['levelname'])).toEqual([
    'CRITICAL',
    'ERROR',
    'WARNING',
    'WARNING',
    'INFO',
    'DEBUG',
    'DEBUG',
    'DEBUG',
    'DEBUG',
    'CRITICAL',
  ])
})

test('the four categories have exactly the fields of the guide', () => {
  const logger = create()
  logger.access({ method: 'GET', path: '/help', status: 200, duration_ms: 3 })
  logger.plugin({ plugin: 'sum', command: 'md5', status: 'success', duration_ms: 12 })
  logger.error(new TypeError('boom', { cause: new Error('why') }), { job: 7 })
  logger.audit('login', 'alice', { ip: '10.0.0.1', password: 'hunter2' })
  const [access, plugin, error, audit] = lines().map((line) => Object.fromEntries(Object.entries(line).slice(4)))
  expect(access).toEqual({
    type: 'access',
    method: 'GET',
    path: '/help',
    status: 200,
    duration_ms: 3,
  })
  expect(plugin).toEqual({
    type: 'plugin',
    plugin: 'sum',
    command: 'md5',
    status: 'success',
    duration_ms: 12,
  })
  expect(error).toMatchObject({ type: 'error', error: 'boom', context: { job: 7 } })
  expect(error?.['traceback']).toMatch(/^TypeError: boom\n {4}at [^]*\nCaused by: Error: why\n {4}at /)
  expect(audit).toEqual({
    type: 'audit',
    action: 'login',
    user: 'alice',
    details: { ip: '10.0.0.1', password: '[REDACTED]' },
  })
})
