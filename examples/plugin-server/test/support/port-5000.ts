import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { promisify } from 'node:util'

import type { Component } from '../../../../test/support/components.ts'

const run = promisify(execFile)

/** A way to have port 5000 for a test. */
export interface Port5000 {
  /** Program and arguments that become the server. */
  readonly launcher: readonly string[]
  /** Program and arguments that run a command where that server can be reached. */
  reaching(pid: number): readonly string[]
}

/** A network of its own has the port free for sure; without the right to one, the machine's own port has to be free. */
export async function findPort5000(): Promise<Component<Port5000>> {
  const name = 'port 5000'
  try {
    const launcher = ['unshare', '--map-root-user', '--net', 'sh', '-c', 'ip link set lo up && exec "$0" "$@"']
    await run('unshare', [...launcher.slice(1), 'true'])
    return { name, found: { launcher, reaching: enter } }
  } catch {
    return (await isFree(5000))
      ? { name, found: { launcher: [], reaching: () => [] } }
      : { name, reason: 'it is taken, and this user may not make a network namespace' }
  }
}

function enter(pid: number): readonly string[] {
  return ['nsenter', '--target', String(pid), '--user', '--net', '--preserve-credentials']
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer().listen(port, '127.0.0.1')
  try {
    await once(server, 'listening')
    return true
  } catch {
    return false
  } finally {
    server.close()
  }
}
