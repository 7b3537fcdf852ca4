import type { ChildProcess } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as pause } from 'node:timers/promises'

import { startBound, stopChild } from './bound-child.ts'
import type { Prometheus } from './components.ts'

export interface PrometheusOptions {
  /** What to scrape: jobs by name, each with `host:port`s and a path (default `/metrics`). */
  readonly scrape: Readonly<Record<string, { readonly targets: readonly string[]; readonly path?: string }>>
  /** `host:port`s of Alertmanagers. */
  readonly alertmanagers?: readonly string[]
  /** Paths of rule files. */
  readonly ruleFiles?: readonly string[]
  /** Default `1s`; rules are evaluated as often. */
  readonly interval?: string
}

/** One series of an instant query. */
interface QueryResult {
  readonly metric: Readonly<Record<string, string>>
  readonly value: number
}

interface ScrapeTarget {
  readonly job: string
  readonly health: string
  readonly lastError: string
}

/** A Prometheus of one's own; stopped by its pid, at the latest when this process ends. */
export interface RunningPrometheus extends AsyncDisposable {
  readonly url: string
  /** Calls the HTTP API, `query?query=up`, and returns its `data`. */
  api(pathAndQuery: string): Promise<unknown>
  /** Evaluates an expression as of a time, in seconds, or now: a scrape that has failed since leaves nothing to see now. */
  query(expression: string, at?: number): Promise<QueryResult[]>
  targets(): Promise<ScrapeTarget[]>
  /** Resolves with what `probe` returns as soon as that is not `undefined`; rejects after the limit. */
  until<T>(probe: (prometheus: RunningPrometheus) => Promise<T | undefined>, timeoutMs?: number): Promise<T>
  /**
   * Resolves when what was scraped from a target of the job can be asked for, with the time of that scrape, in seconds;
   * rejects with its error when it is down. One that did not answer in time is asked again: the machine may be busy.
   */
  untilScraped(job: string): Promise<number>
  stop(): Promise<void>
}

/** Starts a Prometheus on a free port of 127.0.0.1, and resolves when it is ready. */
export async function startPrometheus(
  { prometheus }: Pick<Prometheus, 'prometheus'>,
  options: PrometheusOptions,
): Promise<RunningPrometheus> {
  const folder = await mkdtemp(path.join(tmpdir(), 'prometheus-'))
  const config = path.join(folder, 'prometheus.yml')
  await writeFile(config, JSON.stringify(configOf(options)))
  const child = startBound(prometheus, [
    `--config.file=${config}`,
    `--storage.tsdb.path=${path.join(folder, 'data')}`,
    '--web.listen-address=127.0.0.1:0',
    '--enable-feature=exemplar-storage',
    '--log.format=json',
  ])
  const stop = async (): Promise<void> => {
    await stopChild(child)
    await rm(folder, { recursive: true, force: true })
  }
  try {
    return running(await readyUrl(child), stop)
  } catch (error) {
    await stop()
    throw error
  }
}

function configOf({ scrape, alertmanagers = [], ruleFiles = [], interval = '1s' }: PrometheusOptions): object {
  return {
    global: { scrape_interval: interval, scrape_timeout: interval, evaluation_interval: interval },
    rule_files: ruleFiles,
    alerting: { alertmanagers: [{ static_configs: [{ targets: alertmanagers }] }] },
    scrape_configs: Object.entries(scrape).map(([job, { targets, path: metricsPath = '/metrics' }]) => ({
      job_name: job,
      metrics_path: metricsPath,
      static_configs: [{ targets }],
    })),
  }
}

interface LogLine {
  readonly msg?: string
  readonly level?: string
  readonly address?: string
  readonly err?: string
}

/** Prometheus says on stderr which port it got and when it is ready, in either order. */
async function readyUrl(child: ChildProcess): Promise<string> {
  let url = ''
  let isReady = false
  const log: string[] = []
  for await (const line of createInterface({ input: child.stderr as NodeJS.ReadableStream })) {
    log.push(line)
    const { msg, address } = JSON.parse(line) as LogLine
    if (msg === 'Listening on') url = `http://${address}`
    isReady ||= msg?.startsWith('Server is ready') === true
    if (isReady && url !== '') {
      child.stderr?.resume()
      return url
    }
  }
  throw new Error(`prometheus ended before it was ready; its log:\n${log.slice(-5).join('\n')}`)
}

const POLL_MS = 100

function running(url: string, stop: () => Promise<void>): RunningPrometheus {
  const self: RunningPrometheus = {
    url,
    stop,
    [Symbol.asyncDispose]: stop,
    async api(pathAndQuery) {
      const response = await fetch(`${url}/api/v1/${pathAndQuery}`)
      const body = (await response.json()) as { status: string; data: unknown; error?: string }
      if (body.status !== 'success') throw new Error(`${pathAndQuery}: ${body.error ?? body.status}`)
      return body.data
    },
    async query(expression, at) {
      const time = at === undefined ? '' : `&time=${at}`
      const data = await self.api(`query?query=${encodeURIComponent(expression)}${time}`)
      const { result } = data as { result: Array<{ metric: Record<string, string>; value: [number, string] }> }
      return result.map(({ metric, value }) => ({ metric, value: numberOf(value[1]) }))
    },
    async targets() {
      const { activeTargets } = (await self.api('targets')) as {
        activeTargets: Array<{ scrapePool: string; health: string; lastError: string }>
      }
      return activeTargets.map(({ scrapePool, health, lastError }) => ({ job: scrapePool, health, lastError }))
    },
    async until(probe, timeoutMs = 15_000) {
      const end = performance.now() + timeoutMs
      for (;;) {
        const found = await probe(self)
        if (found !== undefined) return found
        if (performance.now() > end) throw new Error(`nothing found within ${timeoutMs} ms: ${probe.toString()}`)
        await pause(POLL_MS)
      }
    },
    untilScraped(job) {
      return self.until(async () => {
        const range = encodeURIComponent(`up{job="${job}"}[5m]`)
        const { result } = (await self.api(`query?query=${range}`)) as { result: { values: [number, string][] }[] }
        const [at] = result.flatMap(({ values }) => values).findLast(([, isUp]) => isUp === '1') ?? []
        if (at !== undefined || result.length === 0) return at
        const target = (await self.targets()).find((it) => it.job === job && it.health === 'down')
        const isLate = target === undefined || target.lastError.includes('deadline exceeded')
        if (!isLate) throw new Error(`scraping ${job} failed: ${target.lastError}`)
        return undefined
      }, 30_000)
    },
  }
  return self
}

function numberOf(text: string): number {
  if (text === '+Inf') return Infinity
  return text === '-Inf' ? -Infinity : Number(text)
}
