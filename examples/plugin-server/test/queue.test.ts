import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'

import { expect, test } from 'vitest'

import { held, type RunningServer, startServer, testPlugins, until } from './support/start-server.ts'

/** The server with the tests' plugins, working in its own empty directory. */
async function startWithTestPlugins(flags: readonly string[] = []): Promise<RunningServer> {
  return startServer({ flags: ['--plugins', testPlugins, '--root', '.', ...flags] })
}

const hold = (server: RunningServer, name: string, signal?: AbortSignal) => server.run('slow', 'hold', { name }, signal)
const release = (server: RunningServer, name: string): void =>
  writeFileSync(path.join(server.directory, `${name}.release`), '')

/** What the held jobs wrote: `start a`, `end a`, … */
function journal(server: RunningServer): string[] {
  const file = path.join(server.directory, 'journal')
  if (!existsSync(file)) return []
  return readFileSync(file, 'utf8')
    .trim()
    .split('\n')
    .map((line) => line.replace(/ \d+$/, ''))
}

/** The states that the log tells of the jobs of a plugin, in order. */
const states = (server: RunningServer): unknown[] =>
  server.log().flatMap((line) => (line['type'] === 'plugin' ? [line['status']] : []))

const queued = (server: RunningServer, count: number): Promise<void> =>
  until(() => states(server).filter((state) => state === 'queued').length === count, `${count} jobs to be queued`)

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    // A zombie that nobody has waited for yet still takes signals, but runs no more.
    return !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
  } catch {
    return false
  }
}

test('jobs of one plugin run one at a time, in the order in which they came', async () => {
  const server = await startWithTestPlugins()
  const a = hold(server, 'a')
  await held(server, 'a')
  const b = hold(server, 'b')
  await queued(server, 2)
  const c = hold(server, 'c')
  await queued(server, 3)
  for (const name of ['c', 'b', 'a']) release(server, name)
  const answers = await Promise.all([a, b, c])
  expect(answers.map(({ status, body }) => [status, body.result])).toEqual([
    [200, { name: 'a' }],
    [200, { name: 'b' }],
    [200, { name: 'c' }],
  ])
  expect(journal(server)).toEqual(['start a', 'end a', 'start b', 'end b', 'start c', 'end c'])
})

test('a full queue answers 503 at once, and other plugins go on', async () => {
  const server = await startWithTestPlugins()
  const running = hold(server, 'a')
  await held(server, 'a')
  const waiting = [hold(server, 'b'), hold(server, 'c')]
  await queued(server, 3)
  const refused = await hold(server, 'd')
  expect(refused.status).toBe(503)
  expect(refused.headers.get('retry-after')).toBe('1')
  expect(refused.body.error).toMatchObject({
    code: 'queue_full',
    message: '2 jobs wait for plugin slow already; try again later',
  })
  expect((await server.run('odd', 'deaf')).body.result).toBe('heard nothing')
  for (const name of ['a', 'b', 'c']) release(server, name)
  expect((await Promise.all([running, ...waiting])).map(({ status }) => status)).toEqual([200, 200, 200])
})

test('a job can be followed: queued, started, success', async () => {
  const server = await startWithTestPlugins()
  const a = hold(server, 'a')
  await held(server, 'a')
  const b = hold(server, 'b')
  await queued(server, 2)
  const lines = server.log().filter((line) => line['type'] === 'plugin' && line['status'] === 'queued')
  const [idOfA, idOfB] = lines.map((line) => String(line['job']))
  const look = async (id: string | undefined): Promise<unknown> => (await fetch(`${server.url}/jobs/${id}`)).json()
  expect(await look(idOfA)).toMatchObject({ plugin: 'slow', command: 'hold', status: 'started' })
  expect(await look(idOfB)).toMatchObject({ plugin: 'slow', command: 'hold', status: 'queued' })
  release(server, 'a')
  release(server, 'b')
  expect([(await a).body.job, (await b).body.job]).toEqual([idOfA, idOfB])
  expect(await look(idOfB)).toMatchObject({ status: 'success', id: idOfB })
})

test('a client that goes away takes its waiting job out of the queue', async () => {
  const server = await startWithTestPlugins()
  const a = hold(server, 'a')
  await held(server, 'a')
  const leaving = new AbortController()
  const b = hold(server, 'b', leaving.signal)
  await queued(server, 2)
  leaving.abort()
  await expect(b).rejects.toMatchObject({ name: 'AbortError' })
  await until(() => states(server).includes('cancelled'), 'the job to be cancelled')
  const c = hold(server, 'c')
  await queued(server, 3)
  for (const name of ['a', 'b', 'c']) release(server, name)
  expect((await a).status).toBe(200)
  expect((await c).status).toBe(200)
  expect(journal(server)).toEqual(['start a', 'end a', 'start c', 'end c'])
})

test('a client that goes away stops its running job, and the next one starts', async () => {
  const server = await startWithTestPlugins()
  const leaving = new AbortController()
  const a = hold(server, 'a', leaving.signal)
  await held(server, 'a')
  const pid = Number(/\d+$/.exec(readFileSync(path.join(server.directory, 'journal'), 'utf8').trim())?.[0])
  expect(isAlive(pid)).toBe(true)
  const b = hold(server, 'b')
  await queued(server, 2)
  leaving.abort()
  await expect(a).rejects.toMatchObject({ name: 'AbortError' })
  await held(server, 'b')
  expect(isAlive(pid)).toBe(false)
  release(server, 'b')
  expect((await b).status).toBe(200)
  expect(states(server)).toEqual(['queued', 'started', 'queued', 'cancelled', 'started', 'success'])
})

test('a command beyond its timeout answers 504, and nothing that it started lives on, not even what ignores SIGTERM', async () => {
  const server = await startWithTestPlugins()
  const { status, body } = await server.run('stubborn', 'stay')
  expect(status).toBe(504)
  expect(body.error).toMatchObject({ code: 'plugin_timeout', message: 'stubborn stay was stopped after 2 s' })
  const pids = readFileSync(path.join(server.directory, 'stubborn.pids'), 'utf8').split(' ').map(Number)
  expect(pids).toHaveLength(2)
  await until(() => !pids.some(isAlive), 'both processes to be gone')
})

test('whatever a plugin does wrong becomes an error of its own, and the server goes on', async () => {
  const server = await startWithTestPlugins()
  const says = async (command: string): Promise<unknown[]> => {
    const { status, body } = await server.run('odd', command)
    return [status, body.error?.code, body.error?.message]
  }
  expect(await says('prose')).toEqual([500, 'plugin_failed', 'wrote a result that is not JSON'])
  expect(await says('flood')).toEqual([500, 'plugin_failed', 'wrote more than 1048576 bytes'])
  expect(await says('silent')).toEqual([500, 'plugin_failed', 'ended with 3'])
  expect(await says('killed')).toEqual([500, 'plugin_failed', 'ended with SIGKILL'])
  expect((await server.run('odd', 'deaf')).body.result).toBe('heard nothing')
})

test('a plugin gets none of the server’s environment but the path, and works in the root', async () => {
  const server = await startServer({
    flags: ['--plugins', testPlugins, '--root', '.'],
    env: { SECRET: 'x', NODE_OPTIONS: '--no-deprecation', LANG: 'C' },
  })
  const { body } = await server.run('odd', 'environment')
  expect(body.result).toEqual({ names: ['LANG', 'PATH'], cwd: server.directory })
})
