import { spawn, type ChildProcess } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'

import { isLauncher } from '../register-guard.ts'
import { ownServers, type Facts } from './facts.ts'

export interface StartOptions {
  /** What to run, and its arguments. */
  readonly command: readonly string[]
  readonly env: Readonly<Record<string, string | undefined>>
  /** Files that Node loads before the app, after the probe. */
  readonly preload: readonly string[]
  /** The built probe. */
  readonly probe: string
}

/** How an app ended. */
export interface End {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  /** Why it could not even be started. */
  readonly error?: Error
}

/** An app that the doctor has started. */
export interface StartedApp {
  /** What the probe has written in the process of the app, not in a package manager's on the way to it. */
  facts(): Facts | undefined
  /** How it has ended; `undefined` while it runs. */
  readonly end: End | undefined
  /** Last lines of what it has written to stderr, ours left out. */
  lastWords(lines: number): string[]
  /** Stops it and what it has started; resolves when it has gone. */
  stop(): Promise<void>
}

/** Lines of ours, of a stack, and what Node writes around an error. */
const BESIDE_THE_POINT = /^(?:\[mcp-otel\].*|\s+at .*|Node\.js v.*|[\s^~]*)$/
const MOST_KEPT = 64 * 1024
const GRACE_MILLIS = 5000

/** Starts a command with the probe in each Node process of it. Its output is kept apart, and its stdin stays open. */
export function startApp({ command, env, preload, probe }: StartOptions): StartedApp {
  const folder = mkdtempSync(path.join(tmpdir(), 'mcp-otel-doctor-'))
  const stub = path.join(folder, 'probe.cjs')
  writeFileSync(stub, `require(${JSON.stringify(probe)}).observe(${JSON.stringify(folder)})\n`)
  const required = [stub, ...preload].map((file) => `--require ${quoted(file)}`)
  const [file = '', ...args] = command
  const child = spawn(file, args, {
    env: { ...env, NODE_OPTIONS: [...required, env['NODE_OPTIONS'] ?? ''].join(' ').trim() },
    stdio: ['pipe', 'pipe', 'pipe'],
    // A group of its own, so that what a package manager starts is stopped with it.
    detached: process.platform !== 'win32',
  })
  let stderr = ''
  let end: End | undefined
  child.stdout?.resume()
  child.stdin?.on('error', () => {})
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (stderr = (stderr + text).slice(-MOST_KEPT)))
  const closed = new Promise<void>((resolve) => {
    child.once('error', (error) => {
      end ??= { code: null, signal: null, error }
      resolve()
    })
    child.once('exit', (code, signal) => (end = { code, signal }))
    child.once('close', () => resolve())
  })
  const onExit = (): void => {
    signalGroup(child, 'SIGKILL')
    rmSync(folder, { recursive: true, force: true })
  }
  process.on('exit', onExit)
  return {
    facts: () => theApp(readFacts(folder)),
    get end() {
      return end
    },
    lastWords: (lines) =>
      stderr
        .split('\n')
        .filter((line) => !BESIDE_THE_POINT.test(line))
        .slice(-lines),
    async stop() {
      signalGroup(child, 'SIGTERM')
      const isClosed = await Promise.race([closed.then(() => true), pause(GRACE_MILLIS, false, { ref: false })])
      // Also where it has ended: what it has started may not have.
      signalGroup(child, 'SIGKILL')
      // What it has started may have left its group, and hold its output open.
      if (!isClosed) await Promise.race([closed, pause(GRACE_MILLIS, undefined, { ref: false })])
      process.off('exit', onExit)
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** Node splits NODE_OPTIONS at spaces, but not within quotes. */
function quoted(file: string): string {
  return `"${file.replaceAll(/["\\]/g, String.raw`\$&`)}"`
}

function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return
  try {
    if (process.platform === 'win32') child.kill(signal)
    else process.kill(-child.pid, signal)
  } catch {
    // It has gone.
  }
}

function readFacts(folder: string): Facts[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.json'))
    .map((name) => JSON.parse(readFileSync(path.join(folder, name), 'utf8')) as Facts)
}

/** Of several processes the app is the one with telemetry and an HTTP server, else one with either, else the first. */
function theApp(all: readonly Facts[]): Facts | undefined {
  const [first] = all
    .filter(({ entry }) => entry === undefined || !isLauncher(entry))
    .toSorted((a, b) => rank(b) - rank(a) || a.startedAt - b.startedAt)
  return first
}

/** The primary process of a cluster listens as well, but speaks no HTTP. */
function rank(facts: Facts): number {
  const speaksHttp = ownServers(facts).some(({ protocol }) => protocol !== 'other')
  return (facts.telemetry === undefined ? 0 : 2) + Number(speaksHttp)
}
