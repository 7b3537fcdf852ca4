import { mkdtempDisposable, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'

import { packFiles } from '@mcp/otel-ops'
import { expect } from 'vitest'

import { AppProcess, REGISTER, root } from './support/app-process.ts'
import { findPrometheus, findRedis } from './support/components.ts'
import { startPrometheus } from './support/start-prometheus.ts'
import { startRedis } from './support/start-redis.ts'
import { testWithBoth } from './support/test-with.ts'

const APP = `${root}/test/fixtures/queueing-app.mjs`
const ENV = { OTEL_EXPORTER_PROMETHEUS_PORT: '0', MCP_OTEL_QUEUE_POLL_INTERVAL: '200' }

testWithBoth(
  await findPrometheus(),
  await findRedis(),
  'four processes that hold one queue of a Redis have its jobs once, and those of their own queues each',
  async (foundPrometheus, foundRedis) => {
    await using folder = await mkdtempDisposable(path.join(tmpdir(), 'mcp-shared-queue-'))
    await using redis = await startRedis(foundRedis)
    const rules = path.join(folder.path, 'mcp.rules.yaml')
    await writeFile(rules, packFiles()['prometheus/mcp.rules.yaml'] ?? '')
    await using apps = new AsyncDisposableStack()
    const processes = [7, 0, 0, 0].map((jobs) =>
      apps.use(new AppProcess(['--require', REGISTER, APP, String(redis.port), String(jobs)], { env: ENV })),
    )
    const endpoints = await Promise.all(processes.map((app) => app.endpoint()))
    await Promise.all(processes.map((app) => app.sees(/queues are there/)))
    await using prometheus = await startPrometheus(foundPrometheus, {
      scrape: { mcp: { targets: endpoints.map((endpoint) => new URL(endpoint).host) } },
      ruleFiles: [rules],
    })
    const total = async (expression: string): Promise<Record<string, number>> =>
      Object.fromEntries((await prometheus.query(expression)).map(({ metric, value }) => [metric['plugin'], value]))

    // Added up, as if each process had a queue of its own, the shared jobs are there four times.
    await prometheus.until(async () => {
      const { files, mail } = await total('sum by (plugin) (mcp_queue_size)')
      return mail === 28 && files === 12 ? true : undefined
    }, 30_000)
    const expected = { mail: 7, files: 12 }
    const counted = await prometheus.until(async () => {
      const found = await total('job_plugin:mcp_queue_size:total')
      return found['files'] === expected.files ? found : undefined
    }, 30_000)
    expect(counted).toEqual(expected)
  },
  90_000,
)
