import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

import { onTestFinished } from 'vitest'

import { ask } from './serve.ts'
import type { Answer } from './serve.ts'

export interface Fixture {
  readonly child: ChildProcess
  readonly origin: string
  /** Every line printed so far, parsed. */
  readonly lines: Record<string, unknown>[]
  /** What the process wrote to stderr so far. */
  readonly errors: () => string
  readonly get: (path: string) => Promise<Answer>
  /** Exit code, or the signal that ended it. */
  readonly ended: Promise<number | NodeJS.Signals | null>
}

export interface FixtureSettings {
  readonly options?: object
  /** Flags of Node. */
  readonly flags?: readonly string[]
  /** What starts Node, if that is not to be started directly. */
  readonly launcher?: readonly string[]
}

/** Starts a fixture from its TypeScript source in a process of its own; it is killed when the test ends. */
export function spawnFixture(
  name: string,
  { options = {}, flags = [], launcher = [] }: FixtureSettings = {},
): Omit<Fixture, 'origin' | 'get'> {
  const path = fileURLToPath(new URL(`../fixtures/${name}`, import.meta.url))
  const parameters = ['--conditions=@mcp/source', '--no-warnings', ...flags, path, JSON.stringify(options)]
  const [program = process.execPath, ...args] = [...launcher, process.execPath, ...parameters]
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  onTestFinished(() => void child.kill('SIGKILL'))
  const lines: Record<string, unknown>[] = []
  let errors = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text))
  createInterface({ input: child.stdout }).on('line', (line) => {
    lines.push(JSON.parse(line) as Record<string, unknown>)
    child.emit('line')
  })
  const ended = once(child, 'close').then(() => child.signalCode ?? child.exitCode)
  return { child, lines, errors: () => errors, ended }
}

/** Starts a fixture that serves, and waits until it does. */
export async function startFixture(name: string, settings?: FixtureSettings): Promise<Fixture> {
  const fixture = spawnFixture(name, settings)
  const served = () => fixture.lines.find((line) => 'port' in line)
  while (served() === undefined) {
    await Promise.race([once(fixture.child, 'line'), fixture.ended])
    if (fixture.child.exitCode !== null) throw new Error(`the fixture ended before it served: ${fixture.errors()}`)
  }
  const origin = `http://127.0.0.1:${String(served()?.['port'])}`
  return { ...fixture, origin, get: (path) => ask(`${origin}${path}`) }
}
