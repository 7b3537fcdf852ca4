import { setTimeout as delay } from 'node:timers/promises'

import { alternate } from '../harness/alternate.ts'
import type { Case } from '../harness/alternate.ts'
import { startCollector } from '../harness/collector.ts'
import type { Collector } from '../harness/collector.ts'
import type { ContestantKind, Suite } from '../harness/suite.ts'
import { sendLoad } from '../http/load.ts'
import { startServer } from '../http/server.ts'
import type { Server, ServerOptions } from '../http/server.ts'

const CONNECTIONS = 20
/**
 * A server is compiled as it will be only after some fifty thousand requests, whatever it is made of. Scrapes are among them, as
 * V8 compiles Node's HTTP anew when it meets a second server in the process.
 */
const WARM_UP_WINDOWS = 20
const WARM_UP_WINDOWS_QUICK = 5
const WARM_UP_REQUESTS = 4000
const WINDOWS_IN_A_ROUND = 4
/** Share of the requests of a window that a quick run sends. */
const QUICK_SIZE = 0.08
/** Longer than the batch processors wait, so that what a window exports is in its processor time. */
const EXPORT_MS = 250

interface Contestant {
  readonly contestant: string
  readonly kind: ContestantKind
  readonly app: string
  readonly nodeOptions?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  /** Counts the scrape before the window among the requests. */
  readonly countsScrapes?: boolean
}

interface Group {
  readonly group: string
  /** Share of the requests whose spans are exported; `undefined` for no spans at all. */
  readonly sampled?: number
  readonly requests: number
  /** The smaller the difference that a goal allows, the more rounds it takes to tell. */
  readonly rounds?: number
  readonly contestants: readonly Contestant[]
}

const OURS = ['--require', '@mcp/otel/register']
const AUTO = ['--require', '@opentelemetry/auto-instrumentations-node/register']
const INSTRUMENTATION_HTTP = ['--require', './instrumentation-http.cjs']
/** As node:http is measured where spans are asked for; without spans, prom-client stands beside them. */
const NODE_HTTP: readonly Contestant[] = [
  { contestant: 'bare', kind: 'limit', app: 'node-http.cjs' },
  { contestant: 'ours', kind: 'ours', app: 'node-http.cjs', nodeOptions: OURS },
  {
    contestant: 'instrumentation-http',
    kind: 'peer',
    app: 'node-http.cjs',
    nodeOptions: INSTRUMENTATION_HTTP,
    countsScrapes: true,
  },
]
const autoOn = (app: string): Contestant => ({
  contestant: 'auto-instrumentations-node',
  kind: 'peer',
  app,
  nodeOptions: AUTO,
  countsScrapes: true,
})

const groups: readonly Group[] = [
  {
    group: 'node:http, metrics only',
    requests: 4000,
    rounds: 11,
    contestants: [
      ...NODE_HTTP,
      { contestant: 'prom-client in the handler', kind: 'peer', app: 'node-http-prom-client.cjs' },
    ],
  },
  { group: 'node:http, metrics and spans, none sampled', requests: 3000, sampled: 0, contestants: NODE_HTTP },
  { group: 'node:http, metrics and spans, 1 % sampled', requests: 3000, sampled: 0.01, contestants: NODE_HTTP },
  {
    group: 'node:http, metrics and spans, all exported',
    requests: 3000,
    sampled: 1,
    contestants: [...NODE_HTTP, autoOn('node-http.cjs')],
  },
  {
    group: 'Express 5, everything on, all spans exported',
    requests: 1500,
    rounds: 9,
    sampled: 1,
    contestants: [
      { contestant: 'bare', kind: 'limit', app: 'express.cjs' },
      { contestant: 'ours', kind: 'ours', app: 'express.cjs', nodeOptions: OURS },
      autoOn('express.cjs'),
      metricsOnly('express-prom-bundle', 'express.cjs'),
    ],
  },
  {
    group: 'Fastify 5, everything on, all spans exported',
    requests: 3000,
    sampled: 1,
    contestants: [
      { contestant: 'bare', kind: 'limit', app: 'fastify.cjs' },
      { contestant: 'ours', kind: 'ours', app: 'fastify.cjs', nodeOptions: OURS },
      autoOn('fastify.cjs'),
      metricsOnly('fastify-metrics', 'fastify.cjs'),
    ],
  },
]

