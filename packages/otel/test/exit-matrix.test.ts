import { once } from 'node:events'
import { createServer, type AddressInfo, type Server } from 'node:net'
import path from 'node:path'

import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { AppProcess, REGISTER } from '../../../test/support/app-process.ts'
import { startMockOtlp, type MockOtlp } from '../../../test/support/mock-otlp.ts'

/** How often the app records in each phase before its end: a span, an execution, a log record, and two counts each time. */
type Phases = Readonly<Record<string, number>>

interface Ending {
  /** Whether another ending is so much like this one that it stands for it. */
  readonly isVariant?: true
  readonly recorded: Phases
  /** What is done to the app once it is up. */
  readonly provoke?: (app: AppProcess) => Promise<void>
}

const signalled = (signal: NodeJS.Signals) => async (app: AppProcess) => {
  await app.sees(/^up$/m)
  app.child.kill(signal)
}

const ENDINGS: Readonly<Record<string, Ending>> = {
  'by itself': { recorded: { first: 3, last: 1 } },
  'by process.exit()': { recorded: { first: 3, last: 1 } },
  'by SIGTERM without a handler': { recorded: { first: 3 }, provoke: signalled('SIGTERM') },
  'by SIGTERM, whose handler drains and exits': {
    recorded: { first: 3, draining: 3, last: 1 },
    provoke: signalled('SIGTERM'),
  },
  'by SIGTERM, whose handler drains and closes its server': {
    isVariant: true,
    recorded: { first: 3, draining: 3, last: 1 },
    provoke: signalled('SIGTERM'),
  },
  'by SIGTERM, whose handler exits at once': {
    isVariant: true,
    recorded: { first: 3, last: 1 },
    provoke: signalled('SIGTERM'),
  },
  'by SIGINT without a handler': { recorded: { first: 3 }, provoke: signalled('SIGINT') },
  'by a second Ctrl-C, while its handler drains': {
    recorded: { first: 3, draining: 2, last: 1 },
    async provoke(app) {
      await signalled('SIGINT')(app)
      await app.sees(/press again/)
      app.child.kill('SIGINT')
    },
  },
  'by an uncaught exception': { recorded: { first: 3, last: 1 } },
  'by an unhandled rejection': { recorded: { first: 3, last: 1 } },
  'by the end of its stdin': {
    recorded: { first: 3, fed: 2, last: 1 },
    async provoke(app) {
      await app.sees(/^up$/m)
      app.child.stdin?.end('some input')
    },
  },
}

const FORMATS = ['cjs', 'mjs'] as const
type Format = (typeof FORMATS)[number]

const fixture = (name: string) => path.join(import.meta.dirname, 'fixtures/ending', name)

const LOADS: Readonly<Record<string, (format: Format) => readonly string[]>> = {
  '--require': (format) => ['--require', REGISTER, fixture(`app.${format}`)],
  '--import': (format) => ['--import', REGISTER, fixture(`app.${format}`)],
  'start()': (format) => [fixture(`started.${format}`)],
}

/** A collector in some state: what the environment says of it, and what the app's stderr may have of ours. */
interface Collector {
  readonly env: () => Record<string, string>
  readonly says: RegExp | undefined
}

