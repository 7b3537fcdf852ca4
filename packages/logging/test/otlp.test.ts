import { ROOT_CONTEXT, SeverityNumber, trace } from '@opentelemetry/api'
import { OTLPLogExporter } from '@opentelemetry/exporter-logs-otlp-proto'
import { expect, test } from 'vitest'
import winston from 'winston'

import { startMockOtlp } from '../../../test/support/mock-otlp.ts'
import { createLogger } from '../src/index.ts'
import { createFamily } from './support/log-family.ts'
import { registerSdk } from './support/sdk.ts'

test('the trace is on every line inside a span, in the order of the design, and on none outside', async () => {
  const { tracer } = registerSdk()
  const { logger, lines } = createFamily()
  logger.info('outside')
  const { traceId, spanId } = await tracer.startActiveSpan('job', async (span) => {
    logger.info('inside', { a: 1 })
    await new Promise((resolve) => setImmediate(resolve))
    logger.getLogger('mcp.queue').child({ b: 2 }).error(new Error('later'))
    span.end()
    logger.audit('act', 'bob')
    return span.spanContext()
  })
  logger.info('after')
  const inSpan = { trace_id: traceId, span_id: spanId, trace_flags: '01' }
  expect(lines().map(({ trace_id }) => trace_id)).toEqual([undefined, traceId, traceId, traceId, undefined])
  expect(lines()[1]).toMatchObject(inSpan)
  expect(Object.keys(lines()[1] ?? {})).toEqual([
    'asctime',
    'name',
    'levelname',
    'message',
    'a',
    'trace_id',
    'span_id',
    'trace_flags',
  ])
})

test('an access or plugin line bears the context that it is given, whichever is active', () => {
  const { tracer } = registerSdk()
  const { logger, lines } = createFamily()
  const span = tracer.startSpan('request')
  const context = trace.setSpan(ROOT_CONTEXT, span)
  tracer.startActiveSpan('another', () => {
    logger.access({ method: 'GET', path: '/', status: 200, duration_ms: 1 }, context)
    logger.plugin({ plugin: 'sum', command: 'md5', status: 'success', duration_ms: 1 }, context)
  })
  expect(lines().map(({ span_id }) => span_id)).toEqual([span.spanContext().spanId, span.spanContext().spanId])
})

test('each line is a record with its severity, text, fields and context, once', () => {
  const { tracer, records } = registerSdk()
  const { logger } = createFamily({ level: 'DEBUG' })
  tracer.startActiveSpan('job', () => {
    for (const level of ['debug', 'info', 'warning', 'error', 'critical'] as const)
      logger[level]('text', { level_was: level })
  })
  expect(records().map(({ severityNumber, severityText, body }) => [severityNumber, severityText, body])).toEqual([
    [SeverityNumber.DEBUG, 'DEBUG', 'text'],
    [SeverityNumber.INFO, 'INFO', 'text'],
    [SeverityNumber.WARN, 'WARNING', 'text'],
    [SeverityNumber.ERROR, 'ERROR', 'text'],
    [SeverityNumber.FATAL, 'CRITICAL', 'text'],
  ])
  expect(records()[0]?.attributes).toEqual({ level_was: 'debug' })
  expect(records()[0]?.instrumentationScope.name).toBe('mcp')
  expect(records().every(({ spanContext }) => spanContext !== undefined)).toBe(true)
})

test('a record has the time of its line', () => {
  const { records } = registerSdk()
  const { logger, lines } = createFamily()
  logger.info('now')
  const [seconds = 0, nanos = 0] = records()[0]?.hrTime ?? []
  const time = new Date(seconds * 1000 + nanos / 1e6)
  expect(String(lines()[0]?.['asctime']).endsWith(`,${String(time.getMilliseconds()).padStart(3, '0')}`)).toBe(true)
})

