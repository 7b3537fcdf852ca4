import type { ChildProcess } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'

import { startBound, stopChild } from './bound-child.ts'
import type { Redis } from './components.ts'
import { freePort } from './free-port.ts'

/** A Redis of one's own; stopped by its pid, at the latest when this process ends. */
export interface RunningRedis extends AsyncDisposable {
  readonly port: number
  /** Ends every connection and stops it; its data stay. */
  pause(): Promise<void>
  /** Starts it again on the same port, with the same data. */
  resume(): Promise<void>
  stop(): Promise<void>
}

/** Starts an empty Redis on a free port of 127.0.0.1, and resolves when it takes connections. */
export async function startRedis({ program, env }: Redis): Promise<RunningRedis> {
  const folder = await mkdtemp(path.join(tmpdir(), 'redis-'))
  const port = await freePort()
  const settings = { bind: '127.0.0.1', port, dir: folder, appendonly: 'yes', appendfsync: 'no', save: '""' }
  const args = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)])
  let child: ChildProcess | undefined
  const pause = async (): Promise<void> => {
    if (child !== undefined) await stopChild(child)
    child = undefined
  }
  const resume = async (): Promise<void> => {
    child = startBound(program, args, { env: { ...env, PATH: process.env['PATH'] } })
    await untilReady(child)
  }
  const stop = async (): Promise<void> => {
    await pause()
    await rm(folder, { recursive: true, force: true })
  }
  try {
    await resume()
  } catch (error) {
    await stop()
    throw error
  }
  return { port, pause, resume, stop, [Symbol.asyncDispose]: stop }
}

async function untilReady(child: ChildProcess): Promise<void> {
  const log: string[] = []
  for await (const line of createInterface({ input: child.stdout as NodeJS.ReadableStream })) {
    log.push(line)
    if (line.includes('Ready to accept connections')) {
      child.stdout?.resume()
      return
    }
  }
  throw new Error(`redis ended before it was ready; its log:\n${log.slice(-5).join('\n')}`)
}