const COLLECTORS: Readonly<Record<string, Collector>> = {
  // A machine that is busy with other tests may take long to start the thread that sends last words.
  up: {
    env: () => ({ OTEL_EXPORTER_OTLP_ENDPOINT: collector.httpUrl, MCP_OTEL_FLUSH_TIMEOUT: '20000' }),
    says: undefined,
  },
  down: { env: () => ({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9' }), says: /ECONNREFUSED/ },
  'up, by gRPC': {
    env: () => ({
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.grpcUrl,
      OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc',
      MCP_OTEL_FLUSH_TIMEOUT: '20000',
    }),
    says: undefined,
  },
  'up, by JSON': {
    env: () => ({
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.httpUrl,
      OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
      MCP_OTEL_FLUSH_TIMEOUT: '20000',
    }),
    says: undefined,
  },
  hanging: {
    env: () => ({
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${(silent.address() as AddressInfo).port}`,
      MCP_OTEL_FLUSH_TIMEOUT: '300',
    }),
    says: /not everything was delivered within 300 ms; it is lost/,
  },
}

const OURS = { MCP_OTEL_PORT: '0', MCP_OTEL_BANNER: 'off', MCP_OTEL_PROCESS_METRICS: 'off' }

interface Run {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  /** Without our own lines. */
  readonly stderr: string
}

const isOurs = (line: string) => line.startsWith('[mcp-otel] ')
/** A busy machine may have us say other things as well. */
const isOfExport = (line: string) => /export|lost/.test(line)

async function run(args: readonly string[], how: string, env: Record<string, string> = {}): Promise<[Run, string[]]> {
  await using app = new AppProcess([...args, how], { env })
  await ENDINGS[how]?.provoke?.(app)
  const { code, signal } = await app.exit()
  const lines = app.stderr.split('\n')
  const stderr = lines.filter((line) => !isOurs(line)).join('\n')
  return [{ code, signal, stdout: app.stdout, stderr }, lines.filter((line) => isOurs(line) && isOfExport(line))]
}

/** How each app ends without us; run once. */
const bareRuns = new Map<string, Promise<[Run, string[]]>>()
const bare = (how: string, format: Format) => {
  const key = `${format} ${how}`
  const known = bareRuns.get(key) ?? run([fixture(`app.${format}`)], how)
  bareRuns.set(key, known)
  return known
}

let collector: MockOtlp
let silent: Server
beforeAll(async () => {
  collector = await startMockOtlp()
  // Takes connections and never answers.
  silent = createServer(() => {}).listen(0, '127.0.0.1')
  await once(silent, 'listening')
})
afterAll(async () => {
  await collector.stop()
  silent.close()
})

interface Case {
  readonly how: string
  readonly format: Format
  readonly load: string
  readonly state: string
}

/** How it is loaded and what the collector does matter to each other nowhere else than here, so not all is tried with all. */
function isWorthwhile({ how, format, load, state }: Case): boolean {
  if (state.includes(',')) return load === '--require' && format === 'cjs'
  return ENDINGS[how]?.isVariant !== true || (load === '--require' && state === 'up')
}

const CASES = Object.keys(ENDINGS)
  .flatMap((how) => FORMATS.map((format) => ({ how, format })))
  .flatMap((it) => Object.keys(LOADS).map((load) => ({ ...it, load })))
  .flatMap((it) => Object.keys(COLLECTORS).map((state) => ({ ...it, state })))
  .filter(isWorthwhile)
  .map((it) => [`${it.how}: .${it.format} under ${it.load}, collector ${it.state}`, it] as const)

describe.concurrent('an app ends as it would without us, and what it has recorded is accounted for', () => {
  test.each(CASES)('%s', async (service, { how, format, load, state }) => {
    const { env, says } = COLLECTORS[state]!
    const [[expected], [ours, said]] = await Promise.all([
      bare(how, format),
      run(LOADS[load]!(format), how, { ...OURS, ...env(), OTEL_SERVICE_NAME: service }),
    ])
    expect(ours).toEqual(expected)
    expect(says === undefined ? received(service) : undefined).toEqual(
      says === undefined ? accountOf(ENDINGS[how]!.recorded) : undefined,
    )
    expect(said.join('\n')).toMatch(says ?? /^$/)
  })
})

interface Account {
  readonly spans: Phases
  readonly executionSpans: Phases
  readonly logs: Phases
  /** A counter of the app's own. */
  readonly events: Phases
  /** A counter of a catalogue. */
  readonly executions: Phases
}

function accountOf(phases: Phases): Account {
  return { spans: phases, executionSpans: phases, logs: phases, events: phases, executions: phases }
}

/** What of a service has arrived, by phase. */
function received(service: string): Account {
  const mine = <T extends { readonly resource: Readonly<Record<string, unknown>> }>(all: readonly T[]) =>
    all.filter(({ resource }) => resource['service.name'] === service)
  const spans = mine(collector.spans.all)
  const points = mine(collector.points.all)
  const totals = (metric: string, label: string) =>
    Object.fromEntries(
      points
        .filter(({ attributes, name, value }) => name === metric && attributes[label] !== undefined && value !== 0)
        .map(({ attributes, value }) => [String(attributes[label]), value ?? NaN]),
    )
  return {
    spans: counted(spans.filter(({ scope }) => scope.name === 'ending').map(({ name }) => name)),
    executionSpans: counted(
      spans.flatMap(({ name }) => (name.startsWith('ending ') ? [name.slice('ending '.length)] : [])),
    ),
    logs: counted(
      mine(collector.logs.all).flatMap(({ body, scope }) => (scope.name === 'ending' ? [String(body)] : [])),
    ),
    events: totals('app.events', 'phase'),
    executions: totals('mcp.plugin.executions', 'command'),
  }
}

function counted(names: readonly string[]): Phases {
  const result: Record<string, number> = {}
  for (const name of names) result[name] = (result[name] ?? 0) + 1
  return result
}
