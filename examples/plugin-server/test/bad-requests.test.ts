import { expect, test } from 'vitest'

import { postRun, startServer } from './support/start-server.ts'

interface Case {
  readonly body: string
  readonly status: number
  readonly code: string
  readonly says: string
}

const cases: readonly Case[] = [
  { body: '{"plugin": "wor', status: 400, code: 'malformed_json', says: 'not valid JSON' },
  { body: '"words"', status: 400, code: 'malformed_json', says: 'not valid JSON' },
  { body: '', status: 400, code: 'invalid_request', says: 'expected {"plugin", "command", "args"}' },
  { body: '[]', status: 400, code: 'invalid_request', says: 'must be object' },
  { body: '{}', status: 400, code: 'invalid_request', says: "must have required property 'plugin'" },
  { body: '{"plugin": 1, "command": "x"}', status: 400, code: 'invalid_request', says: '/plugin must be string' },
  {
    body: '{"plugin": "words", "command": "count", "args": []}',
    status: 400,
    code: 'invalid_request',
    says: '/args must be object',
  },
  {
    body: '{"plugin": "words", "command": "count", "argz": {}}',
    status: 400,
    code: 'invalid_request',
    says: 'must NOT have additional properties',
  },
  {
    body: '{"plugin": "weather", "command": "today"}',
    status: 404,
    code: 'unknown_plugin',
    says: 'there is no plugin "weather"; known: checksum, search, system, words',
  },
  { body: '{"plugin": "constructor", "command": "x"}', status: 404, code: 'unknown_plugin', says: '"constructor"' },
  {
    body: '{"plugin": "words", "command": "toString"}',
    status: 404,
    code: 'unknown_command',
    says: 'there is no command "toString"; known: count',
  },
  {
    body: '{"plugin": "words", "command": "count"}',
    status: 422,
    code: 'invalid_args',
    says: "must have required property 'file'",
  },
  {
    body: '{"plugin": "words", "command": "count", "args": {"file": 42}}',
    status: 422,
    code: 'invalid_args',
    says: '/file must be string',
  },
  {
    body: '{"plugin": "words", "command": "count", "args": {"file": "sonnet-18.txt", "top": 101, "colour": "red"}}',
    status: 422,
    code: 'invalid_args',
    says: '/colour is not an argument of this command; /top must be <= 100',
  },
  {
    body: '{"plugin": "words", "command": "count", "args": {"file": "letters"}}',
    status: 422,
    code: 'invalid_args',
    says: '/file is no file under the root',
  },
  {
    body: '{"plugin": "search", "command": "text", "args": {"pattern": "("}}',
    status: 422,
    code: 'invalid_args',
    says: '/pattern must match format "regex"',
  },
]

test('every kind of bad body gets its own status, a code and a message that says what is wrong', async () => {
  const server = await startServer()
  for (const { body, status, code, says } of cases) {
    const answer = await postRun(server.url, body)
    expect.soft({ body, status: answer.status, code: answer.body.error?.code }).toEqual({ body, status, code })
    expect.soft(answer.body.error?.message).toContain(says)
  }
})

test('a body that is not JSON by its content type is 415, whatever it holds', async () => {
  const server = await startServer()
  const response = await fetch(`${server.url}/run`, { method: 'POST', body: '{"plugin": "system", "command": "os"}' })
  expect(response.status).toBe(415)
  expect(await response.json()).toEqual({
    error: {
      code: 'unsupported_media_type',
      message: 'the content type is text/plain;charset=UTF-8; expected application/json',
    },
  })
})

test('a body beyond the limit is 413', async () => {
  const server = await startServer()
  const { status, body } = await postRun(server.url, JSON.stringify({ plugin: 'x'.repeat(200_000) }))
  expect(status).toBe(413)
  expect(body.error).toEqual({ code: 'body_too_large', message: 'the body is larger than 100kb' })
})

test('a method that a path does not take is 405 and Allow names those it takes', async () => {
  const server = await startServer()
  const wrong: readonly [string, string, string][] = [
    ['GET', '/run', 'POST'],
    ['DELETE', '/run', 'POST'],
    ['POST', '/help', 'GET, HEAD'],
    ['PUT', '/jobs/1', 'GET, HEAD'],
  ]
  for (const [method, path, allow] of wrong) {
    const response = await fetch(server.url + path, { method })
    expect.soft([method, path, response.status]).toEqual([method, path, 405])
    expect.soft(response.headers.get('allow')).toBe(allow)
    expect.soft(await response.json()).toMatchObject({ error: { code: 'method_not_allowed' } })
  }
})

test('an unknown path and an unknown job are 404 in JSON, a broken escape 400', async () => {
  const server = await startServer()
  const get = async (path: string): Promise<unknown[]> => {
    const response = await fetch(server.url + path)
    return [response.status, ((await response.json()) as { error: { code: string } }).error.code]
  }
  expect(await get('/no/such/page')).toEqual([404, 'not_found'])
  expect(await get('/jobs/7')).toEqual([404, 'unknown_job'])
  expect(await get('/jobs/%zz')).toEqual([400, 'bad_request'])
})

test('without telemetry in the process, /metrics and /health say how to get it', async () => {
  const server = await startServer()
  for (const path of ['/metrics', '/health']) {
    const response = await fetch(server.url + path)
    expect(response.status).toBe(503)
    expect(await response.json()).toMatchObject({
      error: { code: 'no_telemetry', message: expect.stringContaining('--require @mcp/otel/register') },
    })
  }
})
