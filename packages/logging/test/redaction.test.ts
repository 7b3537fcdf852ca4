import * as fc from 'fast-check'
import { expect, test } from 'vitest'

import { createRedactor } from '../src/redactor.ts'
import { createFamily } from './support/log-family.ts'

const CENSOR = '[REDACTED]'

/** A secret that cannot be in a line for another reason. */
const secret = fc.stringMatching(/^Zq9[A-Za-z0-9]{8,40}Xw7$/)

const secretKey = fc.constantFrom(
  'password',
  'Password',
  'userPassword',
  'passwd',
  'pwd',
  'passphrase',
  'secret',
  'client_secret',
  'clientSecret',
  'token',
  'access_token',
  'refreshToken',
  'X-Auth-Token',
  'apiKey',
  'API_KEY',
  'x-api-key',
  'authorization',
  'Proxy-Authorization',
  'cookie',
  'Set-Cookie',
  'privateKey',
  'credentials',
  'jwt',
  'sessionId',
)

/** Text, with one hole for the secret, that gives it away by its shape. */
const givenAway = fc.constantFrom<(hidden: string) => string>(
  (s) => `Authorization: Bearer ${s}`,
  (s) => `got bearer ${s} from the client`,
  (s) => `Authorization: Basic ${s}=`,
  (s) => `authorization=${s}`,
  (s) => `connecting to postgres://admin:${s}@db.internal:5432/jobs failed`,
  (s) => `redis://:${s}@cache`,
  (s) => `https://${s}@github.com/x.git`,
  (s) => `amqp://user:p/${s}@host/vhost`,
  (s) => `password=${s}`,
  (s) => `login failed: password: "${s}" is wrong`,
  (s) => `GET /run?access_token=${s}&plugin=sum`,
  (s) => `{"user":"bob","password":"${s}"}`,
  (s) => `{\\"api_key\\":\\"${s}\\"}`,
  (s) => `{ password: '${s}', user: 'bob' }`,
  (s) => `mysql --password ${s} --host db`,
  (s) => `tool --api-key=${s}`,
  (s) => `export CLIENT_SECRET=${s}`,
  (s) => `Cookie: sid=${s}; theme=dark`,
  (s) => `set-cookie: ${s}`,
  (s) => `eyJhbGciOiJIUzI1NiJ9.${s}.${s}`,
  (s) => `-----BEGIN RSA PRIVATE KEY-----\n${s}\n-----END RSA PRIVATE KEY-----`,
  (s) => `sk-${s}${s}`,
  (s) => `ghp_${s}${s}`.slice(0, 60),
)

/** Ways to wrap a value: the secret is as secret inside. */
const wrapping = fc.constantFrom<(value: unknown) => unknown>(
  (value) => value,
  (value) => ({ a: { b: value } }),
  (value) => [value],
  (value) => [{ deep: [value] }],
  (value) => new Map([['entry', value]]),
  (value) => new Set([value]),
  (value) => ({ toJSON: () => value }),
  (value) => Object.assign(Object.create({ inherited: 1 }) as object, { own: value }),
)

test('what stands under a secret key is not written, whatever holds it, in a line, a child or an error', () => {
  const { logger, text } = createFamily()
  fc.assert(
    fc.property(secretKey, secret, wrapping, (key, hidden, wrap) => {
      logger.info('text', { outer: wrap({ [key]: hidden }) })
      logger.info(wrap({ [key]: { inner: [hidden] } }))
      logger.info({ [key]: hidden })
      logger.child({ [key]: hidden }).info('of a child')
      logger.error(Object.assign(new Error('x'), { [key]: hidden }), { [key]: hidden })
      logger.error('beside', { err: Object.assign(new Error('x'), { [key]: hidden }) })
      logger.info('mapped', new Map([[key, hidden]]))
      logger.audit('act', 'bob', { [key]: hidden })
      expect(text()).not.toContain(hidden)
    }),
    { numRuns: 60 },
  )
})

