import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'

import { startBound } from './bound-child.ts'
import type { Redis } from './components.ts'
import { freePort } from './free-port.ts'
import { startPausable } from './pausable-server.ts'
import type { PausableServer } from './pausable-server.ts'

export interface RunningRedis extends PausableServer {
  readonly port: number
}

/** Starts an empty Redis on a free port of 127.0.0.1, and resolves when it takes connections. */
export async function startRedis({ program, env }: Redis): Promise<RunningRedis> {
  const folder = await mkdtemp(path.join(tmpdir(), 'redis-'))
  const port = await freePort()
  const settings = { bind: '127.0.0.1', port, dir: folder, appendonly: 'yes', appendfsync: 'no', save: '""' }
  const args = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)])
  const server = await startPausable({
    name: 'redis',
    spawn: () => startBound(program, args, { env: { ...env, PATH: process.env['PATH'] } }),
    readyText: 'Ready to accept connections',
    log: 'stdout',
    cleanUp: () => rm(folder, { recursive: true, force: true }),
  })
  return { ...server, port }
}
