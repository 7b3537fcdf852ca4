import { createInterface } from 'node:readline'

import { expect, vi } from 'vitest'

import { AppProcess } from './app-process.ts'
import { scrape } from './scrape.ts'

/** An app on a queue, in a file that is run as `producer` or as `worker`. */
export interface QueueApp {
  /** Node's flags and the file. */
  readonly args: readonly string[]
  /** Of the broker. */
  readonly url: string
  readonly queue: string
  /** How many jobs of the queue are ready, as the broker says. */
  readonly size: () => Promise<number>
  /** The jobs that the broker has given up, of which nobody may be left to say so. */
  readonly givenUp?: () => Promise<readonly number[]>
}

/** A job as the app is told to put it in the queue, and as it finds it there. */
interface Job {
  readonly id: number
  readonly fails?: 'once' | 'always'
  /** Milliseconds. */
  readonly delay?: number
  readonly logs?: boolean
}

interface Line {
  readonly started?: number
  readonly isRetry?: boolean
  readonly waited?: number
  readonly headers?: object
  readonly trace?: string
  readonly ended?: number
  readonly as?: 'success' | 'error' | 'retry'
}

/** The whole of ten thousand takes longer: `npm run test:queues`. */
const JOBS = Number(process.env['MCP_TEST_QUEUE_JOBS'] ?? 1000)
const LOGGED = JOBS + 1
const LOG_LINE = new RegExp(`\\{[^\\n]*job ${LOGGED}\\b[^\\n]*`)
const env = { OTEL_EXPORTER_PROMETHEUS_PORT: '0', MCP_OTEL_QUEUE_POLL_INTERVAL: '100', MCP_OTEL_LOG_LEVEL: 'info' }

/** A worker, and what it has said of its jobs, which is the truth that its figures are held against. */
class Worker {
  readonly app: AppProcess
  readonly lines: Line[] = []
  constructor({ args, url, queue }: QueueApp) {
    this.app = new AppProcess([...args, 'worker', url, queue], { env })
    createInterface({ input: this.app.child.stdout as NodeJS.ReadableStream }).on('line', (text) => {
      if (text.startsWith('{')) this.lines.push(JSON.parse(text) as Line)
    })
  }
  /** Has it take jobs. */
  begin(): void {
    this.app.child.stdin?.write('go\n')
  }
  count(as: Line['as']): number {
    return this.lines.filter((line) => line.as === as).length
  }
  firstWaits(): number[] {
    return this.lines.flatMap(({ waited, isRetry }) => (waited !== undefined && isRetry === false ? [waited] : []))
  }
}

/**
 * Puts many jobs in a queue from two processes, has them done by four others, one of which is killed in the middle, and
 * holds every figure against what the app itself has seen.
 */
