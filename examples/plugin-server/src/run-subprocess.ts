import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import type { Readable } from 'node:stream'

const MAX_OUTPUT_BYTES = 1024 * 1024
const MAX_COMPLAINT_BYTES = 16 * 1024
/** Between the polite and the final signal. */
const GRACE_MS = 1000

export interface SubprocessOptions {
  readonly executable: string
  readonly command: string
  /** Given to the process on its standard input, as JSON. */
  readonly args: unknown
  /** Working directory of the process. */
  readonly directory: string
  /** Stops the process, and whatever it started, when aborted. */
  readonly signal: AbortSignal
}

/** What a plugin's process said when it failed, for the caller to read. */
export class PluginError extends Error {
  override readonly name = 'PluginError'
}

/**
 * Runs a command of a plugin: arguments in as JSON, result out as JSON. Rejects with a `PluginError` when the process
 * fails, and with the signal's reason when it was stopped; by then the process is gone.
 */
export async function runSubprocess(options: SubprocessOptions): Promise<unknown> {
  const { executable, command, args, directory, signal } = options
  signal.throwIfAborted()
  // A group of its own, so that a stop reaches what the plugin started, and Ctrl-C reaches none of them.
  const child = spawn(executable, [command], { cwd: directory, env: pluginEnvironment(), detached: true })
  const stop = (): void => stopGroup(child)
  signal.addEventListener('abort', stop, { once: true })
  try {
    // A plugin need not read its arguments: its end of the pipe may be closed.
    child.stdin.on('error', () => {}).end(JSON.stringify(args))
    const output = collect(child.stdout, MAX_OUTPUT_BYTES, stop)
    const complaint = collect(child.stderr, MAX_COMPLAINT_BYTES)
    const [code, killedBy] = await end(child)
    signal.throwIfAborted()
    if (output.overflowed) throw new PluginError(`wrote more than ${MAX_OUTPUT_BYTES} bytes`)
    if (code !== 0) throw new PluginError(lastLine(complaint.text()) ?? `ended with ${code ?? killedBy}`)
    return parseResult(output.text())
  } finally {
    signal.removeEventListener('abort', stop)
  }
}

async function end(child: ChildProcess): Promise<[code: number | null, killedBy: NodeJS.Signals | null]> {
  try {
    return (await once(child, 'close')) as Awaited<ReturnType<typeof end>>
  } catch (cause) {
    throw new PluginError(`could not be started: ${(cause as NodeJS.ErrnoException).code}`, { cause })
  }
}

/** Little: what instruments this process must not load into a plugin's too, and secrets stay here. */
function pluginEnvironment(): NodeJS.ProcessEnv {
  const { PATH = '', LANG, TZ } = process.env
  return { PATH: `${path.dirname(process.execPath)}${path.delimiter}${PATH}`, LANG, TZ }
}

function stopGroup(child: ChildProcess): void {
  signalGroup(child, 'SIGTERM')
  const timer = setTimeout(() => signalGroup(child, 'SIGKILL'), GRACE_MS)
  child.once('close', () => clearTimeout(timer))
}

function signalGroup({ pid }: ChildProcess, name: NodeJS.Signals): void {
  if (pid === undefined) return
  try {
    process.kill(-pid, name)
  } catch (error) {
    // Already gone is what was wanted.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

interface Collected {
  text(): string
  readonly overflowed: boolean
}

function collect(stream: Readable, limit: number, onOverflow: () => void = () => {}): Collected {
  const chunks: Buffer[] = []
  let bytes = 0
  let overflowed = false
  stream.on('data', (chunk: Buffer) => {
    bytes += chunk.length
    if (bytes <= limit) chunks.push(chunk)
    else if (!overflowed) {
      overflowed = true
      onOverflow()
    }
  })
  return {
    text: () => Buffer.concat(chunks).toString('utf8'),
    get overflowed() {
      return overflowed
    },
  }
}

function lastLine(text: string): string | undefined {
  return text.trim().split('\n').at(-1)?.trim().slice(0, 500) || undefined
}

function parseResult(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new PluginError('wrote a result that is not JSON')
  }
}
