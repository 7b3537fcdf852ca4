import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Writable } from 'node:stream'

import { SeverityNumber } from '@opentelemetry/api'
import { expect, onTestFinished, test } from 'vitest'
import winston from 'winston'

import { instrumentWinston } from '../src/index.ts'
import { createFamily, parseLines } from './support/log-family.ts'
import { registerSdk } from './support/sdk.ts'
import { ended, startFixture, temporaryFolder } from './support/writer.ts'

/** A winston logger as an application makes it, with what it writes. */
function ownLogger(options: winston.LoggerOptions = {}): { logger: winston.Logger; written: () => Promise<object[]> } {
  let text = ''
  const stream = new Writable({
    write: (chunk, _encoding, done) => {
      text += String(chunk)
      done()
    },
  })
  const logger = winston.createLogger({ transports: [new winston.transports.Stream({ stream })], ...options })
  return {
    logger,
    written: async () => {
      await new Promise((resolve) => setImmediate(resolve))
      return parseLines(text)
    },
  }
}

function instrument(): void {
  onTestFinished(instrumentWinston(winston))
}

test("an application's winston lines bear the trace inside a span, and are as ever outside", async () => {
  const { tracer } = registerSdk()
  instrument()
  const { logger, written } = ownLogger()
  logger.info('outside', { a: 1 })
  const { traceId, spanId } = tracer.startActiveSpan('job', (span) => {
    logger.info('inside', { a: 1 })
    logger.child({ b: 2 }).info({ message: 'of a child' })
    return span.spanContext()
  })
  const trace = { trace_id: traceId, span_id: spanId, trace_flags: '01' }
  expect(await written()).toEqual([
    { level: 'info', message: 'outside', a: 1 },
    { level: 'info', message: 'inside', a: 1, ...trace },
    { level: 'info', message: 'of a child', b: 2, ...trace },
  ])
})

test('the objects that the application logs stay as they are, errors and their classes too', async () => {
  const { tracer } = registerSdk()
  instrument()
  const { format } = winston
  const { logger, written } = ownLogger({
    format: format.combine(format.errors({ stack: true, cause: true }), format.json()),
  })
  class OwnError extends Error {
    readonly code = 'E_OWN'
  }
  const error = new OwnError('boom')
  const fields = { message: 'text' }
  tracer.startActiveSpan('job', () => {
    logger.info(fields)
    logger.error(error)
  })
  expect(fields).not.toHaveProperty('trace_id')
  expect(error).not.toHaveProperty('trace_id')
  const [, line] = await written()
  expect(line).toMatchObject({ level: 'error', message: 'boom', code: 'E_OWN', trace_id: expect.any(String) as string })
  expect((line as { stack: string }).stack).toMatch(/^Error: boom\n {4}at /)
})

test('each record goes to OpenTelemetry once, with the severity that its level means', () => {
  const { tracer, records } = registerSdk()
  instrument()
  const { logger } = ownLogger({ level: 'silly' })
  const shared = new winston.transports.Console({ silent: true })
  logger.add(shared)
  const other = ownLogger({ transports: [shared, ...logger.transports] }).logger
  tracer.startActiveSpan('job', () => {
    for (const level of ['error', 'warn', 'info', 'http', 'debug'] as const) logger[level](level)
  })
  other.info('of the other')
  expect(records().map(({ body, severityNumber, severityText }) => [body, severityNumber, severityText])).toEqual([
    ['error', SeverityNumber.ERROR, 'error'],
    ['warn', SeverityNumber.WARN, 'warn'],
    ['info', SeverityNumber.INFO, 'info'],
    ['http', SeverityNumber.DEBUG, 'http'],
    ['debug', SeverityNumber.DEBUG, 'debug'],
    ['of the other', SeverityNumber.INFO, 'info'],
  ])
  expect(records()[0]?.spanContext?.traceId).toMatch(/^[0-9a-f]{32}$/)
  expect(records()[0]?.attributes).toEqual({})
})

test('custom levels keep their name, and critical is the most severe', () => {
  const { records } = registerSdk()
  instrument()
  const { logger } = ownLogger({ levels: { critical: 0, loud: 1 }, level: 'loud' })
  logger.log('critical', 'a')
  logger.log('loud', 'b')
  expect(records().map(({ severityNumber, severityText }) => [severityNumber, severityText])).toEqual([
    [SeverityNumber.FATAL, 'critical'],
    [undefined, 'loud'],
  ])
})

test("the application's formats decide what is sent: what they filter out is not, what they mask is masked", () => {
  const { records } = registerSdk()
  instrument()
  const format = winston.format((info) => (info['isPrivate'] === true ? false : { ...info, name: '***' }))
  const { logger } = ownLogger({ format: winston.format.combine(format(), winston.format.json()) })
  logger.info('private', { isPrivate: true })
  logger.info('open', { name: 'alice', password: 'hidden' })
  logger.debug('not enabled')
  expect(records()).toHaveLength(1)
  expect(records()[0]).toMatchObject({ body: 'open', attributes: { name_: '***', password: '[REDACTED]' } })
})

test('an error of the application is described by the conventions', () => {
  const { records } = registerSdk()
  instrument()
  const { logger } = ownLogger()
  logger.error('text', new TypeError('boom'))
  logger.error(new TypeError('alone'))
  expect(records().map(({ attributes }) => attributes['exception.type'])).toEqual(['TypeError', 'TypeError'])
  expect(records()[1]?.attributes['exception.message']).toBe('alone')
})

test('our own loggers, and transports of others in them, are not told twice', async () => {
  const { tracer, records } = registerSdk()
  instrument()
  const { logger, lines } = createFamily()
  let text = ''
  logger.add(
    new winston.transports.Stream({
      stream: new Writable({ write: (chunk, _encoding, done) => done(void (text += String(chunk))) }),
    }),
  )
  tracer.startActiveSpan('job', () => logger.info('ours', { a: 1 }))
  await new Promise((resolve) => setImmediate(resolve))
  expect(records()).toHaveLength(1)
  expect(parseLines(text)).toEqual(lines())
})

test('taken back, winston is as it was', async () => {
  const { tracer, records } = registerSdk()
  const undo = instrumentWinston(winston)
  undo()
  const { logger, written } = ownLogger()
  tracer.startActiveSpan('job', () => logger.info('inside'))
  expect(await written()).toEqual([{ level: 'info', message: 'inside' }])
  expect(records()).toEqual([])
})

test.for(['own-winston-app.cjs', 'own-winston-app.mjs'])(
  'an unchanged application gets all that without code: %s',
  async (app) => {
    const file = join(temporaryFolder(), 'app.log')
    const preload = join(import.meta.dirname, 'fixtures/observe.cjs')
    const child = startFixture(app, { file }, { preload })
    const told: Record<string, unknown>[] = []
    child.on('message', (message) => told.push(message as Record<string, unknown>))
    const end = ended(child)
    await once(child, 'disconnect')
    expect(await end).toEqual({ code: 0, signal: null, stderr: '' })
    const [{ traceId }] = told.flatMap(({ span }) => span ?? []) as [{ traceId: string }]
    const lines = parseLines(readFileSync(file, 'utf8'))
    expect(lines.map(({ message, trace_id }) => [message, trace_id])).toEqual([
      ['outside', undefined],
      ['inside', traceId],
      ['of a child', traceId],
      ['of the default logger', traceId],
    ])
    expect(told.filter((message) => 'body' in message).map(({ body, traceId: id }) => [body, id])).toEqual(
      lines.map(({ message, trace_id }) => [message, trace_id]),
    )
  },
)