test('what gives itself away by its shape is not written, wherever text can be', () => {
  const { logger, text } = createFamily()
  fc.assert(
    fc.property(givenAway, secret, wrapping, (shape, hidden, wrap) => {
      const telling = shape(hidden)
      logger.info(telling)
      logger.info(`before ${telling} after`, { field: wrap(telling) })
      logger.info('filled %s and %o', telling, { telling })
      logger.error(new Error(telling, { cause: new Error(telling) }))
      logger.error(new Error('outer', { cause: { response: telling } }))
      logger.info({ [telling]: 1 })
      logger.audit(telling, telling, telling)
      expect(text().includes(hidden), `${telling} is given away`).toBe(false)
    }),
    { numRuns: 150 },
  )
})

test.for([
  [{ rawHeaders: ['Host', 'x', 'Authorization', 'hidden-value'] }],
  [{ headers: [{ name: 'Cookie', value: 'hidden-value' }] }],
  [{ env: [{ key: 'DB_PASSWORD', value: 'hidden-value' }] }],
  [{ argv: ['mysql', '--password', 'hidden-value'] }],
  [{ headers: new Headers({ authorization: 'hidden-value' }) }],
  [{ body: new URLSearchParams({ token: 'hidden-value' }) }],
  [{ url: new URL('https://user:hidden-value@host/') }],
  [{ key: Buffer.from('hidden-value') }],
  [{ key: new TextEncoder().encode('hidden-value') }],
])('secrets that are named beside themselves are not written: %j', ([fields]) => {
  const { logger, text } = createFamily()
  logger.info('x', fields)
  expect(text()).not.toMatch(/hidden-value|aGlkZGVu|104,105/)
})

test('what only looks like a secret is written as it is', () => {
  const { logger, lines } = createFamily()
  const fields = {
    tokens: 512,
    max_tokens: 4096,
    hasPassword: true,
    token: null,
    plugin: 'token-counter',
    path: '/help/authors/basic',
    url: 'https://example.org:8443/run?plugin=sum#part',
    email: 'alice@example.org',
    text: 'The basic version has no session support; tokens: 12 were used at 10:30',
  }
  logger.info('Unexpected token } in JSON at position 5', fields)
  expect(lines()[0]).toMatchObject({ message: 'Unexpected token } in JSON at position 5', ...fields })
})

function isHarmless(value: unknown): boolean {
  const words = /pass|pwd|secret|token|key|cred|auth|cookie|jwt|session|bearer|basic|sk-/i
  return typeof value !== 'string' || !words.test(value)
}

