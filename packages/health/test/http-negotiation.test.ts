import * as fc from 'fast-check'
import { expect, test } from 'vitest'

import { HEALTH_JSON, JSON_TYPE, negotiate, parseAccept } from '../src/accept.ts'
import { pathOf } from '../src/endpoint-path.ts'

const quality = fc.integer({ min: 0, max: 1000 }).map((thousandths) => thousandths / 1000)
const spaces = fc.constantFrom('', ' ', '  ')

test('an Accept header of any text is answered with one of the two types', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary-ascii', maxLength: 60 }), (accept) => {
      expect([HEALTH_JSON, JSON_TYPE]).toContain(negotiate(accept))
    }),
  )
})

test('health+json is chosen when it is named, wanted at all, and not wanted less than json', () => {
  fc.assert(
    fc.property(quality, quality, spaces, fc.boolean(), (forHealth, forJson, space, healthFirst) => {
      const ranges = [`${HEALTH_JSON}${space};${space}q=${forHealth}`, `Application/JSON;${space}q=${forJson}`]
      const accept = (healthFirst ? ranges : ranges.toReversed()).join(`,${space}`)
      expect(negotiate(accept)).toBe(forHealth > 0 && forHealth >= forJson ? HEALTH_JSON : JSON_TYPE)
    }),
  )
})

test('json is the answer to everything else', () => {
  for (const accept of [undefined, '', '*/*', 'application/*', 'text/html', 'application/json', `${HEALTH_JSON};q=0`]) {
    expect(negotiate(accept)).toBe(JSON_TYPE)
  }
  expect(negotiate(HEALTH_JSON)).toBe(HEALTH_JSON)
  expect(negotiate(`text/html, ${HEALTH_JSON}`)).toBe(HEALTH_JSON)
  expect(negotiate(`${HEALTH_JSON};charset=utf-8;q=0.5, */*`)).toBe(HEALTH_JSON)
})

test('ranges written out are read back', () => {
  const range = fc.record({ type: fc.stringMatching(/^[a-z]{1,8}\/[a-z+.-]{1,12}$/), quality })
  fc.assert(
    fc.property(fc.array(range, { maxLength: 6 }), (ranges) => {
      const accept = ranges.map(({ type, quality: q }) => `${type};q=${q}`).join(', ')
      expect(parseAccept(accept)).toEqual(ranges)
    }),
  )
})

test('query, fragment, trailing slashes and the origin do not change the path', () => {
  const segment = fc.stringMatching(/^[A-Za-z0-9_.~-]{1,10}$/)
  const path = fc.array(segment, { minLength: 1, maxLength: 4 }).map((segments) => `/${segments.join('/')}`)
  const query = fc.oneof(
    fc.constant(''),
    fc.webQueryParameters().map((text) => `?${text}`),
    fc.constant('?a=/b/?c'),
  )
  const origin = fc.constantFrom('', 'http://localhost:5000', 'HTTPS://example.com')
  fc.assert(
    fc.property(path, query, origin, fc.constantFrom('', '/', '//'), (expected, search, base, slash) => {
      expect(pathOf(`${base}${expected}${slash}${search}`)).toBe(expected)
    }),
  )
  expect(pathOf('/')).toBe('/')
  expect(pathOf('')).toBe('/')
  expect(pathOf('http://localhost')).toBe('/')
})
