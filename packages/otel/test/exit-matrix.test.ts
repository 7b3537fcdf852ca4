import { once } from 'node:events'
import { createServer, type AddressInfo, type Server } from 'node:net'

import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { AppProcess, REGISTER } from '../../../test/support/app-process.ts'
import { accountOf, counted, endingApp, ENDINGS, lastValues } from '../../../test/support/endings.ts'
import { startMockOtlp, type MockOtlp } from '../../../test/support/mock-otlp.ts'
import type { ReceivedLog, ReceivedSpan } from '../../../test/support/otlp-records.ts'

const FORMATS = ['cjs', 'mjs'] as const
type Format = (typeof FORMATS)[number]

const LOADS: Readonly<Record<string, (format: Format) => readonly string[]>> = {
  '--require': (format) => ['--require', REGISTER, endingApp(`app.${format}`)],
  '--import': (format) => ['--import', REGISTER, endingApp(`app.${format}`)],
  'start()': (format) => [endingApp(`started.${format}`)],
}

/** A collector in some state: what the environment says of it, and what the app's stderr may have of ours. */
interface Collector {
  readonly env: () => Record<string, string>
  readonly says: RegExp | undefined
  /** Whether what it has not answered when the process exits is sent to it again, as it was. */
  readonly mayGetTwice?: true
}

const COLLECTORS: Readonly<Record<string, Collector>> = {
  up: {
    env: () => ({ OTEL_EXPORTER_OTLP_ENDPOINT: collector.httpUrl }),
    says: undefined,
  },
  down: { env: () => ({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9' }), says: /ECONNREFUSED/ },
  'up, by gRPC': {
    env: () => ({
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.grpcUrl,
      OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc',
    }),
    says: undefined,
    mayGetTwice: true,
  },
  'up, by JSON': {
    env: () => ({
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.httpUrl,
      OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
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
  const known = bareRuns.get(key) ?? run([endingApp(`app.${format}`)], how)
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
    const { env, says, mayGetTwice } = COLLECTORS[state]!
    const [[expected], [ours, said]] = await Promise.all([
      bare(how, format),
      run(LOADS[load]!(format), how, { ...OURS, ...env(), OTEL_SERVICE_NAME: service }),
    ])
    expect(ours).toEqual(expected)
    const { recorded } = ENDINGS[how]!
    const all = { spans: recorded, executionSpans: recorded, logs: recorded, events: recorded, executions: recorded }
    expect(says === undefined ? received(service, mayGetTwice) : undefined).toEqual(
      says === undefined ? all : undefined,
    )
    expect(said.join('\n')).toMatch(says ?? /^$/)
  })
})

/** What of a service has arrived, by phase; executions are what a catalogue of ours has counted and traced. */
function received(service: string, mayGetTwice = false) {
  const { spans, logs, points, repeated } = collector
  const isFirst = (record: ReceivedSpan | ReceivedLog): boolean => !(mayGetTwice && repeated.has(record))
  const taken = { points, spans: { all: spans.all.filter(isFirst) }, logs: { all: logs.all.filter(isFirst) } }
  const mine = taken.spans.all.filter(({ resource }) => resource['service.name'] === service)
  const executionSpans = mine.flatMap(({ name }) => (name.startsWith('ending ') ? [name.slice('ending '.length)] : []))
  return {
    ...accountOf(taken, service),
    executionSpans: counted(executionSpans),
    executions: lastValues(collector, service, 'mcp.plugin.executions', 'command'),
  }
}