export async function holdAgainstTruth(given: QueueApp): Promise<void> {
  await using stack = new AsyncDisposableStack()
  const producers = [0, 1].map(() =>
    stack.use(new AppProcess([...given.args, 'producer', given.url, given.queue], { env })),
  )
  const urls = await Promise.all(producers.map(async (app) => (await app.sees(/"url":"([^"]+)"/))[1] ?? ''))
  const jobs = Array.from({ length: JOBS }, (_, id) => jobOf(id))
  const traces = await Promise.all(
    urls.map((url, half) =>
      send(
        url,
        jobs.filter(({ id }) => id % 2 === half),
      ),
    ),
  )

  // What is ready is what the broker says, on the page of every process that knows the queue.
  const label = `{plugin="${given.queue}"}`
  for (const producer of producers) {
    const endpoint = await producer.endpoint()
    const differs = async (): Promise<number> =>
      Number((await scrape(endpoint)).of('mcp_queue_size')[label]) - (await given.size())
    await expect.poll(differs, { timeout: 10_000, interval: 50 }).toBe(0)
  }

  const workers = [0, 1, 2, 3].map(() => new Worker(given))
  for (const { app } of workers) stack.use(app)
  await Promise.all(workers.map(({ app }) => app.sees(/"ready"/)))
  // The doomed one is in the middle of its jobs before others can take them from it.
  const [doomed, ...alive] = workers as [Worker, ...Worker[]]
  doomed.begin()
  await until(() => doomed.count('success') > JOBS / 50)
  for (const worker of alive) worker.begin()
  doomed.app.child.kill('SIGKILL')
  await doomed.app.exit()

  const done = (): (number | undefined)[] =>
    workers
      .flatMap(({ lines }) => lines.filter(({ as }) => as === 'success' || as === 'error'))
      .map(({ ended }) => ended)
  await until(async () => new Set([...done(), ...((await given.givenUp?.()) ?? [])]).size === JOBS)
  const last = await send(urls[0] ?? '', [{ id: LOGGED, logs: true }])
  await until(() => done().includes(LOGGED))

  for (const worker of alive) {
    const endpoint = await worker.app.endpoint()
    // A job that the killed one had done may be done again, and may end at any time.
    const page = await vi.waitFor(async () => {
      const it = await scrape(endpoint)
      expect(it.of('mcp_queue_jobs_total')).toEqual({
        [`{plugin="${given.queue}",status="success"}`]: worker.count('success'),
        [`{plugin="${given.queue}",status="error"}`]: worker.count('error'),
        [`{plugin="${given.queue}",status="timeout"}`]: 0,
        [`{plugin="${given.queue}",status="cancelled"}`]: 0,
      })
      expect(it.of('mcp_queue_wait_seconds_count')[label]).toBe(worker.firstWaits().length)
      return it
    })
    const waits = worker.firstWaits()
    const sum = Number(page.of('mcp_queue_wait_seconds_sum')[label])
    const truth = waits.reduce((total, wait) => total + Math.max(0, wait), 0) / 1000
    // A broker's own times are not those of the app, which is held up by its own calls; one may have had no first attempts.
    const off = waits.length === 0 ? sum : Math.abs(sum - truth) / waits.length
    expect(off, `waits of ${sum} s, in truth ${truth} s`).toBeLessThan(0.25)
    expect(page.of('mcp_queue_info')).toHaveProperty([
      Object.keys(page.of('mcp_queue_info')).find((it) => it.includes('scope="shared"')) ?? '',
    ])
  }
  // Every job runs in the trace of the request that it came from, and sees nothing of that.
  const starts = workers.flatMap(({ lines }) => lines.filter(({ started }) => started !== undefined))
  const strays = starts.filter(
    ({ started, trace }) => trace !== undefined && trace !== (started === LOGGED ? last : traces[Number(started) % 2]),
  )
  expect(strays).toEqual([])
  expect(starts.filter(({ trace }) => trace !== undefined).length).toBeGreaterThan(JOBS / 50)
  const seen = starts.flatMap(({ headers }) => Object.keys(headers ?? {}))
  expect(seen.filter((name) => /trace|otel|baggage/.test(name))).toEqual([])
  const line = workers.map(({ app }) => LOG_LINE.exec(app.stdout)?.[0]).find((it) => it !== undefined)
  expect(JSON.parse(line ?? '{}')).toMatchObject({ trace_id: last })
}

function jobOf(id: number): Job {
  if (id % 50 === 7) return { id, fails: 'always' }
  if (id % 20 === 3) return { id, fails: 'once' }
  return id % 100 === 11 ? { id, delay: 2000 } : { id }
}

async function send(url: string, jobs: readonly Job[]): Promise<string> {
  const response = await fetch(url, { method: 'POST', body: JSON.stringify(jobs) })
  return response.text()
}

/** Looks again after each turn of what comes from the processes. */
async function until(probe: () => boolean | Promise<boolean>): Promise<void> {
  await expect.poll(probe, { timeout: 60_000, interval: 50 }).toBe(true)
}
