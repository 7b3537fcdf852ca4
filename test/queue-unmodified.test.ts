import { expect } from 'vitest'

import { AppProcess, REGISTER, root } from './support/app-process.ts'
import { findRedis } from './support/components.ts'
import { startMockOtlp } from './support/mock-otlp.ts'
import { startRedis } from './support/start-redis.ts'
import { testWith } from './support/test-with.ts'

/** Runs an app to its end, on a Redis of its own. */
async function outputOf(
  port: number,
  bullmq: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<string> {
  await using app = new AppProcess([...args, `${root}/test/fixtures/bullmq-app.cjs`], {
    env: { REDIS_PORT: String(port), BULLMQ: bullmq, MCP_OTEL_PORT: '0', MCP_OTEL_BANNER: 'off', ...env },
  })
  const { code, signal } = await app.exit()
  return `${app.stdout}${app.stderr}ended with ${code ?? signal}`
}

/** The worker, its events' own connection and whoever puts the jobs in the queue speak each in its order, among each other in any. */
function bySpeaker(output: string): unknown {
  const lines = output.replaceAll(/[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}/g, 'an id').split('\n')
  const { worker, events, app } = Object.groupBy(lines, (line) => {
    if (line.startsWith('["events"')) return 'events'
    return /^\["(?:runs|worker)"/.test(line) ? 'worker' : 'app'
  })
  return { worker, events, app }
}

const redis = await findRedis()

for (const bullmq of ['bullmq', 'bullmq-5']) {
  testWith(
    redis,
    `an app with ${bullmq} sees the same of its jobs, events, results and errors, and ends the same`,
    async (found) => {
      await using without = await startRedis(found)
      await using withUs = await startRedis(found)
      await using collector = await startMockOtlp()
      const env = { OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: `${collector.httpUrl}/v1/metrics` }
      const [expected, actual] = await Promise.all([
        outputOf(without.port, bullmq, []),
        outputOf(withUs.port, bullmq, ['--require', REGISTER], env),
      ])
      expect(expected).toContain('["closed"]\nended with 3')
      expect(bySpeaker(actual)).toEqual(bySpeaker(expected))
      const counted = collector.points.all.filter(({ name }) => name === 'mcp.queue.jobs')
      expect(Object.fromEntries(counted.map(({ attributes, value }) => [attributes['status'], value]))).toMatchObject({
        success: 6,
        error: 2,
      })
    },
  )
}