export const http: Suite = {
  name: 'http',
  needsContestants: true,
  about: `a server answering ${CONNECTIONS} connections from another process, in short windows of equally many requests; a new process in each round, of whose windows the best quartile counts`,
  figures: {
    cpu: { label: 'CPU per request', unit: 'µs' },
    rate: { label: 'throughput', unit: 'requests/s', moreIsBetter: true },
    p99: { label: 'p99', unit: 'ms' },
  },
  async run(options) {
    const collector = await startCollector()
    const servers: Promise<Server>[] = []
    const { quick } = options
    const windows = { count: quick ? 1 : WINDOWS_IN_A_ROUND, figures: this.figures }
    try {
      const rows = []
      for (const group of groups) {
        const cases = group.contestants.map((each) =>
          windowsOf(group, each, collector, quick, (server) => servers.push(server)),
        )
        rows.push(...(await alternate(cases, quick ? 1 : (group.rounds ?? 5), options, windows)))
        await closeAll(servers)
      }
      return rows
    } finally {
      await closeAll(servers)
      collector.close()
    }
  },
}

function metricsOnly(contestant: string, app: string): Contestant {
  const env = { BENCH_MIDDLEWARE: new URL(`../contestants/${contestant}.cjs`, import.meta.url).pathname }
  return { contestant: `${contestant}, metrics only`, kind: 'peer', app, env }
}

function windowsOf(
  group: Group,
  { contestant, kind, app, nodeOptions = [], env = {}, countsScrapes = false }: Contestant,
  collector: Collector,
  quick: boolean,
  onStart: (server: Promise<Server>) => void,
): Case {
  const size = quick ? QUICK_SIZE : 1
  const requests = Math.round(group.requests * size)
  const hasSpans = nodeOptions.length > 0 && group.sampled !== undefined
  const options: ServerOptions = { app, nodeOptions, env: { ...environment(group.sampled, collector.url), ...env } }
  const warmUpRequests = Math.round(WARM_UP_REQUESTS * size)
  const load = ({ port }: Server, count = requests) => sendLoad({ port, requests: count, connections: CONNECTIONS })
  let inRound: { readonly round: number; readonly server: Promise<Server> } | undefined
  const warm = async (): Promise<Server> => {
    const starting = startServer(options)
    onStart(starting)
    const server = await starting
    for (let window = 0; window < (quick ? WARM_UP_WINDOWS_QUICK : WARM_UP_WINDOWS); window++) {
      await server.requestsCounted()
      await load(server, warmUpRequests)
    }
    if (hasSpans) await delay(EXPORT_MS)
    return server
  }
  const serverOf = async (round: number): Promise<Server> => {
    if (inRound !== undefined && inRound.round !== round) (await inRound.server).close()
    if (inRound?.round !== round) inRound = { round, server: warm() }
    return inRound.server
  }
  const measure: Case['measure'] = async (round) => {
    const server = await serverOf(round)
    await collector.takeSpans()
    const countedBefore = await server.requestsCounted()
    const cpuBefore = await server.cpuMicros()
    const { requestsPerSecond: rate, p99 } = await load(server)
    if (hasSpans) await delay(EXPORT_MS)
    const cpu = ((await server.cpuMicros()) - cpuBefore) / requests
    const counted = await server.requestsCounted()
    const spans = await collector.takeSpans()
    if (hasSpans && group.sampled === 1 && spans < requests) {
      throw new Error(`error: ${spans} spans came of ${requests} requests`)
    }
    if (counted === undefined && kind !== 'limit') throw new Error('error: it serves no metrics')
    return {
      figures: { cpu, rate, p99 },
      totals: counted === undefined ? '' : `${counted - (countedBefore ?? 0) - (countsScrapes ? 1 : 0)} requests`,
    }
  }
  return { group: group.group, contestant, kind, measure }
}

/** What all contestants of a group are told. */
function environment(sampled: number | undefined, collectorUrl: string): Record<string, string> {
  const metrics = {
    OTEL_SERVICE_NAME: 'bench',
    OTEL_METRICS_EXPORTER: 'prometheus',
    OTEL_EXPORTER_PROMETHEUS_HOST: '127.0.0.1',
    OTEL_NODE_RESOURCE_DETECTORS: 'env,host,os,process,serviceinstance',
  }
  if (sampled === undefined) return { ...metrics, OTEL_TRACES_EXPORTER: 'none', OTEL_LOGS_EXPORTER: 'none' }
  return {
    ...metrics,
    OTEL_TRACES_EXPORTER: 'otlp',
    OTEL_LOGS_EXPORTER: 'otlp',
    OTEL_EXPORTER_OTLP_ENDPOINT: collectorUrl,
    OTEL_TRACES_SAMPLER: 'traceidratio',
    OTEL_TRACES_SAMPLER_ARG: `${sampled}`,
    // Every span of a window fits, and none waits for the next window.
    OTEL_BSP_MAX_QUEUE_SIZE: '65536',
    OTEL_BSP_SCHEDULE_DELAY: '100',
  }
}

async function closeAll(servers: Promise<Server>[]): Promise<void> {
  for (const server of servers.splice(0)) {
    try {
      ;(await server).close()
    } catch {
      // One that did not start has its row, and nothing to close.
    }
  }
}
