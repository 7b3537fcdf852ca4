import { existsSync } from 'node:fs'

import { diag } from '@opentelemetry/api'
import * as fc from 'fast-check'
import { expect, onTestFinished, test, vi } from 'vitest'
import winston from 'winston'

import { ConsoleTransport, createLogger, setLogLevel } from '../src/index.ts'
import { resolveLoggerOptions } from '../src/logger-options.ts'
import type { LoggerOptions } from '../src/logger-options.ts'
import { createFamily } from './support/log-family.ts'

const LEVELS = ['DEBUG', 'INFO', 'WARNING', 'ERROR', 'CRITICAL'] as const

/** Catches what is said on stderr while the test runs, and keeps stdout clean. */
function hearStderr(): string[] {
  const said: string[] = []
  vi.spyOn(process.stdout, 'write').mockReturnValue(true)
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => said.push(String(text)) > 0)
  onTestFinished(() => void vi.restoreAllMocks())
  return said
}

test.for(LEVELS)('at level %s what is less severe is not written', (level) => {
  const { logger, lines } = createFamily({ level })
  for (const each of LEVELS) logger.log(each, 'x')
  expect(lines().map(({ levelname }) => levelname)).toEqual(LEVELS.slice(LEVELS.indexOf(level)))
})

test('the level of a running logger can be changed, under any of its names', () => {
  const { logger, lines } = createFamily()
  logger.debug('1')
  logger.level = 'DEBUG'
  logger.debug('2')
  logger.level = 'warn'
  expect(logger.level).toBe('warning')
  expect(logger.isLevelEnabled('info')).toBe(false)
  logger.info('3')
  logger.warn('4')
  logger.level = 'silly'
  logger.debug('5')
  expect(lines().map(({ message }) => message)).toEqual(['2', '4', '5'])
})

test('a level that does not exist is said, and the level stays', () => {
  const said = hearStderr()
  const { logger } = createFamily()
  logger.level = 'LOUD'
  expect(logger.level).toBe('info')
  expect(said).toEqual([
    '[mcp-otel] level of logger mcp is "LOUD"; expected DEBUG, INFO, WARNING, ERROR or CRITICAL; it stays as it was\n',
  ])
})

test.each([10n, null, { toJSON: () => 'x' }, 'x'.repeat(1e6)])(
  'a level of %o does no harm, and is said in short',
  (level) => {
    const said = hearStderr()
    const { logger } = createFamily({ level: level as string })
    logger.level = level as string
    expect(logger.level).toBe('info')
    expect(said).toHaveLength(2)
    for (const line of said) expect(line.length).toBeLessThan(250)
  },
)

test.each([undefined, 5, Symbol('s')])('a logger of the name %o bears the one of its family, which is said', (name) => {
  const said = hearStderr()
  const { logger, lines } = createFamily()
  logger.getLogger(name as unknown as string).info('x')
  expect(lines()).toMatchObject([{ name: 'mcp', message: 'x' }])
  expect(said).toEqual([`[mcp-otel] getLogger: name is ${String(name)}; expected a text; the lines bear mcp\n`])
})

test('loggers have levels of their own by name, and those below them follow', () => {
  const { logger, lines } = createFamily({
    level: 'WARNING',
    levels: { 'mcp.plugin': 'DEBUG', 'mcp.plugin.sum': 'ERROR' },
  })
  const write = (name: string): void => void logger.getLogger(name).info(name)
  for (const name of ['mcp.queue', 'mcp.plugin', 'mcp.plugin.grep', 'mcp.plugin.sum', 'mcp.plugins']) write(name)
  expect(lines().map(({ name }) => name)).toEqual(['mcp.plugin', 'mcp.plugin.grep'])
  logger.getLogger('mcp.queue').level = 'INFO'
  write('mcp.queue.jobs')
  logger.info('the root keeps its own')
  expect(lines().map(({ name }) => name)).toEqual(['mcp.plugin', 'mcp.plugin.grep', 'mcp.queue.jobs'])
})

test('setLogLevel reaches every logger of the process, all or those under a name', () => {
  const one = createFamily()
  const two = createFamily({ levels: { 'mcp.plugin': 'ERROR' } })
  setLogLevel('debug')
  for (const { logger } of [one, two]) {
    logger.debug('all')
    logger.getLogger('mcp.plugin').debug('own')
  }
  expect(one.lines()).toHaveLength(2)
  expect(two.lines()).toHaveLength(1)
  setLogLevel('DEBUG', 'mcp.plugin')
  two.logger.getLogger('mcp.plugin.sum').debug('now')
  expect(two.lines()).toHaveLength(2)
  expect(() => setLogLevel('LOUD')).toThrow('level is "LOUD"; expected DEBUG, INFO, WARNING, ERROR or CRITICAL')
})

