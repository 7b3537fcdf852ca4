import { spawn, type ChildProcess } from 'node:child_process'
import { EventEmitter, once } from 'node:events'
import path from 'node:path'

export const root: string = path.dirname(path.dirname(import.meta.dirname))

/** The register entry as a user's `--require` finds it. */
export const REGISTER = '@mcp/otel/register'

export interface AppOptions {
  readonly cwd?: string
  readonly env?: Readonly<Record<string, string>>
  /** The Node to run; default: the one that runs the tests. */
  readonly node?: string
}

/** How a process ended. */
interface End {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

/** A machine that is busy, or stopped for some seconds, is to lose nothing of what a test counts at the end of a process. */
const PATIENT = { MCP_OTEL_FLUSH_TIMEOUT: '20000' }

/** A real child process of Node with its output kept, and stopped by its own pid when the test ends. */
export class AppProcess implements AsyncDisposable {
  readonly child: ChildProcess
  stdout = ''
  stderr = ''
  readonly #exited: Promise<End>
  /** Emits `any` with each output, and at the end. */
  readonly #news = new EventEmitter().setMaxListeners(0)
  #end: End | undefined
  readonly #onParentExit = (): void => void this.child.kill('SIGKILL')

  constructor(args: readonly string[], { cwd = root, env = {}, node = process.execPath }: AppOptions = {}) {
    this.child = spawn(node, args, {
      cwd,
      env: { ...cleanEnvironment(), ...PATIENT, ...env },
      stdio: ['pipe', 'pipe', 'pipe'],
    })
    const keep = (stream: 'stdout' | 'stderr') => (text: string) => {
      this[stream] += text
      this.#news.emit('any')
    }
    this.child.stdout?.setEncoding('utf8').on('data', keep('stdout'))
    this.child.stderr?.setEncoding('utf8').on('data', keep('stderr'))
    this.#exited = once(this.child, 'close').then(([code, signal]) => {
      this.#end = { code, signal }
      this.#news.emit('any')
      return this.#end
    })
    process.on('exit', this.#onParentExit)
  }

  /** Resolves with the match as soon as the output has it; rejects with the output when the process ends before. */
  async sees(pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const match = pattern.exec(this.stdout) ?? pattern.exec(this.stderr)
      if (match) return match
      if (this.#end) {
        const how = this.#end.code ?? this.#end.signal
        throw new Error(`ended with ${how} before ${pattern}; its output:\n${this.stdout}\n${this.stderr}`)
      }
      await once(this.#news, 'any')
    }
  }

  /** Where our endpoint listens, from the preamble line. */
  async endpoint(): Promise<string> {
    const match = await this.sees(/(http:\/\/127\.0\.0\.1:\d+)\/metrics/)
    return match[1] ?? ''
  }

  /** Sends a signal and resolves with how the process ended. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<End> {
    this.child.kill(signal)
    return this.exit()
  }

  exit(): Promise<End> {
    return this.#exited
  }

  async [Symbol.asyncDispose](): Promise<void> {
    process.off('exit', this.#onParentExit)
    if (this.child.exitCode === null && this.child.signalCode === null) this.child.kill('SIGKILL')
    await this.#exited
  }
}

/** The environment without what would reach into the process under test: vitest's own settings and any OTEL_ setting. */
function cleanEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(process.env).filter(
      ([name]) => !/^(VITEST|OTEL_|MCP_OTEL_|NODE_OPTIONS$|NODE_ENV$|NODE_V8_COVERAGE$)/.test(name),
    ),
  )
}
