import type { ChildProcess } from 'node:child_process'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'

import { stopChild } from './bound-child.ts'

/** A server of one's own; stopped by its pid, at the latest when this process ends. */
export interface PausableServer extends AsyncDisposable {
  /** Ends every connection and stops it; its data stay. */
  pause(): Promise<void>
  /** Starts it again on the same port, with the same data. */
  resume(): Promise<void>
  /** Stops it, and takes its data away. */
  stop(): Promise<void>
}

export interface ServerProgram {
  readonly name: string
  /** Does not outlive this process. */
  readonly spawn: () => ChildProcess
  /** What it writes once it takes connections, and where. */
  readonly readyText: string
  readonly log: 'stdout' | 'stderr'
  /** Ends it without waiting for its clients; default `SIGTERM`. */
  readonly stopSignal?: NodeJS.Signals
  readonly cleanUp: () => Promise<void>
}

/** Starts a server, and resolves when it takes connections. */
export async function startPausable(program: ServerProgram): Promise<PausableServer> {
  let child: ChildProcess | undefined
  const pause = async (): Promise<void> => {
    if (child !== undefined) await stopChild(child, program.stopSignal)
    child = undefined
  }
  const resume = async (): Promise<void> => {
    child = program.spawn()
    await untilReady(program, child)
  }
  const stop = async (): Promise<void> => {
    await pause()
    await program.cleanUp()
  }
  try {
    await resume()
  } catch (error) {
    await stop()
    throw error
  }
  return { pause, resume, stop, [Symbol.asyncDispose]: stop }
}

async function untilReady({ name, log, readyText }: ServerProgram, child: ChildProcess): Promise<void> {
  const [output, other] = (log === 'stdout' ? [child.stdout, child.stderr] : [child.stderr, child.stdout]) as Readable[]
  other?.resume()
  const lines: string[] = []
  for await (const line of createInterface({ input: output as Readable })) {
    lines.push(line)
    if (line.includes(readyText)) {
      output?.resume()
      return
    }
  }
  throw new Error(`${name} ended before it was ready; its log:\n${lines.slice(-5).join('\n')}`)
}
