import { execFile } from 'node:child_process'
import { chown, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'

import { startBound } from './bound-child.ts'
import type { Postgres } from './components.ts'
import { freePort } from './free-port.ts'
import { startPausable } from './pausable-server.ts'
import type { PausableServer } from './pausable-server.ts'

/** PostgreSQL refuses to run as root: there it runs as nobody. */
const NOBODY = 65_534

export interface RunningPostgres extends PausableServer {
  /** With user and database, as clients take it. */
  readonly url: string
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
  const cleanUp = (): Promise<void> => rm(home, { recursive: true, force: true })
  try {
    await promisify(execFile)(path.join(folder, 'initdb'), initdb, options)
  } catch (error) {
    await cleanUp()
    throw error
  }
  const server = await startPausable({
    name: 'postgres',
    spawn: () =>
      startBound(path.join(folder, 'postgres'), ['-D', data, '-p', String(port), ...settings], {
        ...options,
        // Its own processes end with it by this one alone.
        deathSignal: 'SIGQUIT',
      }),
    readyText: 'database system is ready to accept connections',
    log: 'stderr',
    // SIGTERM would wait for the clients to go.
    stopSignal: 'SIGINT',
    cleanUp,
  })
  return { ...server, url: `postgres://postgres@127.0.0.1:${port}/postgres` }
}
