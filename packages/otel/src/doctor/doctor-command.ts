import { parseArgs } from 'node:util'

import type { CommandIo } from '../cli/command.ts'
import { reasonOf } from '../diagnostics/diag-text.ts'
import { VERSION } from '../version.ts'
import { examineCommand, examineUrl, type Examination } from './examine.ts'
import type { Finding } from './finding.ts'
import { listeningUrl } from './listening-url.ts'
import { countFindings, reportText } from './report.ts'

const USAGE = `Usage: mcp-otel doctor [options] -- <command> [arguments]
       mcp-otel doctor [options] [url | process id]

Starts an app, or reaches one that runs, and says what is right and what is not with its telemetry, and what to do.

  mcp-otel doctor -- node app.js           starts it, looks from within and from outside, and stops it
  mcp-otel doctor http://127.0.0.1:9464    looks at an endpoint
  mcp-otel doctor 4711                     looks at the endpoint of a process of this machine (Linux)
  mcp-otel doctor                          looks at the endpoint that this environment describes

The app is started as it is; where nothing in it starts @mcp/otel, once more with the register entry. It is sent one
request for /mcp-otel-doctor, and each OTLP exporter that is configured sends one span, metric and log record.

  --json       print one JSON object: version, ok, target, counts, findings (check, status, found, remedy)
  --wait <s>   how long the app may take to start; default 10
  --help

Exit code: 0; 1 when something is wrong; 2 when it is used wrongly.
`

/** A mistake in how the command is used. */
class UsageError extends Error {}

type Target =
  | { readonly command: readonly string[] }
  | { readonly url: string }
  | { readonly pid: number }
  | { readonly environment: true }

interface Wish {
  readonly target: Target
  readonly json: boolean
  readonly waitMillis: number
}

/** Runs `mcp-otel doctor` and returns the exit code. */
export async function runDoctorCommand(argv: readonly string[], io: CommandIo): Promise<number> {
  let wish: Wish | undefined
  try {
    wish = readWish(argv)
  } catch (error) {
    io.stderr.write(`mcp-otel doctor: ${reasonOf(error)}\n`)
    return 2
  }
  if (wish === undefined) {
    io.stdout.write(USAGE)
    return 0
  }
  const { json, target, waitMillis } = wish
  const findings = await untilStopped((stopped) => examine(target, { env: io.env, waitMillis, stopped }))
  const counts = countFindings(findings)
  const result = { version: VERSION, ok: counts.fail === 0, target, counts, findings }
  io.stdout.write(json ? `${JSON.stringify(result, undefined, 2)}\n` : reportText(findings, isColoured(io)))
  return result.ok ? 0 : 1
}

/** Returns what is wished for; `undefined` for help. */
function readWish(argv: readonly string[]): Wish | undefined {
  const at = argv.indexOf('--')
  const own = at < 0 ? argv : argv.slice(0, at)
  const command = at < 0 ? undefined : argv.slice(at + 1)
  const { positionals, values } = parseArgs({
    args: [...own],
    allowPositionals: true,
    options: {
      json: { type: 'boolean', default: false },
      wait: { type: 'string', default: '10' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  })
  if (values.help) return undefined
  const seconds = Number(values.wait)
  if (!(seconds > 0 && seconds <= 3600))
    throw new UsageError(`--wait is "${values.wait}"; expected a number of seconds above 0, at most 3600`)
  return { target: readTarget(positionals, command), json: values.json, waitMillis: seconds * 1000 }
}

function readTarget(positionals: readonly string[], command: readonly string[] | undefined): Target {
  const [first] = positionals
  if (positionals.length > 1 || (first !== undefined && command !== undefined)) {
    const given = positionals.map((each) => `"${each}"`).join(' and ')
    throw new UsageError(`${given} cannot be looked at together; expected one URL, one process id, or -- and a command`)
  }
  if (command !== undefined) {
    if (command.length === 0) throw new UsageError('nothing stands after --; expected a command, such as node app.js')
    return { command }
  }
  if (first === undefined) return { environment: true }
  if (/^\d+$/.test(first)) return { pid: Number(first) }
  if (!/^https?:\/\//i.test(first) || !URL.canParse(first))
    throw new UsageError(
      `"${first}" is neither a URL nor a process id; a command stands after --: mcp-otel doctor -- node app.js`,
    )
  return { url: first.replace(/\/+(?:metrics\/*)?$/, '') }
}

async function examine(target: Target, examination: Examination): Promise<Finding[]> {
  if ('command' in target) return examineCommand(target.command, examination)
  if ('url' in target) return examineUrl(target.url, examination)
  if ('environment' in target) return examineUrl(undefined, examination)
  const found = await listeningUrl(target.pid)
  if ('problem' in found) return [{ check: 'app', status: 'fail', ...found.problem }]
  return examineUrl(found.url, { ...examination, env: found.env })
}

/** Whoever stops the doctor stops what it has started: it is waited for, then the signal takes its course. */
async function untilStopped<T>(work: (stopped: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController()
  let signal: NodeJS.Signals | undefined
  const onSignal = (name: NodeJS.Signals): void => {
    signal = name
    controller.abort()
  }
  const names = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
  for (const name of names) process.on(name, onSignal)
  try {
    const result = await work(controller.signal)
    controller.signal.throwIfAborted()
    return result
  } finally {
    for (const name of names) process.off(name, onSignal)
    if (signal !== undefined) process.kill(process.pid, signal)
  }
}

function isColoured({ env, stdout }: CommandIo): boolean {
  return stdout.isTTY === true && (env['NO_COLOR'] ?? '') === '' && env['TERM'] !== 'dumb'
}
