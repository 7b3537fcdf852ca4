import * as fc from 'fast-check'
import { expect, test } from 'vitest'

import { errorText } from '../src/index.ts'

test('an error is told by its class and its message', () => {
  expect(errorText(new TypeError('no such file'))).toBe('TypeError: no such file')
  expect(errorText('a string')).toBe('a string')
  expect(errorText(undefined)).toBe('undefined')
  expect(errorText(Symbol('s'))).toBe('Symbol(s)')
  expect(errorText(Object.create(null))).toBe('_OTHER')
})

test('nothing that is thrown makes it throw', () => {
  const hostile = Object.defineProperty(new Error('x'), 'message', {
    get() {
      throw new Error('not for you')
    },
  })
  expect(errorText(hostile)).toBe('what was thrown cannot be read')
  fc.assert(fc.property(fc.anything(), (error) => typeof errorText(error) === 'string'))
})
