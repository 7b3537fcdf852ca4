import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, realpathSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

import { onTestFinished } from 'vitest'

const example = fileURLToPath(new URL('../../', import.meta.url))

export const files = path.join(example, 'files')
export const testPlugins = path.join(example, 'test/plugins')
export const main = path.join(example, 'src/main.ts')

export interface StartOptions {
  /** Flags beside `--port 0`. */
  readonly flags?: readonly string[]
  /** Lets it send requests to itself. */
  readonly demo?: boolean
  /** Runs under `--require @mcp/otel/register`. */
  readonly telemetry?: boolean
  readonly env?: Record<string, string>
  /** Another port than a free one. */
  readonly port?: number
  /** A program with its arguments that becomes the server. */
  readonly launcher?: readonly string[]
}

/** The server as a process of its own, in an empty directory; it ends with the test. */
export interface RunningServer {
  readonly url: string
  readonly child: ChildProcess
  /** Its working directory. */
  readonly directory: string
  stdout(): string
  stderr(): string
  /** Lines of its log, parsed. */
  log(): Record<string, unknown>[]
  run(plugin: string, command: string, args?: Record<string, unknown>, signal?: AbortSignal): Promise<Answer>
  /** Resolves to exit code and signal. */
  ended: Promise<readonly [number | null, NodeJS.Signals | null]>
}

export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly body: AnswerBody
}

interface AnswerBody {
  readonly job?: string
  readonly status?: string
  readonly result?: unknown
  readonly error?: { code: string; message: string; job?: string; issues?: { path: string; message: string }[] }
}

export async function startServer(options: StartOptions = {}): Promise<RunningServer> {
  const { flags = [], demo = false, telemetry = false, env = {}, port = 0, launcher = [] } = options
  const directory = emptyDirectory()
  const preload = telemetry ? ['--require', createRequire(import.meta.url).resolve('@mcp/otel/register')] : []
  const flagsOfAll = ['--port', String(port), '--log-level', 'debug', ...(demo ? [] : ['--no-demo']), ...flags]
  const command: string[] = [...launcher, process.execPath, ...preload, main, ...flagsOfAll]
  const [program = process.execPath, ...args] = command
  const child = spawn(program, args, {
    cwd: directory,
    env: { PATH: process.env['PATH'], OTEL_EXPORTER_PROMETHEUS_PORT: '0', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const ended = once(child, 'close') as Promise<unknown> as RunningServer['ended']
  onTestFinished(async () => {
    child.kill('SIGKILL')
    await ended
  })
  let stdout = ''
  let stderr = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text))
  const url = await new Promise<string>((resolve, reject) => {
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text
      const found = /listens on (\S+)/.exec(stdout)?.[1]
      if (found !== undefined) resolve(found)
    })
    void ended.then(([code]) => reject(new Error(`the server ended with ${code} before it listened: ${stderr}`)))
  })
  return {
    url,
    child,
    directory,
    stdout: () => stdout,
    stderr: () => stderr,
    log: () => logLines(path.join(directory, 'mcp.log')),
    run: (plugin, name, values = {}, gone) =>
      postRun(url, JSON.stringify({ plugin, command: name, args: values }), gone),
    ended,
  }
}

/** Posts a body as it is. */
export async function postRun(url: string, body: string, signal: AbortSignal | null = null): Promise<Answer> {
  const headers = { 'content-type': 'application/json' }
  const response = await fetch(`${url}/run`, { method: 'POST', headers, body, signal })
  return { status: response.status, headers: response.headers, body: (await response.json()) as AnswerBody }
}

/** An empty directory that goes with the test. */
export function emptyDirectory(): string {
  const directory = realpathSync(mkdtempSync(path.join(tmpdir(), 'plugin-server-')))
  onTestFinished(() => rmSync(directory, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 }))
  return directory
}

/** Resolves once the held job of this name runs: its own process has said so. */
export async function held({ directory }: RunningServer, name: string): Promise<void> {
  const file = path.join(directory, 'journal')
  const hasStarted = (): boolean => existsSync(file) && readFileSync(file, 'utf8').includes(`start ${name} `)
  await until(hasStarted, `job ${name} to run`)
}

/** Resolves once `condition` holds; asks every few milliseconds. */
export async function until(condition: () => boolean | Promise<boolean>, what: string): Promise<void> {
  const deadline = performance.now() + 20_000
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`waited in vain for ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

function logLines(file: string): Record<string, unknown>[] {
  if (!existsSync(file)) return []
  // What comes after the last line break is being written just now.
  const lines = readFileSync(file, 'utf8').split('\n').slice(0, -1)
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>)
}
