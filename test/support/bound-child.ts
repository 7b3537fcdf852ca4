import { spawn } from 'node:child_process'
import type { ChildProcess, SpawnOptions } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'

const SETPRIV = '/usr/bin/setpriv'

export interface BoundOptions extends Pick<SpawnOptions, 'cwd' | 'env' | 'uid' | 'gid'> {
  /** What ends the program and all that it has started, when this process is gone; default `SIGKILL`. */
  readonly deathSignal?: 'SIGKILL' | 'SIGQUIT'
}

/** Starts a program that does not outlive this process, even when this process is killed; its stdout and stderr are pipes. */
export function startBound(program: string, args: readonly string[], options: BoundOptions = {}): ChildProcess {
  const { deathSignal = 'SIGKILL', ...rest } = options
  const [command, all] = existsSync(SETPRIV)
    ? [SETPRIV, ['--pdeathsig', deathSignal.slice('SIG'.length), '--', program, ...args]]
    : [program, [...args]]
  const child = spawn(command, all, { ...rest, stdio: ['ignore', 'pipe', 'pipe'] })
  child.stdout.resume()
  const kill = (): void => void child.kill(deathSignal)
  process.once('exit', kill)
  child.once('exit', () => process.off('exit', kill))
  return child
}

/** Long enough for a broker to store what it holds on a machine that is busy: it is asked for that after a pause. */
const PATIENCE_MS = 20_000

/** Ends it politely, and after a while not so; resolves when it is gone. */
export async function stopChild(child: ChildProcess, politely: NodeJS.Signals = 'SIGTERM'): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exited = once(child, 'exit')
  child.kill(politely)
  const impatient = setTimeout(() => child.kill('SIGKILL'), PATIENCE_MS)
  await exited
  clearTimeout(impatient)
}
