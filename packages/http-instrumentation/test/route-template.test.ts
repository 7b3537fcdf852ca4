import { array, assert, boolean, constantFrom, property, stringMatching } from 'fast-check'
import { expect, test } from 'vitest'

import { createRouteFinder } from '../src/route-template.ts'

test('/ is the root alone, and * takes any rest', () => {
  const find = createRouteFinder(['/', '/files/*', '/a+b'])
  expect(['/', '', '/files', '/files/', '/files/a/b', '/filesystem', '/a+b', '/aab', '//'].map(find)).toEqual([
    '/',
    '/',
    '/files/*',
    '/files/*',
    '/files/*',
    undefined,
    '/a+b',
    undefined,
    undefined,
  ])
})

const segment = stringMatching(/^[\w.~$()+*-]{1,6}$/)

test('a path made from a template is found, and one segment more or less is not', () => {
  assert(
    property(array(segment, { minLength: 1, maxLength: 5 }), boolean(), constantFrom('', '/'), (segments, all, end) => {
      const isParameter = (index: number) => all || index % 2 === 0
      const template = segments.map((text, index) => (isParameter(index) ? `/:p${index}` : `/x${text}`)).join('')
      const path = segments.map((text, index) => (isParameter(index) ? `/${text}` : `/x${text}`)).join('')
      const find = createRouteFinder([template])
      expect(find(path + end)).toBe(template)
      expect(find(`${path}/more`)).toBeUndefined()
      expect(find(path.slice(0, path.lastIndexOf('/')))).toBeUndefined()
    }),
  )
})
