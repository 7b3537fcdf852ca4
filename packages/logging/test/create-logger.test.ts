import { expect, test } from 'vitest'

import { createFamily } from './support/log-family.ts'

test('a line is in the file before the call returns, with its keys in the order of the design', () => {
  const { logger, lines } = createFamily()
  logger.info('started', { port: 5000 })
  const [line] = lines()
  expect(Object.keys(line ?? {})).toEqual(['asctime', 'name', 'levelname', 'message', 'port'])
  expect(line).toMatchObject({ name: 'mcp', levelname: 'INFO', message: 'started', port: 5000 })
  expect(line?.['asctime']).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3}$/)
})

test('an object as message merges into the line', () => {
  const { logger, lines } = createFamily()
  logger.info({ type: 'plugin', plugin: 'sum', command: 'md5', status: 'success', duration_ms: 12 })
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
  const { logger, lines } = createFamily({ level: 'silly' })
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
  const { logger, lines } = createFamily()
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

test('what is logged as npm users, and Python users, are used to ends up in the line, and nothing given is lost', () => {
  const { logger, lines } = createFamily()
  const rest = (): object => Object.fromEntries(Object.entries(lines().at(-1) ?? {}).slice(3))
  logger.info('%s is %d', 'answer', 42, { of: 'all' })
  expect(rest()).toEqual({ message: 'answer is 42', of: 'all' })
  logger.info('100 % sure', { sure: true }, { more: 1 }, 'tail', [1, 2])
  expect(rest()).toEqual({ message: '100 % sure', sure: true, more: 1, args: ['tail', [1, 2]] })
  logger.info({ message: 'text', type: 'x' })
  expect(rest()).toEqual({ message: 'text', type: 'x' })
  logger.log('warn', 'by name', { a: 1 })
  expect(lines().at(-1)).toMatchObject({ levelname: 'WARNING', message: 'by name', a: 1 })
  logger.log({ level: 'error', message: 'by object', a: 1 })
  expect(lines().at(-1)).toMatchObject({ levelname: 'ERROR', message: 'by object', a: 1 })
  logger.child({ request: 7 }).info('of a child', { a: 1 })
  expect(rest()).toEqual({ message: 'of a child', a: 1, request: 7 })
  logger.getLogger('mcp.queue').child({ request: 7 }).info({ a: 1 })
  expect(lines().at(-1)).toMatchObject({ name: 'mcp.queue', message: null, a: 1, request: 7 })
  logger.info([1, 'two'])
  expect(rest()).toEqual({ message: '[1,"two"]' })
  logger.info(new Map([['a', 1]]))
  expect(rest()).toEqual({ message: '{"a":1}' })
  logger.info(undefined)
  expect(rest()).toEqual({ message: null })
})

test('an error makes the error line at every level, and is kept beside a text and among fields', () => {
  const { logger, lines } = createFamily()
  const error = Object.assign(new RangeError('too far'), { code: 'E_FAR', config: { headers: { cookie: 'x' } } })
  logger.critical(error)
  expect(lines().at(-1)).toMatchObject({
    levelname: 'CRITICAL',
    type: 'error',
    error: 'too far',
    context: { code: 'E_FAR' },
  })
  logger.child({ request: 7 }).error(error, { job: 1 })
  expect(lines().at(-1)).toMatchObject({ context: { code: 'E_FAR', request: 7, job: 1 } })
  logger.error(error, 'while reading')
  expect(lines().at(-1)).toMatchObject({ context: { context: 'while reading' } })
  logger.error('could not read', error, { job: 1 })
  expect(lines().at(-1)).toMatchObject({ message: 'could not read', error: 'too far', job: 1 })
  expect(lines().at(-1)?.['traceback']).toContain('RangeError: too far')
  logger.error('could not read %s', 'it', error)
  expect(lines().at(-1)).toMatchObject({ message: 'could not read it', error: 'too far' })
  logger.warn('slow', { err: error })
  expect(lines().at(-1)).toMatchObject({
    message: 'slow',
    err: { name: 'RangeError', message: 'too far', code: 'E_FAR' },
  })
})

test('a traceback names every cause once, also in a circle and of several errors', () => {
  const { logger, lines } = createFamily()
  const root = new Error('root', { cause: 'a text' })
  const several = new AggregateError([new Error('first'), root], 'several')
  root.cause = several
  logger.error(new Error('top', { cause: several }))
  const traceback = String(lines()[0]?.['traceback'])
  const heads = traceback.split('\n').filter((row) => !row.startsWith('    at '))
  expect(heads).toEqual([
    'Error: top',
    'Caused by: AggregateError: several',
    'Error 1 of 2: Error: first',
    'Error 2 of 2: Error: root',
  ])
})

test('two signs of per cent are one, and take no argument', () => {
  const { logger, lines } = createFamily()
  logger.info('100%% of %s', 'all', 'more')
  expect(lines()).toMatchObject([{ message: '100% of all', args: ['more'] }])
})

test('a chain of causes is told as far as the tenth', () => {
  const { logger, lines } = createFamily()
  let error = new Error('cause 12')
  for (let index = 11; index > 0; index--) error = new Error(`cause ${index}`, { cause: error })
  logger.error(error)
  expect(String(lines()[0]?.['traceback']).match(/cause \d+$/gm)).toEqual(
    Array.from({ length: 10 }, (_, index) => `cause ${index + 1}`),
  )
})

test('an error without a message is told by its name', () => {
  const { logger, lines } = createFamily()
  logger.error(new TypeError())
  expect(lines()).toMatchObject([{ type: 'error', error: 'TypeError' }])
})

test('what a call says goes before what every line is to have', () => {
  const { logger, lines } = createFamily()
  logger.defaultMeta = { level: 'error', message: 'of all', host: 'a' }
  logger.info('of this one')
  expect(lines()).toMatchObject([{ levelname: 'INFO', message: 'of this one', host: 'a' }])
})

test('what the caller passes is neither changed nor held, frozen or not', () => {
  const { logger, lines } = createFamily()
  const fields = Object.freeze({ message: 'frozen', list: Object.freeze([1]) })
  logger.info(fields)
  logger.info('beside', fields)
  logger.log(Object.freeze({ level: 'info', message: 'all frozen' }))
  expect(lines().map(({ message }) => message)).toEqual(['frozen', 'beside', 'all frozen'])
  const open = { message: 'open' }
  logger.info(open)
  expect(open).toEqual({ message: 'open' })
  expect(Object.getOwnPropertySymbols(open)).toEqual([])
})
