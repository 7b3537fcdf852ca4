import { setTimeout as pause } from 'node:timers/promises'

import { Redis } from 'ioredis'
import { expect, vi } from 'vitest'

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
  /** Which attempt has started, and when. */
  readonly attempt?: number
  readonly startedAt?: number
  readonly telemetry?: boolean
  readonly outcome?: 'success' | 'retry' | 'error'
  /** Which attempt was put back. */
  readonly putBack?: number
  /** From when on the first attempt could start, or the one after that which was put back. */
  readonly readyAt?: number
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

/** What the pages say, beside what the handlers wrote down. */
function look(all: readonly Page[], ledger: readonly string[]) {
  const lines = ledger.map((line) => JSON.parse(line) as Line)
  const waits = waitsOf(lines)
  const idsOf = (outcome: Line['outcome']): number =>
    new Set(lines.filter((line) => line.outcome === outcome).map(({ id }) => id)).size
  const figures = {
    success: sum(all, 'mcp_queue_jobs_total{plugin="mail",status="success"}'),
    error: sum(all, 'mcp_queue_jobs_total{plugin="mail",status="error"}'),
    cancelled: sum(all, 'mcp_queue_jobs_total{plugin="mail",status="cancelled"}'),
    waits: sum(all, `mcp_queue_wait_seconds_count${PLUGIN}`),
    retryWaits: sum(all, `mcp_queue_retry_wait_seconds_count${PLUGIN}`),
  }
  const truth = {
    success: idsOf('success'),
    error: idsOf('error'),
    cancelled: 0,
    waits: waits.first.length,
    retryWaits: waits.retries.length,
  }
  return { all, lines, waits, figures, truth }
}

/** How long the attempts have waited that were ready at a known time, in milliseconds. */
function waitsOf(lines: readonly Line[]): { readonly first: readonly number[]; readonly retries: readonly number[] } {
  const putBack = new Map(lines.map(({ id, putBack: attempt, readyAt }) => [`${id} ${attempt}`, readyAt]))
  const [first, retries]: [number[], number[]] = [[], []]
  for (const { id, attempt, startedAt = 0, readyAt } of lines) {
    if (attempt === undefined) continue
    const ready = readyAt ?? putBack.get(`${id} ${attempt - 1}`)
    if (ready !== undefined) (attempt === 1 ? first : retries).push(Math.max(0, startedAt - ready))
  }
  return { first, retries }
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

    // Two workers hang with all that they can hold, before others can take it from them; when they do, nothing more is
    // counted there, and they are killed while others work.
    const works = (env: Record<string, string> = {}): AppProcess => launch('bullmq-worker', broker.port, collector, env)
    const doomed = [0, 1].map(() => works({ IS_DOOMED: 'true' }))
    const hangs = Promise.all(doomed.map((victim) => victim.sees(new RegExp(`(?:hanging[^]*){${CONCURRENCY}}`))))
    await Promise.race([hangs, pause(LIMIT_MS, undefined, { signal: late, ref: false })])
    const alive = [works(), works()]
    for (const worker of alive) await worker.endpoint()
    const lastPages: Page[] = []
    for (const victim of doomed) {
      lastPages.push(await scrape(await victim.endpoint()))
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
    await vi.waitFor(async () => expect(await counted()).toBe(total), { timeout: LIMIT_MS, interval: 100 })

    // What the last ones write down may come after they are counted.
    const { all, lines, figures, waits } = await vi.waitFor(async () => {
      const seen = look([...lastPages, ...(await pages())], await redis.lrange('ledger', 0, -1))
      expect(seen.figures).toEqual(seen.truth)
      return seen
    })
    expect(figures.success + figures.error).toBe(total)
    expect(figures.error).toBe((JOBS / 100) * 4)
    expect(lines.some(({ telemetry }) => telemetry)).toBe(false)
    // Each may be off by what the clock and the way to the handler take.
    const errors = {
      wait: Math.abs(sum(all, `mcp_queue_wait_seconds_sum${PLUGIN}`) - addUp(waits.first)) / waits.first.length,
      retryWait:
        Math.abs(sum(all, `mcp_queue_retry_wait_seconds_sum${PLUGIN}`) - addUp(waits.retries)) / waits.retries.length,
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
    const [, logLine = '{}'] = /^(\{.*inside a job.*\})$/m.exec(outputs) ?? []
    const line = JSON.parse(logLine) as { trace_id?: string; span_id?: string }
    const { spans } = collector
    const find = (name: string) => spans.all.find((span) => span.name === name)
    const [server, send] = [find('POST'), find('send outbox')]
    // On a busy machine it may have stalled, and have run twice.
    const run = spans.all.find(({ spanId }) => spanId === line.span_id)
    expect(server).toMatchObject({ kind: 'SPAN_KIND_SERVER', traceId: traceparent.slice(3, 35) })
    expect(send).toMatchObject({ kind: 'SPAN_KIND_PRODUCER', parentSpanId: server?.spanId })
    expect(run).toMatchObject({ name: 'process outbox', kind: 'SPAN_KIND_CONSUMER', parentSpanId: send?.spanId })
    expect(line).toMatchObject({ trace_id: run?.traceId })
    redis.disconnect()
    if ('MCP_TEST_QUEUE_JOBS' in process.env) console.error(JSON.stringify({ jobs: total, ...figures, ...errors }))
  },
  2 * LIMIT_MS,
)

async function untilSizeIs(endpoint: string, redis: Redis, late: AbortSignal): Promise<void> {
  // Delayed jobs become ready meanwhile.
  for (;;) {
    const [before, page, after] = [await waiting(redis), await scrape(endpoint), await waiting(redis)]
    if (before === after && page.samples.get(`mcp_queue_size${PLUGIN}`) === before) return
    await pause(50, undefined, { signal: late })
  }
}
