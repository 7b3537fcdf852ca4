import * as fc from 'fast-check'
import { expect, test } from 'vitest'

import { scrubError, scrubText, scrubValue } from '../src/scrub.ts'

const secret = fc.stringMatching(/^[A-Za-z0-9]{20,40}$/)
const words = fc.stringMatching(/^[a-z ]{0,60}$/)

const shapes: readonly ((secret: string) => string)[] = [
  (s) => `postgres://admin:${s}@db.internal:5432/app`,
  (s) => `redis://:${s}@127.0.0.1:6379`,
  (s) => `https://${s}@example.com/path`,
  (s) => `amqp://user:pa@ss/${s}@mq:5672`,
  (s) => `Authorization: Bearer ${s}`,
  (s) => `authorization=Basic ${s}=`,
  (s) => `password=${s}`,
  (s) => `PASSWORD: ${s}`,
  (s) => `db_password='${s} with spaces'`,
  (s) => `{"apiKey": "${s}"}`,
  (s) => `{"client_secret":"${s}\\" and more ${s}"}`,
  (s) => `?access_token=${s}&x=1`,
  (s) => `X-Api-Key: ${s}`,
  (s) => `Cookie: session=${s}`,
  (s) => `key AKIA${s.toUpperCase().replace(/[^A-Z0-9]/g, 'A')} refused`.replace(s, s.toUpperCase()),
  (s) => `eyJhbGciOi.${s}.${s} is expired`,
  (s) => `ghp_${s}`,
  (s) => `sk-${s} is not valid`,
  (s) => `-----BEGIN RSA PRIVATE KEY-----\n${s}\n${s}\n-----END RSA PRIVATE KEY-----`,
  (s) => `-----BEGIN PRIVATE KEY-----\n${s}`,
]

test('what is taken out leaves one mark', () => {
  expect(scrubText('Authorization: Bearer eyJhbGciOi.JIUzI1NiIs.abc; api_key="zzz"')).toBe(
    'Authorization: [redacted]; api_key=[redacted]',
  )
  expect(scrubText('403 (token=sk-abcdefgh12345678)')).toBe('403 (token=[redacted])')
})

test('a secret of a known shape never comes through, whatever stands around it', () => {
  fc.assert(
    fc.property(fc.constantFrom(...shapes), secret, words, words, (shape, value, before, after) => {
      const scrubbed = scrubText(`${before} ${shape(value)} ${after}`)
      expect(scrubbed.toLowerCase()).not.toContain(value.toLowerCase())
    }),
    { numRuns: 600 },
  )
})

test('a secret is not uncovered by the cut through a long text', () => {
  fc.assert(
    fc.property(fc.constantFrom(...shapes), secret, fc.integer({ min: 0, max: 2600 }), (shape, value, length) => {
      const scrubbed = scrubText(`password=${'p'.repeat(length)} ${shape(value)}`)
      expect(scrubbed).not.toContain(value.slice(0, 12))
    }),
    { numRuns: 600 },
  )
})

test('what is shown is one line without control characters, at most 300 characters long', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary-ascii', maxLength: 3000 }), (text) => {
      const scrubbed = scrubText(text)
      expect(scrubbed.length).toBeLessThanOrEqual(300)
      // oxlint-disable-next-line no-control-regex -- control characters are what must not be there
      expect(scrubbed).not.toMatch(/[\u0000-\u001F\u007F-\u009F]/)
    }),
  )
})

test('an ordinary message stays as it is', () => {
  for (const text of [
    'connect ECONNREFUSED 127.0.0.1:6379',
    'ENOENT: no such file or directory, open /var/lib/app/state.json',
    'http://localhost:8080/health answered 503',
    'p99 of the event loop delay is 0.3 s (limit 0.25 s)',
  ]) {
    expect(scrubText(text)).toBe(text)
  }
})

test('whatever is thrown has a text, and its stack is not in it', () => {
  expect(scrubError(new TypeError('no token=abc123'))).toBe('TypeError: no token=[redacted]')
  expect(scrubError(new Error(''))).toBe('no message')
  expect(scrubError(Object.assign(new Error(''), { code: 'ECONNRESET' }))).toBe('ECONNRESET')
  expect(scrubError('plain text')).toBe('plain text')
  expect(scrubError(undefined)).toBe('undefined')
  expect(scrubError(Object.create(null))).toBe('unreadable error')
  const hostile = new Proxy(
    {},
    {
      get: () => {
        throw new Error('trap')
      },
      has: () => {
        throw new Error('trap')
      },
    },
  )
  expect(scrubError(hostile)).toBe('unreadable error')
  fc.assert(
    fc.property(fc.anything(), (thrown) => {
      expect(typeof scrubError(thrown)).toBe('string')
    }),
  )
})

test('details become plain JSON whatever they are, with secrets gone by key and by shape', () => {
  expect(
    scrubValue({ host: 'db', password: 'hunter2', nested: { authToken: 'x', url: 'redis://u:p@h' }, list: [1n, null] }),
  ).toEqual({
    host: 'db',
    password: '[redacted]',
    nested: { authToken: '[redacted]', url: 'redis://[redacted]@h' },
    list: ['1', null],
  })
  const circular: Record<string, unknown> = {}
  circular['self'] = circular
  expect(() => JSON.stringify(scrubValue(circular))).not.toThrow()
  fc.assert(
    fc.property(fc.anything({ withBigInt: true, withDate: true, withMap: true, withNullPrototype: true }), (value) => {
      expect(() => JSON.stringify(scrubValue(value))).not.toThrow()
    }),
  )
})
