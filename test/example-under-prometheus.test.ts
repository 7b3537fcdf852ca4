import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'

import { expect } from 'vitest'

import { AppProcess, REGISTER, root } from './support/app-process.ts'
import { findPrometheus, findPythonClient } from './support/components.ts'
import { promtoolCheckMetrics } from './support/promtool.ts'
import { pythonParse, type ParsedFamily } from './support/python-parser.ts'
import { scrapeUntil } from './support/scrape.ts'
import { startPrometheus } from './support/start-prometheus.ts'
import { testWith, testWithBoth } from './support/test-with.ts'

const MAIN = `${root}/examples/plugin-server/src/main.ts`

/** The guide's six metrics, as its `prometheus_client` code declares them. */
const GUIDE = {
  mcp_requests_total: {
    type: 'counter',
    help: 'Total number of requests',
    labels: ['method', 'endpoint', 'status'],
  },
  mcp_request_duration_seconds: {
    type: 'histogram',
    help: 'Request duration in seconds',
    labels: ['method', 'endpoint'],
  },
  mcp_plugin_executions_total: {
    type: 'counter',
    help: 'Total number of plugin executions',
    labels: ['plugin', 'command', 'status'],
  },
  mcp_plugin_execution_duration_seconds: {
    type: 'histogram',
    help: 'Plugin execution duration in seconds',
    labels: ['plugin', 'command'],
  },
  mcp_queue_size: { type: 'gauge', help: 'Current size of the job queue', labels: ['plugin'] },
  mcp_queue_wait_seconds: { type: 'histogram', help: 'Time jobs spend in queue', labels: ['plugin'] },
} as const

const [prometheus, python] = [await findPrometheus(), await findPythonClient()]

interface Example extends AsyncDisposable {
  readonly url: string
  readonly endpoint: string
}

async function startExample(): Promise<Example> {
  const cwd = await mkdtemp(path.join(tmpdir(), 'plugin-server-'))
  const app = new AppProcess(
    ['--require', REGISTER, MAIN, '--port', '0', '--no-demo', '--log-file', `${cwd}/mcp.log`],
    {
      env: { OTEL_EXPORTER_PROMETHEUS_PORT: '0' },
    },
  )
  const endpoint = await app.endpoint()
  const [, url = ''] = await app.sees(/listens on (\S+)/)
  return {
    url,
    endpoint,
    async [Symbol.asyncDispose]() {
      await app[Symbol.asyncDispose]()
      await rm(cwd, { recursive: true, force: true })
    },
  }
}

/** 4 successes, 1 refused command, 1 unknown path. */
async function knownLoad({ url, endpoint }: Example): Promise<void> {
  const run = (body: unknown): Promise<Response> =>
    fetch(`${url}/run`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
  for (let i = 0; i < 4; i++) {
    const response = await run({ plugin: 'checksum', command: 'file', args: { file: 'README.txt' } })
    expect(response.status, await response.text()).toBe(200)
  }
  expect((await run({ plugin: 'checksum', command: 'nonsense' })).status).toBe(404)
  expect((await fetch(`${url}/nowhere`)).status).toBe(404)
  await scrapeUntil(endpoint, (page) => Object.values(page.of('mcp_requests_total')).reduce((a, b) => a + b, 0) >= 6)
}

testWith(
  prometheus,
  'a real Prometheus stores the six series with exactly the type, help and labels of the guide',
  async (found) => {
    await using example = await startExample()
    await knownLoad(example)
    await using server = await startPrometheus(found, {
      scrape: { own: { targets: [new URL(example.endpoint).host] }, app: { targets: [new URL(example.url).host] } },
    })
    const [own, app] = [await server.untilScraped('own'), await server.untilScraped('app')]

    for (const [name, { type, help, labels }] of Object.entries(GUIDE)) {
      // Prometheus asks for OpenMetrics, where a counter's family has no `_total`; so it is with Python's client, too.
      const family = name.replace(/_total$/, '')
      const metadata = (await server.api(`metadata?metric=${family}`)) as Record<
        string,
        { type: string; help: string }[]
      >
      expect(
        metadata[family]?.map((it) => ({ type: it.type, help: it.help })),
        name,
      ).toEqual([{ type, help }])
      const series = type === 'histogram' ? `${name}_bucket` : name
      const stored = await server.query(`${series}{job="own"}`, own)
      expect(stored, series).not.toEqual([])
      for (const { metric } of stored) {
        const named = Object.keys(metric).filter((label) => !['__name__', 'job', 'instance', 'le'].includes(label))
        expect(named.toSorted(), series).toEqual([...labels].toSorted())
      }
      // The page that the app serves itself is the same, save that its own scrapes are requests of the app's.
      const others = stored.filter(({ metric }) => metric['endpoint'] !== '/metrics')
      const served = await server.query(`count(${series}{job="app",endpoint!="/metrics"})`, app)
      expect(served[0]?.value, series).toBe(others.length)
    }

    const succeeded = 'mcp_plugin_executions_total{job="own",plugin="checksum",command="file",status="success"}'
    const ofOwn = async (expression: string): Promise<unknown> => (await server.query(expression, own))[0]?.value
    expect(await ofOwn(succeeded)).toBe(4)
    expect(await ofOwn('sum(mcp_plugin_executions_total{job="own"})')).toBe(4)
    expect(await ofOwn('mcp_queue_wait_seconds_count{job="own",plugin="checksum"}')).toBe(4)
    expect(await ofOwn('mcp_queue_size{job="own",plugin="checksum"}')).toBe(0)
    const requests = await server.query('mcp_requests_total{job="own",endpoint!="/metrics"}', own)
    const counts = requests.map(({ metric, value }) =>
      [metric['method'], metric['endpoint'], metric['status'], value].join(' '),
    )
    expect(counts.toSorted()).toEqual(['GET unmatched 404 1', 'POST /run 200 4', 'POST /run 404 1'])
  },
  60_000,
)

testWithBoth(
  prometheus,
  python,
  "promtool finds nothing wrong with the example's page, and Python's two parsers read it",
  async (found, client) => {
    await using example = await startExample()
    await knownLoad(example)
    const page = await (await fetch(`${example.endpoint}/metrics`)).text()
    expect(await promtoolCheckMetrics(found, page)).toBe('')

    const openMetrics = await fetch(`${example.endpoint}/metrics`, {
      headers: { accept: 'application/openmetrics-text; version=1.0.0' },
    })
    expect(openMetrics.headers.get('content-type')).toBe('application/openmetrics-text; version=1.0.0; charset=utf-8')
    const [text, open] = [
      await pythonParse(client, page, 'text'),
      await pythonParse(client, await openMetrics.text(), 'openmetrics'),
    ]
    for (const families of [text, open]) {
      for (const [name, { type, help, labels }] of Object.entries(GUIDE)) {
        const family = families.find((it) => it.name === name.replace(/_total$/, ''))
        expect({ type: family?.type, help: family?.help }, name).toEqual({ type, help })
        expect(labelOrder(family), name).toEqual(labels)
      }
    }
  },
  60_000,
)

function labelOrder(family: ParsedFamily | undefined): string[] {
  const sample = family?.samples.find(({ name }) => !name.endsWith('_created'))
  return Object.keys(sample?.labels ?? {}).filter((name) => name !== 'le')
}
