import { spawnSync } from 'node:child_process'
import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import path from 'node:path'

import { expect, onTestFinished, test } from 'vitest'

import {
  emptyDirectory,
  held,
  main,
  type RunningServer,
  startServer,
  testPlugins,
  until,
} from './support/start-server.ts'

const withTestPlugins = ['--plugins', testPlugins, '--root', '.']

function runToEnd(...flags: string[]): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, [main, ...flags], { cwd: emptyDirectory(), encoding: 'utf8', timeout: 20_000 })
}

async function plugins(server: RunningServer): Promise<string[]> {
  const help = (await (await fetch(`${server.url}/help`)).json()) as { plugins: { name: string }[] }
  return help.plugins.map(({ name }) => name)
}

test('SIGTERM lets the running and the waiting job end, refuses new ones, and exits with 0', async () => {
  const server = await startServer({ flags: withTestPlugins })
  const a = server.run('slow', 'hold', { name: 'a' })
  await held(server, 'a')
  const b = server.run('slow', 'hold', { name: 'b' })
  await until(() => server.log().filter((line) => line['status'] === 'queued').length === 2, 'both jobs')
  server.child.kill('SIGTERM')
  await until(
    async () =>
      fetch(`${server.url}/help`).then(
        () => false,
        () => true,
      ),
    'the server to stop listening',
  )
  writeFileSync(path.join(server.directory, 'a.release'), '')
  writeFileSync(path.join(server.directory, 'b.release'), '')
  expect([(await a).status, (await b).status]).toEqual([200, 200])
  expect(await server.ended).toEqual([0, null])
  expect(server.log().at(-1)).toMatchObject({ type: 'audit', action: 'server.stop' })
})

test('jobs that outlast the time to drain are stopped, their clients told, and the exit code is 1', async () => {
  const server = await startServer({ flags: [...withTestPlugins, '--drain-seconds', '0.2'] })
  const job = server.run('slow', 'hold', { name: 'a' })
  await held(server, 'a')
  server.child.kill('SIGINT')
  const { status, body } = await job
  expect([status, body.error?.code]).toEqual([503, 'job_cancelled'])
  expect(await server.ended).toEqual([1, null])
})

test('a second signal ends it at once', async () => {
  const server = await startServer({ flags: withTestPlugins })
  const job = server.run('slow', 'hold', { name: 'a' }).catch(() => 'gone')
  await held(server, 'a')
  server.child.kill('SIGTERM')
  await until(
    async () =>
      fetch(`${server.url}/help`).then(
        () => false,
        () => true,
      ),
    'the server to stop listening',
  )
  server.child.kill('SIGTERM')
  expect(await server.ended).toEqual([null, 'SIGTERM'])
  expect(await job).toBe('gone')
  writeFileSync(path.join(server.directory, 'a.release'), '')
})

test('an idle server with a client that keeps its connection stops without waiting for it', async () => {
  const server = await startServer()
  expect((await fetch(`${server.url}/help`)).status).toBe(200)
  server.child.kill('SIGTERM')
  expect(await server.ended).toEqual([0, null])
})

test('SIGHUP reads the plugins again: what is gone is unloaded, what is new is loaded, what changed is changed', async () => {
  const directory = emptyDirectory()
  cpSync(path.join(testPlugins, 'odd'), path.join(directory, 'odd'), { recursive: true })
  cpSync(path.join(testPlugins, 'slow'), path.join(directory, 'slow'), { recursive: true })
  const server = await startServer({ flags: ['--plugins', directory, '--root', '.'] })
  expect(await plugins(server)).toEqual(['odd', 'slow'])
  const job = server.run('slow', 'hold', { name: 'a' })
  await held(server, 'a')

  rmSync(path.join(directory, 'slow'), { recursive: true })
  cpSync(path.join(directory, 'odd'), path.join(directory, 'twin'), { recursive: true })
  const manifest = readFileSync(path.join(directory, 'odd', 'plugin.json'), 'utf8')
  writeFileSync(path.join(directory, 'odd', 'plugin.json'), manifest.replace('"deaf"', '"silent2"'))
  server.child.kill('SIGHUP')
  await until(async () => (await plugins(server)).includes('twin'), 'the new plugin')

  expect(await plugins(server)).toEqual(['odd', 'twin'])
  expect((await job).body.error?.code).toBe('job_cancelled')
  expect((await server.run('slow', 'hold', { name: 'b' })).body.error?.code).toBe('unknown_plugin')
  expect((await server.run('odd', 'deaf')).body.error?.code).toBe('unknown_command')
  expect((await server.run('twin', 'deaf')).status).toBe(200)
})

test('a broken plugin is named in the log with what is wrong, and the others work', async () => {
  const server = await startServer({ flags: withTestPlugins })
  expect(await plugins(server)).toEqual(['odd', 'slow', 'stubborn'])
  const errors = server.log().filter((line) => line['type'] === 'error')
  expect(errors.map((line) => String(line['error']))).toEqual([
    expect.stringContaining('missing.mjs'),
    expect.stringContaining('plugin.json: /timeoutSeconds must be > 0'),
  ])
})

test('a port that is taken ends it with 1 and a line that says what to do', async () => {
  const other = createServer().listen(0, '127.0.0.1')
  onTestFinished(() => void other.close())
  await new Promise((resolve) => other.once('listening', resolve))
  const { port } = other.address() as AddressInfo
  const { status, stdout, stderr } = runToEnd('--port', String(port))
  expect([status, stdout]).toEqual([1, ''])
  expect(stderr).toBe(
    `plugin-server: port ${port} on 127.0.0.1 is taken; stop what listens there, or choose another: --port ${port + 1}\n`,
  )
})

test('a host that is not this machine’s ends it with 1 and a line that says so', () => {
  const { status, stderr } = runToEnd('--port', '0', '--host', '192.0.2.1')
  expect(status).toBe(1)
  expect(stderr).toBe(
    'plugin-server: --host is "192.0.2.1", which is no address of this machine; expected for instance 127.0.0.1\n',
  )
})

test('--help tells of every flag, --version of the version', () => {
  const help = runToEnd('--help')
  expect(help.status).toBe(0)
  const flags = [
    '--port',
    '--host',
    '--root',
    '--plugins',
    '--log-file',
    '--log-level',
    '--log-console',
    '--no-demo',
    '--demo-rate',
    '--demo-seconds',
  ]
  for (const flag of [...flags, '--drain-seconds', '--help', '--version']) expect(help.stdout).toContain(flag)
  expect(runToEnd('--version').stdout).toMatch(/^\d+\.\d+\.\d+\n$/)
})

const badFlags: readonly [string, string][] = [
  ['--port 65536', "argument '65536' is invalid. Expected an integer from 0 to 65535."],
  ['--port 5e3', "argument '5e3' is invalid. Expected an integer from 0 to 65535."],
  ['--demo-rate fast', "argument 'fast' is invalid. Expected a number from 0.01 to 20."],
  ['--root /no/such/place', "argument '/no/such/place' is invalid. Expected a directory that exists."],
  ['--log-level loud', "argument 'loud' is invalid. Allowed choices are debug, info, warning, error, critical."],
  ['--colour red', "unknown option '--colour'"],
  ['extra', 'too many arguments'],
]

test.for(badFlags)('%s ends it with 1, and says what is accepted', ([flags, says]) => {
  const { status, stderr, stdout } = runToEnd(...flags.split(' '))
  expect([status, stdout]).toEqual([1, ''])
  expect(stderr).toContain(says)
})
