import { execFile } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { chown, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'

import { startBound, stopChild } from './bound-child.ts'
import type { Postgres } from './components.ts'
import { freePort } from './free-port.ts'

/** PostgreSQL refuses to run as root: there it runs as nobody. */
const NOBODY = 65_534

/** A PostgreSQL of one's own; stopped by its pid, at the latest when this process ends. */
export interface RunningPostgres extends AsyncDisposable {
  /** With user and database, as clients take it. */
  readonly url: string
  /** Ends every connection and stops it; its data stay. */
  pause(): Promise<void>
  /** Starts it again on the same port, with the same data. */
  resume(): Promise<void>
  stop(): Promise<void>
}

/** Starts an empty PostgreSQL on a free port of 127.0.0.1, and resolves when it takes connections. */
export async function startPostgres({ folder, env }: Postgres): Promise<RunningPostgres> {
  const as = process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {}
  const home = await mkdtemp(path.join(tmpdir(), 'postgres-'))
  if (as.uid !== undefined) await chown(home, NOBODY, NOBODY)
  const data = path.join(home, 'data')
  const options = { env: { ...env, PATH: process.env['PATH'], LC_ALL: 'C', TZ: 'UTC' }, cwd: home, ...as }
  const initdb = ['--pgdata', data, '--username=postgres', '--auth=trust', '--no-sync', '--encoding=UTF8']
  const port = await freePort()
  const settings = [
    'listen_addresses=127.0.0.1',
    `unix_socket_directories=${home}`,
    'fsync=off',
    'synchronous_commit=off',
    'full_page_writes=off',
    'timezone=UTC',
    'jit=off',
  ].flatMap((setting) => ['-c', setting])
  let child: ChildProcess | undefined
  const pause = async (): Promise<void> => {
    // SIGTERM would wait for the clients to go.
    if (child !== undefined) await stopChild(child, 'SIGINT')
    child = undefined
  }
  const resume = async (): Promise<void> => {
    child = startBound(path.join(folder, 'postgres'), ['-D', data, '-p', String(port), ...settings], {
      ...options,
      // Its own processes end with it by this one alone.
      deathSignal: 'SIGQUIT',
    })
    await untilReady(child)
  }
  const stop = async (): Promise<void> => {
    await pause()
    await rm(home, { recursive: true, force: true })
  }
  try {
    await promisify(execFile)(path.join(folder, 'initdb'), initdb, options)
    await resume()
  } catch (error) {
    await stop()
    throw error
  }
  return { url: `postgres://postgres@127.0.0.1:${port}/postgres`, pause, resume, stop, [Symbol.asyncDispose]: stop }
}

async function untilReady(child: ChildProcess): Promise<void> {
  const log: string[] = []
  for await (const line of createInterface({ input: child.stderr as NodeJS.ReadableStream })) {
    log.push(line)
    if (line.includes('database system is ready to accept connections')) {
      child.stderr?.resume()
      return
    }
  }
  throw new Error(`postgres ended before it was ready; its log:\n${log.slice(-5).join('\n')}`)
}
