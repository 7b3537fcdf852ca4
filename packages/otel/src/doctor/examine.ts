import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

import { readConfig, type Config } from '@mcp/otel-core'

import { loadConfigFile } from '../config-file/load-config-file.ts'
import { declaredFile } from '../sdk/declared-file.ts'
import { withoutReplaced } from '../sdk/declared-sdk.ts'
import { checkClock, checkEndpoint } from './check-endpoint.ts'
import { checkNode, checkProcess } from './check-process.ts'
import { checkRequests } from './check-requests.ts'
import { checkApp, checkExports, checkStart } from './check-telemetry.ts'
import type { Facts, TelemetryFacts } from './facts.ts'
import { fail, ok, type Finding } from './finding.ts'
import { reach } from './reach.ts'
import { startApp, type StartedApp } from './start-app.ts'
import { testExports, type ExportOutcome } from './test-exports.ts'
import { watchApp } from './watch-app.ts'

export interface Examination {
  readonly env: Readonly<Record<string, string | undefined>>
  /** How long an app may take to start. */
  readonly waitMillis: number
  readonly stopped: AbortSignal
}

/** Looks at an app that runs elsewhere, by its endpoint; `undefined` is where this environment would have it. */
export async function examineUrl(url: string | undefined, { env }: Examination): Promise<Finding[]> {
  const { config, problems } = settingsOf(env)
  return [
    checkNode({ node: process.version, watchesModules: true }),
    ...problems,
    ...(await checkEndpoint({
      url: url ?? urlOf(config),
      token: config.endpoint.token,
      seriesLimit: config.metrics.seriesLimit,
    })),
    ...(await checkExporters(await testExports(config), env)),
  ]
}

/** Starts a command, looks at it from within and from outside, and stops it. */
export async function examineCommand(command: readonly string[], examination: Examination): Promise<Finding[]> {
  const { env, stopped, waitMillis } = examination
  const start = (preload: readonly string[]): StartedApp =>
    startApp({ command, env, preload, probe: builtFile('doctor-probe.cjs') })
  const isDisabled = settingsOf(env).config.disabled
  let isAdded = false
  let app = start([])
  try {
    let watched = await watchApp(app, waitMillis, stopped)
    if (watched.isUp && !isDisabled && watched.facts?.telemetry === undefined) {
      // Whoever asks before they have changed the command is told what it would be like.
      await app.stop()
      isAdded = true
      app = start([builtFile('register.cjs')])
      watched = await watchApp(app, waitMillis, stopped)
    }
    const { facts } = watched
    const ofApp = checkApp({ command: command.join(' '), facts, app })
    if (facts === undefined) return [ofApp, ...(app.end === undefined ? [notNode(command)] : [])]
    return [
      ofApp,
      ...checkStart(facts, { isAdded, isDisabled }),
      ...checkProcess(facts),
      ...(await checkRunning(facts, app, env)),
    ]
  } finally {
    await app.stop()
  }
}

async function checkRunning(facts: Facts, app: StartedApp, env: Examination['env']): Promise<Finding[]> {
  const { exports, telemetry } = facts
  if (telemetry?.state !== 'running') return []
  const { config } = settingsOf(env)
  const { token } = config.endpoint
  const ofRequests = app.end === undefined && telemetry.url !== undefined ? [await checkRequests(facts, token)] : []
  return [
    ...ofRequests,
    ...(app.end === undefined ? await checkOwnEndpoint(telemetry, token) : []),
    ...(await checkExporters(exports ?? (await testExports(config)), env, telemetry)),
  ]
}

async function checkOwnEndpoint(telemetry: TelemetryFacts, token: string | undefined): Promise<Finding[]> {
  const { seriesLimit, url } = telemetry
  return url === undefined ? [notServed(telemetry)] : checkEndpoint({ url, token, seriesLimit })
}

async function checkExporters(
  outcomes: readonly ExportOutcome[],
  env: Examination['env'],
  telemetry?: TelemetryFacts,
): Promise<Finding[]> {
  const declared = declaredFile(env)
  if (declared !== undefined) return [ok('exports', `as ${declared} has it, which is not tried`)]
  return [...checkExports(outcomes, telemetry), ...(await checkCollectors(outcomes))]
}

function notServed({ endpoint: { enabled, host, port } }: TelemetryFacts): Finding {
  if (!enabled)
    return fail(
      'endpoint',
      'it is switched off, so that there is nothing to scrape',
      'unset MCP_OTEL_ENDPOINT, or push metrics by OTLP',
    )
  return fail(
    'endpoint',
    `nothing is served: port ${port} on ${host} cannot be had, most likely because another process has it`,
    'set MCP_OTEL_PORT to a free port, or to 0 for any; to look at an app that runs already, give its URL',
  )
}

function notNode(command: readonly string[]): Finding {
  return fail(
    'start',
    `no process of Node.js has come of ${command.join(' ')}`,
    'give a command that starts the app by Node.js',
  )
}

/** Asks each collector that speaks HTTP for the time. */
async function checkCollectors(outcomes: readonly ExportOutcome[]): Promise<Finding[]> {
  const answering = outcomes.filter(
    ({ protocol, reason, target }) => reason === undefined && protocol !== 'grpc' && URL.canParse(target),
  )
  const origins = new Set(answering.map(({ target }) => new URL(target).origin))
  return Promise.all(
    [...origins].map(async (origin) => {
      const reached = await reach(origin, { method: 'HEAD' })
      return checkClock(origin, 'reason' in reached ? undefined : reached.skewMillis)
    }),
  )
}

function settingsOf(env: Examination['env']): { config: Config; problems: Finding[] } {
  const file = loadConfigFile({ env, cwd: process.cwd(), entry: undefined })
  const replaced = withoutReplaced(env)
  const { config, problems } = readConfig({ env: replaced.env, file: file.settings })
  const all = [...file.problems, ...replaced.problems, ...problems]
  const remedy = 'correct it; npx mcp-otel config shows what is in force'
  return { config, problems: all.map((found) => ({ check: 'configuration', status: 'warn', found, remedy })) }
}

function urlOf({ endpoint: { host, port } }: Config): string {
  const reachable = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host
  return `http://${reachable.includes(':') ? `[${reachable}]` : reachable}:${port}`
}

/** What is built stands beside the command itself, or in `dist` of the sources that are run as they are. */
function builtFile(name: string): string {
  const beside = fileURLToPath(new URL(name, import.meta.url))
  return existsSync(beside) ? beside : fileURLToPath(new URL(`../../dist/${name}`, import.meta.url))
}
