import { fork } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

import { onTestFinished } from 'vitest'

/** What a child process tells of itself. */
export interface Report {
  readonly counts: Record<string, number>
  /** Number of durations that were measured. */
  readonly durations: number
  readonly active: { readonly requests: number; readonly connections: number }
  readonly spans: readonly {
    readonly name: string
    readonly isServer: boolean
    readonly scope: string
    readonly route?: string
    readonly hasParent: boolean
  }[]
}

/** A fixture that runs in a process of its own. */
export interface App {
  readonly port: number
  report(): Promise<Report>
  /** Resolves to the report as soon as no request and no connection is active. */
  idleReport(): Promise<Report>
  /** Resolves to the next thing that the fixture itself says. */
  said(): Promise<unknown>
}

/** Starts a fixture under `flags`, until the test is over; `observe` lists what its preload sets up. */
export async function startApp(fixture: string, flags: readonly string[], observe: string): Promise<App> {
  const child = fork(fixturePath(fixture), {
    execArgv: [...flags],
    env: { ...process.env, OBSERVE: observe, NODE_OPTIONS: '' },
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  onTestFinished(() => end(child))
  const { port } = await message<{ port: number }>(child)
  const report = async () => {
    child.send('report')
    return await message<Report>(child)
  }
  return {
    port,
    report,
    idleReport: async () => {
      for (;;) {
        const now = await report()
        if (now.active.requests === 0 && now.active.connections === 0) return now
      }
    },
    said: async () => await message(child),
  }
}

/** Returns the absolute path of a fixture. */
export function fixturePath(name: string): string {
  return fileURLToPath(new URL(`../fixtures/${name}`, import.meta.url))
}

async function message<T>(child: ChildProcess): Promise<T> {
  const gone = new AbortController()
  const exited = once(child, 'exit', { signal: gone.signal }).then(([code, signal]) => {
    throw new Error(`the fixture ended before it answered: ${String(code ?? signal)}`)
  })
  const answered = once(child, 'message', { signal: gone.signal }) as Promise<[T]>
  try {
    const [answer] = await Promise.race([answered, exited])
    return answer
  } finally {
    exited.catch(() => {})
    gone.abort()
  }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  child.kill('SIGKILL')
  await once(child, 'exit')
}
