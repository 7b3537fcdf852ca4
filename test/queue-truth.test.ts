import { setTimeout as pause } from 'node:timers/promises'

import { Redis } from 'ioredis'
import { expect } from 'vitest'

import { AppProcess, REGISTER, root } from './support/app-process.ts'
import { findRedis } from './support/components.ts'
import { startMockOtlp } from './support/mock-otlp.ts'
import type { MockOtlp } from './support/mock-otlp.ts'
import { scrape, scrapeUntil } from './support/scrape.ts'
import type { Page } from './support/scrape.ts'
import { startRedis } from './support/start-redis.ts'
import { testWith } from './support/test-with.ts'

/** The whole of ten thousand takes a minute: `npm run test:queues`. */
const JOBS = Number(process.env['MCP_TEST_QUEUE_JOBS'] ?? 1000)
/** Before the test is given up, so that what it started is stopped. */
const LIMIT_MS = 60_000 + JOBS * 20
const JOBS_A_REQUEST = 50
const CONCURRENCY = 5
const PLUGIN = '{plugin="mail"}'

/** What the handlers wrote down. */
interface Line {
  readonly id: string
  readonly wait?: number
  readonly retryWait?: number
  readonly telemetry?: boolean
  readonly outcome?: 'success' | 'retry' | 'error'
}

interface Job {
  readonly name: string
  readonly data: object
  readonly opts: object
}

function start(fixture: string, port: number, collector: MockOtlp, env: Record<string, string> = {}): AppProcess {
  return new AppProcess(['--require', REGISTER, `${root}/test/fixtures/${fixture}.mjs`], {
    env: {
      REDIS_PORT: String(port),
      MCP_OTEL_PORT: '0',
      MCP_OTEL_QUEUE_PLUGINS: 'out*=mail',
      MCP_OTEL_QUEUE_POLL_INTERVAL: '200',
      OTEL_TRACES_SAMPLER: 'parentbased_always_off',
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.httpUrl,
      OTEL_METRICS_EXPORTER: 'prometheus',
      OTEL_LOGS_EXPORTER: 'none',
      ...env,
    },
  })
}

/** One of a hundred kinds of jobs, so that all come in the same shares. */
function jobOf(index: number): Job {
  const opts = { removeOnComplete: true, removeOnFail: index % 2 === 0 }
  const data = { value: index }
  const backoff = { type: 'fixed', delay: 100 + (index % 3) * 200 }
  const kind = index % 100
  if (kind < 8)
    return { name: 'flaky', data: { ...data, failures: 1 + (kind % 2) }, opts: { ...opts, attempts: 3, backoff } }
  if (kind < 12) return { name: 'failing', data, opts: { ...opts, attempts: 2, backoff } }
  if (kind < 16) return { name: 'plain', data, opts: { ...opts, delay: 300 + kind * 50 } }
  if (kind < 20) return { name: 'plain', data, opts: { ...opts, priority: 1 + (kind % 3) } }
  return { name: kind < 26 ? 'doomed' : 'plain', data, opts }
}

async function post(url: string, jobs: readonly Job[], headers: Record<string, string> = {}): Promise<void> {
  const response = await fetch(url, { method: 'POST', body: JSON.stringify({ jobs }), headers })
  expect(response.status).toBe(202)
}

function sum(pages: readonly Page[], sample: string): number {
  return pages.reduce((total, { samples }) => total + (samples.get(sample) ?? 0), 0)
}

/** Milliseconds, as seconds together. */
function addUp(times: readonly number[]): number {
  return times.reduce((a, b) => a + b, 0) / 1000
}

async function appUrl(app: AppProcess): Promise<string> {
  const [, url = ''] = await app.sees(/app on (\S+)/)
  return url
}

/** What waits, by the broker itself. */
async function waiting(redis: Redis): Promise<number> {
  const [list, prioritized] = await Promise.all([
    redis.llen('bull:outbox:wait'),
    redis.zcard('bull:outbox:prioritized'),
  ])
  return list + prioritized
}

