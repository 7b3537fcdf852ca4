import { expect, onTestFinished, test, vi } from 'vitest'

import { createFamily } from './support/log-family.ts'
import { registerSdk } from './support/sdk.ts'

const FLUSHERS = Symbol.for('@mcp/otel/logging.flushers')
/** How much is to be done when the process ends. */
const atExit = () => (globalThis as { [FLUSHERS]?: { atExit: Set<unknown> } })[FLUSHERS]?.atExit.size ?? 0

test('by default every line is written, however often', () => {
  const { logger, lines } = createFamily()
  for (let index = 0; index < 1000; index++) logger.info('again')
  expect(lines()).toHaveLength(1000)
})

test('a line that repeats is written so often, and then how many were suppressed is', () => {
  const { logger, lines } = createFamily({ rateLimit: { lines: 3, perMs: 60_000 } })
  for (let index = 0; index < 100; index++) logger.warn('again', { why: 'x' })
  logger.warn('again', { why: 'y' })
  logger.warn('another')
  logger.flush()
  expect(lines().map(({ message }) => message)).toEqual([
    'again',
    'again',
    'again',
    'again',
    'another',
    'suppressed 97 repetitions of: again',
  ])
  expect(lines().at(-1)).toMatchObject({ levelname: 'WARNING', type: 'suppressed', suppressed: 97 })
})

test('a clock that is set back ends the interval', () => {
  const { logger, lines } = createFamily({ rateLimit: { lines: 1, perMs: 60_000 } })
  const now = vi.spyOn(Date, 'now')
  onTestFinished(() => now.mockRestore())
  for (const time of [1e12, 1e12 + 1, 1e12 - 3_600_000]) {
    now.mockReturnValue(time)
    logger.info('again')
  }
  expect(lines().filter(({ message }) => message === 'again')).toHaveLength(2)
})

test('lines that differ in the trace alone are the same line', () => {
  const { tracer, records } = registerSdk()
  const { logger, lines } = createFamily({ rateLimit: { lines: 1, perMs: 60_000 } })
  for (let index = 0; index < 10; index++) tracer.startActiveSpan('job', () => logger.error('same'))
  logger.flush()
  expect(lines()).toHaveLength(2)
  expect(records().map(({ body }) => body)).toEqual(['same', 'suppressed 9 repetitions of: same'])
})

test('when the interval is over the record comes by itself, and the line may be written again', () => {
  vi.useFakeTimers()
  onTestFinished(() => void vi.useRealTimers())
  const { logger, lines } = createFamily({ rateLimit: { lines: 1, perMs: 50 } })
  const messages = (): unknown[] => lines().map(({ message }) => message)
  logger.info('again')
  logger.info('again')
  vi.advanceTimersByTime(49)
  expect(messages()).toEqual(['again'])
  vi.advanceTimersByTime(1)
  expect(messages()).toEqual(['again', 'suppressed 1 repetitions of: again'])
  logger.info('again')
  expect(lines()).toHaveLength(3)
})

test('audit lines are never suppressed', () => {
  const { logger, lines } = createFamily({ rateLimit: { lines: 1 } })
  for (let index = 0; index < 5; index++) logger.audit('act', 'bob')
  expect(lines()).toHaveLength(5)
})

test('what it remembers is bounded: the oldest line makes room, and its record is written', () => {
  const { logger, lines } = createFamily({ rateLimit: { lines: 1, perMs: 60_000 } })
  logger.info('first')
  logger.info('first')
  for (let index = 0; index < 1000; index++) logger.info(`line ${index}`)
  expect(lines().filter(({ type }) => type === 'suppressed')).toMatchObject([{ suppressed: 1 }])
})

test('a logger that is closed has nothing to do any more when the process ends', () => {
  createFamily().logger.close()
  const before = atExit()
  const { logger } = createFamily({ rateLimit: true })
  logger.audit('login', 'bob')
  expect(atExit()).toBeGreaterThan(before)
  logger.close()
  expect(atExit()).toBe(before)
})

test('what was suppressed is said when the logger is closed', () => {
  const { logger, lines } = createFamily({ rateLimit: { lines: 1, perMs: 60_000 } })
  logger.info('again')
  logger.info('again')
  logger.close()
  expect(lines().at(-1)).toMatchObject({ suppressed: 1 })
})