test('plain text and numbers under plain keys come back as they were', () => {
  const { logger, lines } = createFamily()
  const plain = fc.oneof(
    fc.stringMatching(/^[\w .,;!?'"()<>{}äöü€\\/]{0,80}$/),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.boolean(),
    fc.constant(null),
  )
  fc.assert(
    fc.property(plain.filter(isHarmless), (value) => {
      logger.info('x', { value, list: [value], nested: { value } })
      // JSON has no negative zero.
      const expected = Object.is(value, -0) ? 0 : value
      expect(lines().at(-1)).toMatchObject({ value: expected, list: [expected], nested: { value: expected } })
    }),
    { numRuns: 100 },
  )
})

test('further keys, places and patterns are hidden, and keys can be allowed', () => {
  const { logger, lines } = createFamily({
    redact: {
      keys: ['Social-Security'],
      paths: ['user.email', 'items[*].card', 'context.job.owner'],
      patterns: [/\bcust-\d+/],
      allow: ['sessionId'],
      censor: '***',
    },
  })
  logger.info('of cust-1 and cust-2', {
    socialSecurity: '1',
    user: { email: 'a@b.c', name: 'a' },
    items: [{ card: 1 }, { card: 2, price: 3 }],
    sessionId: 's1',
    password: 'p',
  })
  expect(lines()[0]).toMatchObject({
    message: 'of *** and ***',
    socialSecurity: '***',
    user: { email: '***', name: 'a' },
    items: [{ card: '***' }, { card: '***', price: 3 }],
    sessionId: 's1',
    password: '***',
  })
  logger.error(new Error('x'), { job: { owner: 'a', id: 1 } })
  expect(lines()[1]).toMatchObject({ context: { job: { owner: '***', id: 1 } } })
})

test('of a secret that stands where a very long text is cut no part is written', () => {
  const { logger, text } = createFamily()
  logger.info(`token=${'a'.repeat(131_050)} ghp_hidden${'a'.repeat(26)} the rest`)
  expect(text()).toContain('(cut: ')
  expect(text()).not.toContain('ghp_')
})

test('the objects that are logged keep their secrets', () => {
  const { logger } = createFamily({ redact: { paths: ['user.email'] } })
  const user = { email: 'a@b.c', password: 'p' }
  logger.info({ user })
  expect(user).toEqual({ email: 'a@b.c', password: 'p' })
})

test('hiding comes to an end whatever the text: no rule tries every way to match', { timeout: 20_000 }, () => {
  const redactor = createRedactor()
  const piece = fc.constantFrom(
    'a',
    '://',
    'a:',
    'password',
    'token=',
    'eyJ',
    '"',
    "'",
    '\\',
    'bearer ',
    'x@',
    '--',
    '-----BEGIN ',
    '.',
  )
  fc.assert(
    fc.property(fc.array(piece, { minLength: 1, maxLength: 4 }), (pieces) => {
      const unit = `secret ${pieces.join('')}`
      expect(redactor.text(unit.repeat(Math.ceil(100_000 / unit.length)))).toBeTypeOf('string')
      const tail = pieces.join('')
      expect(redactor.text(`secret ${tail.repeat(Math.ceil(100_000 / tail.length))}`)).toBeTypeOf('string')
    }),
    { numRuns: 60 },
  )
})

function thrower(): never {
  throw new Error('hidden-value')
}

test('nothing is written of what cannot be read', () => {
  const { logger, text, lines } = createFamily()
  const hostile = [
    {
      get password() {
        return thrower()
      },
    },
    {
      get plain() {
        return thrower()
      },
    },
    { toJSON: thrower },
    new Proxy({}, { ownKeys: thrower }),
    new Proxy({}, { get: thrower, getPrototypeOf: thrower }),
    new Proxy({ a: 1 }, { getOwnPropertyDescriptor: thrower }),
    { entries: thrower },
    Object.defineProperty(new Error('x'), 'stack', { get: thrower }),
    Object.defineProperty(new Error('x'), 'message', { get: thrower }),
    { [Symbol.toPrimitive]: thrower, toString: thrower },
  ]
  for (const value of hostile) {
    expect(() => {
      logger.info(value)
      logger.info('text', value)
      logger.info('text', { value })
      logger.info('%s %o', value, value)
      logger.info('text', { list: [value], map: new Map([['m', value]]) })
      logger.error(value as unknown as Error)
      logger.error(new Error('x', { cause: value }), value)
      logger.log(value as never)
      logger.child({ value }).info('text')
      logger.audit('act', 'bob', value)
    }).not.toThrow()
  }
  expect(text()).not.toContain('hidden-value')
  expect(lines()).toHaveLength(hostile.length * 10)
})

test('a secret in a line that is mostly unreadable is not written either', () => {
  const { logger, text } = createFamily()
  logger.info(
    'password=hidden-value',
    new Proxy(
      { token: 'hidden-value' },
      {
        ownKeys: () => {
          throw new Error('no')
        },
      },
    ),
  )
  expect(text()).not.toContain('hidden-value')
  expect(text()).not.toBe('')
})

test(`the censor is ${CENSOR} in the place of the value, so that the rest can be read`, () => {
  const { logger, lines } = createFamily()
  logger.info('GET postgres://bob:pw123@db:5432/jobs?token=abc&x=1 with Bearer abc.def', {
    headers: { cookie: 'a=b', host: 'h' },
  })
  expect(lines()[0]).toMatchObject({
    message: 'GET postgres://[REDACTED]@db:5432/jobs?token=[REDACTED]&x=1 with Bearer [REDACTED]',
    headers: { cookie: CENSOR, host: 'h' },
  })
})
