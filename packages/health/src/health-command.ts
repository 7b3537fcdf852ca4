import { parseArgs } from 'node:util'

import { readConfig } from '@mcp/otel-core'

import { askUrl } from './ask-url.ts'
import { renderHealthTree } from './health-tree.ts'
import type { HealthTreeOptions } from './health-tree.ts'
import type { HealthReport, PublicReport } from './report.ts'
import { scrubError, scrubText, scrubValue } from './scrub.ts'
import type { HealthStatus } from './status.ts'

/** Where the command writes and what it knows of its surroundings; `process` fits. */
export interface CommandIo {
  readonly stdout: { write(text: string): unknown; readonly isTTY?: boolean }
  readonly stderr: { write(text: string): unknown }
  readonly env: Readonly<Record<string, string | undefined>>
}

const USAGE = `Usage: mcp-otel health [url] [options]

Asks a server for its health and shows it as a tree.

  url                 default: /health of the endpoint that the environment describes (http://127.0.0.1:9464/health);
                      a URL without a path means its /health; /livez, /readyz and /startupz work as well
  --json              print the body as it came
  --timeout <seconds> how long to wait for the answer (default 10)
  --token <token>     bearer token; default: MCP_OTEL_TOKEN, sent to the default url only
  --strict            degraded counts as failure
  --no-color          no colours; they are off too when NO_COLOR is set or the output is no terminal
  --help

Exit code: 0 healthy or degraded; 1 unhealthy, unreachable, no health answer or a wrong argument.
Only 0 and 1, because container health checks reserve 2:
  HEALTHCHECK CMD npx mcp-otel health --timeout 2
`

/** Runs `mcp-otel health` and returns the exit code. Never throws. */
export async function runHealthCommand(argv: readonly string[], io: CommandIo): Promise<number> {
  let args
  try {
    args = readArguments(argv, io.env)
  } catch (error) {
    io.stderr.write(`mcp-otel health: ${scrubError(error)}\n\n${USAGE}`)
    return 1
  }
  const { url, json, timeout, token, strict, help, color } = args
  if (help) {
    io.stdout.write(USAGE)
    return 0
  }
  const startedAt = performance.now()
  let code: number
  let text: string
  try {
    const headers = { accept: 'application/json', ...(token !== undefined && { authorization: `Bearer ${token}` }) }
    ;({ code, text } = await askUrl(url, { headers, timeout: timeout * 1000 }))
  } catch (error) {
    io.stderr.write(`mcp-otel health: ${url.origin}${url.pathname} is unreachable: ${reasonOf(error, timeout)}\n`)
    return 1
  }
  const body = readBody(text)
  if (body === undefined) {
    io.stderr.write(
      `mcp-otel health: ${url.origin}${url.pathname} answered ${code} with ${text === '' ? 'no body' : `"${scrubText(text).slice(0, 80)}"`}; expected a health body\n`,
    )
    return 1
  }
  if (json) io.stdout.write(text.endsWith('\n') ? text : `${text}\n`)
  else {
    const useColor = color && hasColor(io)
    io.stdout.write(renderBody(body, { url, latency: performance.now() - startedAt, color: useColor }))
  }
  const isFailure =
    body.status === 'unhealthy' || (code !== 200 && code !== 503) || (strict && body.status !== 'healthy')
  return isFailure ? 1 : 0
}

interface Arguments {
  readonly url: URL
  readonly json: boolean
  readonly timeout: number
  readonly token: string | undefined
  readonly strict: boolean
  readonly help: boolean
  readonly color: boolean
}

function readArguments(argv: readonly string[], env: CommandIo['env']): Arguments {
  const { values, positionals } = parseArgs({
    args: [...argv],
    allowPositionals: true,
    allowNegative: true,
    options: {
      json: { type: 'boolean', default: false },
      timeout: { type: 'string', default: '10' },
      token: { type: 'string' },
      strict: { type: 'boolean', default: false },
      color: { type: 'boolean', default: true },
      help: { type: 'boolean', short: 'h', default: false },
    },
  })
  if (positionals.length > 1) throw new Error(`${positionals.length} urls are given; expected one`)
  const timeout = Number(values.timeout)
  if (!(timeout > 0 && timeout <= 3600)) {
    throw new Error(`--timeout is "${values.timeout}"; expected seconds, more than 0 and at most 3600`)
  }
  const { endpoint } = readConfig({ env }).config
  const given = positionals[0]
  const host = { '0.0.0.0': '127.0.0.1', '::': '::1' }[endpoint.host] ?? endpoint.host
  const origin = `http://${host.includes(':') ? `[${host}]` : host}:${endpoint.port}`
  const { json, strict, help, color } = values
  // The environment's token belongs to the environment's endpoint, and goes nowhere else.
  const token = values.token ?? (given === undefined ? endpoint.token : undefined)
  return { url: urlOf(given ?? origin), json, timeout, token, strict, help, color }
}

function urlOf(given: string): URL {
  const text = /^[a-z][a-z0-9+.-]*:\/\//i.test(given) ? given : `http://${given}`
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    throw new Error(`url is "${given}"; expected http://host:port/path`)
  }
  if (url.pathname === '/') url.pathname = '/health'
  return url
}

/** Returns a body that names a state, or undefined. */
function readBody(
  text: string,
): (Partial<HealthReport | PublicReport> & { readonly status: HealthStatus }) | undefined {
  try {
    const body = JSON.parse(text) as { readonly status?: unknown } | null
    const { status } = body ?? {}
    return status === 'healthy' || status === 'degraded' || status === 'unhealthy' ? { ...body, status } : undefined
  } catch {
    return undefined
  }
}

function renderBody(body: NonNullable<ReturnType<typeof readBody>>, options: HealthTreeOptions): string {
  try {
    return renderHealthTree(body, options)
  } catch {
    // Another server's health has the state that we know and a shape that we do not.
    const { status } = body
    return `${renderHealthTree({ status }, options)}${JSON.stringify(scrubValue(body), null, 2)}\n`
  }
}

function reasonOf(error: unknown, timeout: number): string {
  if (error instanceof Error && error.name === 'TimeoutError') return `no answer within ${timeout} s`
  return scrubError(error)
}

function hasColor({ stdout, env }: CommandIo): boolean {
  if (env['NO_COLOR']) return false
  if (env['FORCE_COLOR'] !== undefined) return env['FORCE_COLOR'] !== '0'
  return stdout.isTTY === true && env['TERM'] !== 'dumb'
}