test('a transport may have a level of its own, more severe or less', () => {
  const { logger, lines } = createFamily({ level: 'WARNING' })
  const [transport] = logger.transports
  if (transport) transport.level = 'debug'
  logger.debug('in the file')
  expect(lines()).toHaveLength(1)
  if (transport) transport.level = 'error'
  logger.add(new ConsoleTransport({ target: 'stderr', level: 'critical' }))
  logger.warning('nowhere')
  logger.error('in the file')
  expect(lines()).toHaveLength(2)
})

test('a format that throws costs the lines that it is given, and one message', () => {
  const said = hearStderr()
  const { logger } = createFamily()
  logger.format = winston.format(() => {
    throw new RangeError('mistake of the application')
  })()
  for (let index = 0; index < 3; index++) logger.info('x')
  expect(said).toEqual([
    '[mcp-otel] a log line could not be written: RangeError: mistake of the application; later ones that cannot be are not mentioned\n',
  ])
})

test('it is a winston logger: child, silent, formats, transports of others, remove, close', async () => {
  const { logger, lines, text } = createFamily()
  logger.silent = true
  logger.info('silent')
  logger.silent = false
  expect(lines()).toEqual([])
  logger.format = winston.format.printf(({ level, message }) => `${level}: ${String(message)}`)
  logger.info('own format')
  expect(text()).toBe('info: own format\n')
  logger.format = winston.format((info) => (info.message === 'out' ? false : info))()
  logger.info('out')
  expect(text()).toBe('info: own format\n')
  for (const transport of logger.transports) logger.remove(transport)
  logger.info('nowhere')
  expect(text()).toBe('info: own format\n')
  const finished = new Promise((resolve) => logger.once('finish', resolve))
  logger.end()
  await finished
})

test('every mistake in the options is said at once, with the value and what is accepted, and the logger works', () => {
  const said = hearStderr()
  const { lines } = createFamily()
  const options = {
    level: 'LOUD',
    levels: { a: 'QUIET', b: 'INFO' },
    console: 'stdin',
    format: 'xml',
    maxBytes: '10MB',
    backupCount: -1,
    batch: { bytes: 0 },
    rateLimit: { lines: 1.5 },
    redact: { paths: ['['] },
    otlp: 'yes',
    audit: 5,
    file: false,
  } as unknown as LoggerOptions
  createLogger(options).info('works')
  const text = said.join('')
  for (const part of [
    'createLogger: level is "LOUD"; expected DEBUG, INFO, WARNING, ERROR or CRITICAL',
    `createLogger: levels['a'] is "QUIET"; expected DEBUG`,
    `createLogger: console is "stdin"; expected false, 'stdout', 'stderr' or 'auto'`,
    `createLogger: format is "xml"; expected 'json', 'readable' or 'auto'`,
    'createLogger: maxBytes is "10MB"; expected a whole number of bytes, or 0 for no rotation',
    'createLogger: backupCount is -1; expected a whole number of files, or 0 for no rotation',
    'createLogger: batch is {"bytes":0}; expected true, false or whole numbers above 0 under bytes, delayMs',
    'createLogger: rateLimit is {"lines":1.5}; expected true, false or whole numbers above 0 under lines, perMs',
    'createLogger: redact is not usable: ',
    'createLogger: otlp is "yes"; expected true or false',
    'createLogger: audit is 5; expected false, a path or { file, key, maxBytes, fsync }',
  ]) {
    expect(text).toContain(`[mcp-otel] ${part}`)
  }
  expect(lines()).toEqual([])
})

test('any options make a logger that works, and none throws', () => {
  hearStderr()
  fc.assert(
    fc.property(
      fc.dictionary(
        fc.constantFrom(
          'name',
          'level',
          'levels',
          'console',
          'format',
          'maxBytes',
          'backupCount',
          'batch',
          'rateLimit',
          'redact',
          'otlp',
        ),
        fc.anything(),
      ),
      (options) => {
        const { resolved } = resolveLoggerOptions({ ...options, file: false })
        expect(resolved.file).toBe(false)
        const { logger, lines } = createFamily({ ...options, console: false })
        logger.critical('works')
        logger.flush()
        expect(lines().at(-1)).toMatchObject({ levelname: 'CRITICAL' })
      },
    ),
    { numRuns: 100 },
  )
})

test('without a file none is made', () => {
  const { logger, file, folder } = createFamily({ file: false })
  logger.info('x')
  expect(existsSync(file)).toBe(false)
  expect(existsSync(folder)).toBe(true)
})

test('what goes wrong in the logging is said through diag where the process has set one up', () => {
  const said = hearStderr()
  const told: string[] = []
  const silent = { error: () => {}, info: () => {}, debug: () => {}, verbose: () => {} }
  diag.setLogger({ ...silent, warn: (text) => told.push(text) }, { suppressOverrideMessage: true })
  onTestFinished(() => diag.disable())
  createFamily({ level: 'LOUD' })
  expect(told).toEqual(['createLogger: level is "LOUD"; expected DEBUG, INFO, WARNING, ERROR or CRITICAL'])
  expect(said).toEqual([])
})
