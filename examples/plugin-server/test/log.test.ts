import { expect, test } from 'vitest'

import { type RunningServer, startServer, testPlugins, until } from './support/start-server.ts'

const ofType = (server: RunningServer, type: string): Record<string, unknown>[] =>
  server.log().filter((line) => line['type'] === type && line['levelname'] !== 'DEBUG')

test('a request leaves the guide’s lines, all in the trace of that request', async () => {
  const server = await startServer({ telemetry: true })
  await server.run('checksum', 'file', { file: 'README.txt' })
  await until(() => ofType(server, 'access').length === 1, 'the access line')
  const [audit] = ofType(server, 'audit').filter((line) => line['action'] === 'plugin.run')
  const [plugin] = ofType(server, 'plugin')
  const [access] = ofType(server, 'access')

  expect(Object.keys(access ?? {})).toEqual([
    'asctime',
    'name',
    'levelname',
    'message',
    'type',
    'method',
    'path',
    'status',
    'duration_ms',
    'trace_id',
    'span_id',
    'trace_flags',
  ])
  expect(access).toMatchObject({ levelname: 'INFO', method: 'POST', path: '/run', status: 200 })
  expect(plugin).toMatchObject({ levelname: 'INFO', plugin: 'checksum', command: 'file', status: 'success' })
  expect(audit).toMatchObject({ user: '127.0.0.1', details: { plugin: 'checksum', args: { file: 'README.txt' } } })
  expect(access?.['trace_id']).toMatch(/^[0-9a-f]{32}$/)
  expect([plugin?.['trace_id'], audit?.['trace_id']]).toEqual([access?.['trace_id'], access?.['trace_id']])
  expect(plugin?.['span_id']).not.toBe(access?.['span_id'])
})

test('a failing plugin leaves one error line with its words, and what the client’s own mistake was leaves none', async () => {
  const server = await startServer({ telemetry: true })
  await server.run('words', 'count', { file: 'letters/old.txt' })
  await server.run('words', 'count', { file: 42 })
  await server.run('weather', 'today')
  await until(() => ofType(server, 'access').length === 3, 'the access lines')
  expect(ofType(server, 'error')).toEqual([
    expect.objectContaining({
      levelname: 'ERROR',
      error: 'letters/old.txt is not text in UTF-8',
      traceback: expect.stringContaining('RequestError'),
      context: expect.objectContaining({ method: 'POST', path: '/run', status: 'error' }),
    }),
  ])
})

test('a client that went away is a 499 and no error', async () => {
  const server = await startServer({ telemetry: true, flags: ['--plugins', testPlugins, '--root', '.'] })
  const errorsAtStart = ofType(server, 'error').length
  const leaving = new AbortController()
  const held = server.run('slow', 'hold', { name: 'a' }, leaving.signal)
  await until(() => server.log().some((line) => line['status'] === 'started'), 'the job to start')
  leaving.abort()
  await expect(held).rejects.toMatchObject({ name: 'AbortError' })
  await until(() => ofType(server, 'plugin').length === 1, 'the plugin line')
  expect(ofType(server, 'access')).toEqual([expect.objectContaining({ path: '/run', status: 499 })])
  expect(ofType(server, 'plugin')).toEqual([expect.objectContaining({ status: 'cancelled' })])
  expect(ofType(server, 'error')).toHaveLength(errorsAtStart)
})

test('secrets in the arguments do not reach the log', async () => {
  const server = await startServer({ telemetry: true })
  await server.run('search', 'text', { pattern: 'x', password: 'open sesame' })
  await until(() => ofType(server, 'access').length === 1, 'the access line')
  const log = JSON.stringify(server.log())
  expect(log).toContain('"password"')
  expect(log).not.toContain('open sesame')
})

test('--log-console writes the same lines to standard output', async () => {
  const server = await startServer({ flags: ['--log-console'] })
  await server.run('system', 'os')
  await until(() => ofType(server, 'access').length === 1, 'the access line')
  const linesShown = (): string[] =>
    server
      .stdout()
      .split('\n')
      .filter((line) => line.startsWith('{') && line.endsWith('}'))
  // The pipe brings them when it does.
  await until(() => linesShown().length >= server.log().length, 'the same lines')
  expect(linesShown().map((line) => JSON.parse(line) as unknown)).toEqual(server.log())
})

test('under telemetry it ends as without: SIGTERM, 0, and its last line is in the log', async () => {
  const server = await startServer({ telemetry: true })
  await server.run('system', 'os')
  server.child.kill('SIGTERM')
  expect(await server.ended).toEqual([0, null])
  expect(server.log().at(-1)).toMatchObject({ action: 'server.stop', details: { signal: 'SIGTERM', drained: true } })
})
