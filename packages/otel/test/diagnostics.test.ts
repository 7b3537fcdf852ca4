import { describe, expect, test } from 'vitest'

import { diagText, reasonOf } from '../src/diagnostics/diag-text.ts'
import { createStderrDiagLogger } from '../src/diagnostics/stderr-diag-logger.ts'

const throwing = new Proxy(
  {},
  {
    get: () => {
      throw new Error('no')
    },
    has: () => {
      throw new Error('no')
    },
  },
)

describe('a line of ours', () => {
  const error = new TypeError('it broke')
  test.each([
    ['a text', ['a text'], 'a text'],
    ['a text with an error', ['it failed', error], 'it failed it broke'],
    [
      'an error as JSON, as the SDK hands it over',
      [JSON.stringify({ stack: 'Error: x\n    at y', message: 'x' })],
      'x',
    ],
    ['a stack', [`${error.stack}`], 'TypeError: it broke'],
    ['an object', ['module', { name: 'http' }], "module { name: 'http' }"],
    ['a prefix that is ours already', ['[mcp-otel] a text'], 'a text'],
    ['JSON that is none', ['{"a'], '{"a'],
  ])('says %s', (_what, [message, ...args], text) => {
    expect(diagText(message, args)).toBe(text)
  })

  test.each([
    [new AggregateError([new Error('connect ECONNREFUSED ::1:1'), new Error('b')], ''), 'connect ECONNREFUSED ::1:1'],
    [Object.assign(new Error(''), { code: 'EPIPE' }), 'EPIPE'],
    ['thrown text', "'thrown text'"],
    [undefined, 'undefined'],
  ])('gives the reason of %o', (thrown, reason) => {
    expect(reasonOf(thrown)).toBe(reason)
  })

  test('can be said even of what throws when it is looked at', () => {
    expect(diagText(throwing, [])).toBe('a value that cannot be shown')
    expect(reasonOf(throwing)).toBe('an error that cannot be described')
  })
})

describe('the logger behind diag', () => {
  test('says each thing once, save what is for debugging', () => {
    const said: string[] = []
    const logger = createStderrDiagLogger((text) => said.push(text))
    for (let i = 0; i < 3; i++) {
      logger.error('wrong')
      logger.warn('wrong', 'too')
      logger.debug('detail')
    }
    expect(said).toEqual(['wrong', 'wrong too', 'detail', 'detail', 'detail'])
  })

  test('remembers a bounded number of lines', () => {
    let count = 0
    const logger = createStderrDiagLogger(() => void count++)
    for (let i = 0; i < 3000; i++) logger.warn(`line ${i}`)
    logger.warn('line 0')
    expect(count).toBe(3001)
  })
})
