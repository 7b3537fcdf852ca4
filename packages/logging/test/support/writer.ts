import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { onTestFinished } from 'vitest'

/** What a writer process is told. */
export interface WriterJob {
  readonly kind?: 'ours' | 'winston'
  readonly file: string
  readonly maxBytes?: number
  readonly backupCount?: number
  readonly batch?: boolean
  /** Number of the first line. */
  readonly first?: number
  readonly count: number
  readonly end?: 'exit' | 'throw' | 'abort' | 'SIGTERM' | 'SIGINT' | 'SIGHUP' | 'SIGQUIT' | 'SIGKILL'
  /** The application listens to SIGTERM itself, logs one more line later, and exits with this. */
  readonly exitCode?: number
}

export interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stderr: string
}

/** A folder that is gone when the test ends. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'logging-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

export interface FixtureOptions {
  /** User that the process runs as. */
  readonly uid?: number
  /** Script that is loaded before the fixture. */
  readonly preload?: string
}

/** Starts a script of `fixtures`; it is stopped, by its own pid, when the test ends. */
export function startFixture(name: string, argument: unknown, { uid, preload }: FixtureOptions = {}): ChildProcess {
  const script = join(import.meta.dirname, '../fixtures', name)
  const options = ['--conditions=@mcp/source', '--disable-warning=ExperimentalWarning']
  if (preload !== undefined) options.push('--require', preload)
  const child = spawn(process.execPath, [...options, script, JSON.stringify(argument)], {
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    env: environment(),
    ...(uid !== undefined && { uid }),
  })
  onTestFinished(() => {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL')
  })
  return child
}

/** Waits until a process has ended and all it said is read. */
export async function ended(child: ChildProcess): Promise<Ended> {
  let stderr = ''
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (stderr += text))
  const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null]
  return { code, signal, stderr }
}

/** Runs one writer to its end. */
export function runWriter(job: WriterJob): Promise<Ended> {
  return ended(startFixture('writer.mjs', { kind: 'ours', maxBytes: 10_485_760, backupCount: 5, ...job }))
}

/** What is in the log files of a folder. */
export interface Found {
  /** Numbers of the lines, oldest file first. */
  readonly numbers: readonly number[]
  /** Names of the files. */
  readonly files: readonly string[]
  /** Size of the largest file, bytes. */
  readonly largest: number
}

/** Reads every log file of a folder; throws on a line that is not one JSON object. */
export function readFolder(folder: string): Found {
  const files = readdirSync(folder).toSorted((a, b) => ageOf(b) - ageOf(a))
  const numbers = files.flatMap((file) =>
    readFileSync(join(folder, file), 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => (JSON.parse(line) as { seq: number }).seq),
  )
  return {
    numbers,
    files: files.toSorted(),
    largest: Math.max(0, ...files.map((file) => statSync(join(folder, file)).size)),
  }
}

/** How many of the lines from `first` on are not among those found. */
export function lost({ numbers }: Found, count: number, first = 0): number {
  const present = new Set(numbers)
  let missing = 0
  for (let seq = first; seq < first + count; seq++) if (!present.has(seq)) missing++
  return missing
}

export function range(first: number, count: number): number[] {
  return Array.from({ length: count }, (_, index) => first + index)
}

function ageOf(file: string): number {
  return Number(/\.log\.(\d+)$/.exec(file)?.[1] ?? /(\d+)\.log$/.exec(file)?.[1] ?? 0)
}

/** The environment without what belongs to the test runner. */
export function environment(): NodeJS.ProcessEnv {
  const own = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(VITEST|OTEL_|MCP_OTEL_|NODE_OPTIONS$|NODE_ENV$)/.test(name)),
  )
  // Children run the sources; the second one finds them stripped of their types.
  return { ...own, NODE_COMPILE_CACHE: join(tmpdir(), 'logging-compile-cache') }
}