test('an error is described by the conventions, and its stack is sent once', () => {
  const { records } = registerSdk()
  const { logger } = createFamily()
  const error = Object.assign(new TypeError('boom', { cause: new Error('why') }), { code: 'E_CODE' })
  logger.error(error, { job: 7 })
  logger.error('text', error)
  logger.error('text', { err: error })
  for (const { attributes } of records()) {
    expect(attributes).toMatchObject({ 'exception.type': 'TypeError', 'exception.message': 'boom' })
    expect(attributes['exception.stacktrace']).toMatch(/^TypeError: boom\n {4}at [^]*Caused by: Error: why/)
    expect(attributes).not.toHaveProperty('traceback')
  }
  expect(records().map(({ body }) => body)).toEqual(['boom', 'text', 'text'])
  expect(records()[0]?.attributes).toMatchObject({ type: 'error', context: { code: 'E_CODE', job: 7 } })
})

test('a record is sent once, whatever transports two loggers share', () => {
  const { records } = registerSdk()
  const { logger } = createFamily()
  const shared = new winston.transports.Console({ silent: true })
  const other = createLogger({ console: false, file: false, name: 'other' })
  logger.add(shared)
  other.add(shared)
  for (const transport of logger.transports) other.add(transport)
  logger.info('of one')
  other.info('of the other')
  expect(records().map(({ body }) => body)).toEqual(['of one', 'of the other'])
})

test('what the level keeps out is not sent, and nothing is with otlp: false', () => {
  const { records } = registerSdk()
  createFamily({ level: 'ERROR' }).logger.info('x')
  createFamily({ otlp: false }).logger.error('x')
  const { logger, lines } = createFamily({ level: 'ERROR' })
  for (const transport of logger.transports) transport.level = 'info'
  logger.info('in the file alone')
  expect(lines()).toHaveLength(1)
  expect(records()).toEqual([])
})

test('secrets are not sent', () => {
  const { records } = registerSdk()
  const { logger } = createFamily()
  logger.info('postgres://u:hidden-value@h', { password: 'hidden-value' })
  logger.error(new Error('token=hidden-value'), { cookie: 'hidden-value' })
  expect(JSON.stringify(records().map(({ body, attributes }) => ({ body, attributes })))).not.toContain('hidden-value')
})

test('an audit record bears its seal: who keeps the records has an anchor', () => {
  const { records } = registerSdk()
  const { logger } = createFamily()
  const sealed = logger.audit('act', 'bob')
  expect(records()[0]?.attributes).toMatchObject({ type: 'audit', 'mcp.audit.seq': 1, 'mcp.audit.hash': sealed?.hash })
})

test('a logger made before the SDK sends once there is one', () => {
  const { logger } = createFamily()
  logger.info('before')
  const { records } = registerSdk()
  logger.info('after')
  expect(records().map(({ body }) => body)).toEqual(['after'])
})

test('a pipeline that throws is not heard in the application', () => {
  registerSdk({
    export: () => {
      throw new Error('broken')
    },
    forceFlush: () => Promise.resolve(),
    shutdown: () => Promise.resolve(),
  })
  const { logger, lines } = createFamily()
  expect(() => logger.info('x')).not.toThrow()
  expect(lines()).toHaveLength(1)
})

test('over the wire arrive Date, Map, nested, circular and BigInt fields', async () => {
  await using collector = await startMockOtlp()
  const { tracer, flush } = registerSdk(new OTLPLogExporter({ url: `${collector.httpUrl}/v1/logs` }))
  const { logger } = createFamily({ level: 'DEBUG' })
  const circular: Record<string, unknown> = { list: [1, 'two', null] }
  circular['self'] = circular
  const { traceId, spanId } = tracer.startActiveSpan('job', (span) => {
    logger.critical('all kinds', {
      date: new Date(0),
      map: new Map([['a', { b: [true] }]]),
      circular,
      big: 12345678901234567890n,
      half: 1.5,
    })
    return span.spanContext()
  })
  await flush()
  const record = await collector.logs.next()
  expect(record).toMatchObject({
    body: 'all kinds',
    severityNumber: 21,
    severityText: 'CRITICAL',
    traceId,
    spanId,
    scope: { name: 'mcp' },
    attributes: {
      date: '1970-01-01T00:00:00.000Z',
      big: '12345678901234567890',
      half: 1.5,
    },
  })
  expect(JSON.stringify(record.attributes)).toMatch(/"a".*"b".*true/)
  expect(JSON.stringify(record.attributes)).toContain('[Circular]')
})