testWith(
  await findRedis(),
  `of ${JOBS} jobs over 4 workers and 2 producers, some of them delayed, failing, stalled and killed, the pages tell the truth`,
  async (found) => {
    await using broker = await startRedis(found)
    await using collector = await startMockOtlp()
    const redis = new Redis({ port: broker.port })
    const late = AbortSignal.timeout(LIMIT_MS)
    await using apps = new AsyncDisposableStack()
    const launch = (...args: Parameters<typeof start>): AppProcess => apps.use(start(...args))
    const producers = [0, 1].map(() => launch('bullmq-producer', broker.port, collector))
    const urls = await Promise.all(producers.map(appUrl))

    // All are put in first: then the broker's figure stands still, and both producers must show it.
    for (let index = 0; index < JOBS; index += JOBS_A_REQUEST) {
      const jobs = Array.from({ length: Math.min(JOBS_A_REQUEST, JOBS - index) }, (_, offset) => jobOf(index + offset))
      await post(urls[(index / JOBS_A_REQUEST) % 2] ?? '', jobs)
    }
    const endpoints = await Promise.all(producers.map((app) => app.endpoint()))
    for (const endpoint of endpoints) {
      await untilSizeIs(endpoint, redis, late)
    }

    // Two workers hang with all that they can hold; when they do, nothing more is counted there, and they are killed.
    const works = (env: Record<string, string> = {}): AppProcess => launch('bullmq-worker', broker.port, collector, env)
    const doomed = [0, 1].map(() => works({ IS_DOOMED: 'true' }))
    const alive = [works(), works()]
    const lastPages: Page[] = []
    for (const victim of doomed) {
      const endpoint = await victim.endpoint()
      const hangs = victim.sees(new RegExp(`(?:hanging[^]*){${CONCURRENCY}}`))
      await Promise.race([hangs, pause(LIMIT_MS, undefined, { signal: late, ref: false })])
      lastPages.push(await scrape(endpoint))
      await victim.stop('SIGKILL')
      alive.push(works())
    }
    // What a killed process had not sent yet is lost: the job that is followed comes later.
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
    const logged: Job = { name: 'logging', data: {}, opts: { removeOnComplete: true, attempts: 2 } }
    await post(urls[0] ?? '', [logged], { traceparent })
    await post(urls[1] ?? '', [{ name: 'blocking', data: {}, opts: { attempts: 2 } }])

    const pages = async (): Promise<Page[]> => Promise.all(alive.map(async (app) => scrape(await app.endpoint())))
    const total = JOBS + 2
    const counted = async (): Promise<number> => {
      const all = [...lastPages, ...(await pages())]
      return (
        sum(all, 'mcp_queue_jobs_total{plugin="mail",status="success"}') +
        sum(all, 'mcp_queue_jobs_total{plugin="mail",status="error"}')
      )
    }
    while ((await counted()) < total) await pause(100, undefined, { signal: late })

    const lines = (await redis.lrange('ledger', 0, -1)).map((line) => JSON.parse(line) as Line)
    const idsOf = (outcome: Line['outcome']): number =>
      new Set(lines.filter((line) => line.outcome === outcome).map(({ id }) => id)).size
    const all = [...lastPages, ...(await pages())]
    const figures = {
      success: sum(all, 'mcp_queue_jobs_total{plugin="mail",status="success"}'),
      error: sum(all, 'mcp_queue_jobs_total{plugin="mail",status="error"}'),
      cancelled: sum(all, 'mcp_queue_jobs_total{plugin="mail",status="cancelled"}'),
      waits: sum(all, `mcp_queue_wait_seconds_count${PLUGIN}`),
      retryWaits: sum(all, `mcp_queue_retry_wait_seconds_count${PLUGIN}`),
    }
    const waits = lines.flatMap(({ wait }) => wait ?? [])
    const retryWaits = lines.flatMap(({ retryWait }) => retryWait ?? [])
    expect(figures).toEqual({
      success: idsOf('success'),
      error: idsOf('error'),
      cancelled: 0,
      waits: waits.length,
      retryWaits: expect.any(Number),
    })
    // A retry whose wait is not known for sure is left out, never made up: rarely one is.
    expect(figures.retryWaits).toBeLessThanOrEqual(retryWaits.length)
    expect(figures.retryWaits).toBeGreaterThanOrEqual(retryWaits.length * 0.98)
    expect(figures.success + figures.error).toBe(total)
    expect(figures.error).toBe((JOBS / 100) * 4)
    expect(lines.some(({ telemetry }) => telemetry)).toBe(false)
    // Each may be off by what the clock and the way to the handler take.
    const errors = {
      wait: Math.abs(sum(all, `mcp_queue_wait_seconds_sum${PLUGIN}`) - addUp(waits)) / waits.length,
      retryWait:
        Math.abs(sum(all, `mcp_queue_retry_wait_seconds_sum${PLUGIN}`) - addUp(retryWaits)) / retryWaits.length,
    }
    expect(errors.wait).toBeLessThan(0.05)
    expect(errors.retryWait).toBeLessThan(0.05)
    expect(sum(all, 'mcp_errors_total{source="queue",type="StalledError"}')).toBeGreaterThanOrEqual(2 * CONCURRENCY)
    for (const endpoint of endpoints) {
      const page = await scrapeUntil(endpoint, (it) => it.samples.get(`mcp_queue_size${PLUGIN}`) === 0)
      expect(page.of('mcp_queue_size')).toEqual({ [PLUGIN]: 0 })
      expect(page.of('mcp_queue_info')).toEqual({ '{plugin="mail",scope="shared",engine="bullmq"}': 1 })
    }

    // They end as they would without us, and what they had to send is sent.
    for (const app of [...alive, ...producers]) expect(await app.stop()).toEqual({ code: 7, signal: null })
    const outputs = alive.map(({ stdout }) => stdout).join('')
    expect(outputs).not.toContain('wrong result')
    const [, line = '{}'] = /^(\{.*inside a job.*\})$/m.exec(outputs) ?? []
    const { spans } = collector
    const find = (name: string) => spans.all.find((span) => span.name === name)
    const [server, send, run] = [find('POST'), find('send outbox'), find('process outbox')]
    expect(server).toMatchObject({ kind: 'SPAN_KIND_SERVER', traceId: traceparent.slice(3, 35) })
    expect(send).toMatchObject({ kind: 'SPAN_KIND_PRODUCER', parentSpanId: server?.spanId })
    expect(run).toMatchObject({ kind: 'SPAN_KIND_CONSUMER', parentSpanId: send?.spanId })
    expect(JSON.parse(line)).toMatchObject({ trace_id: run?.traceId, span_id: run?.spanId })
    redis.disconnect()
    if ('MCP_TEST_QUEUE_JOBS' in process.env) console.error(JSON.stringify({ jobs: total, ...figures, ...errors }))
  },
  LIMIT_MS + 10_000,
)

async function untilSizeIs(endpoint: string, redis: Redis, late: AbortSignal): Promise<void> {
  // Delayed jobs become ready meanwhile.
  for (;;) {
    const [before, page, after] = [await waiting(redis), await scrape(endpoint), await waiting(redis)]
    if (before === after && page.samples.get(`mcp_queue_size${PLUGIN}`) === before) return
    await pause(50, undefined, { signal: late })
  }
}
