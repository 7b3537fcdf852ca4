import { diag } from '@opentelemetry/api'

import type { ResourceMetrics } from '../metric-data.ts'
import { viewOf } from '../series-view.ts'
import { createCollection } from './collection.ts'
import type { Collect } from './collection.ts'
import { gzip } from './gzip.ts'
import { plainAnswer, sendAnswer } from './metrics-response.ts'
import type { Answer, MetricsRequest, MetricsResponse } from './metrics-response.ts'
import { acceptsGzip, CONTENT_TYPES, negotiateFormat } from './negotiation.ts'
import { PageBytes } from './page-bytes.ts'
import { createPageWriter, inTurns } from './page-renderer.ts'
import type { PageOptions } from './page-renderer.ts'
import { PiecePool } from './piece-pool.ts'
import { reportOnce } from './report-once.ts'

export interface MetricsHandlerOptions extends PageOptions {
  /** Collects the metrics within so many milliseconds: a metric reader's `collect`, for instance. */
  readonly collect: Collect
  /** Limit of one collection in milliseconds, default 10,000; a scraper that announces less gets its answer sooner. */
  readonly timeoutMs?: number
}

/** Answers a scrape; never rejects, and never throws into its caller. */
export type MetricsHandler = (request: MetricsRequest, response: MetricsResponse) => Promise<void>

const DEFAULT_TIMEOUT_MS = 10_000
/** Of the time that a scraper gives, what the collection may use: the answer has to arrive within it. */
const SHARE_OF_SCRAPE_TIMEOUT = 0.9

/**
 * Creates the handler of `/metrics`: text 0.0.4 or OpenMetrics 1.0.0, gzip where it is accepted, and 503 with a reason
 * when there is nothing to show because the collection failed or took too long.
 */
export function createMetricsHandler(options: MetricsHandlerOptions): MetricsHandler {
  const collect = createCollection(options.collect)
  const report = reportOnce(options.onProblem ?? ((problem) => diag.warn(problem)))
  const write = createPageWriter({ ...options, onProblem: report })
  const pool = new PiecePool()

  const pageFor = async ({ headers }: MetricsRequest, isGone: () => boolean): Promise<Answer | undefined> => {
    const { resourceMetrics, errors } = await collect(timeLimit(options.timeoutMs ?? DEFAULT_TIMEOUT_MS, headers))
    if (errors.length > 0 && isEmpty(resourceMetrics)) throw errors[0]
    for (const error of errors) report(`metrics were collected in part: ${reasonOf(error)}`)
    const format = negotiateFormat(headers.accept)
    const page = new PageBytes(pool)
    for await (const _turn of inTurns(write(page, resourceMetrics, format))) if (isGone()) return undefined
    const common = { 'Content-Type': CONTENT_TYPES[format], Vary: 'Accept, Accept-Encoding' }
    if (!acceptsGzip(textOf(headers['accept-encoding']))) return { status: 200, headers: common, body: page.take() }
    const body = [await gzip(page.take())]
    // Only here: who reads what is sent as it is, and for how long, is not known.
    page.release()
    return { status: 200, headers: { ...common, 'Content-Encoding': 'gzip' }, body }
  }

  return async (request, response) => {
    let gone = false
    const leave = (): void => void (gone = true)
    response.on('error', leave)
    response.on('close', leave)
    const answer = await answerTo(request, () => pageFor(request, () => gone), report)
    if (answer !== undefined && !gone) sendAnswer(request, response, answer)
  }
}

async function answerTo(
  { method }: MetricsRequest,
  page: () => Promise<Answer | undefined>,
  report: (problem: string) => void,
): Promise<Answer | undefined> {
  if (method !== 'GET' && method !== 'HEAD') {
    return plainAnswer(405, 'use GET or HEAD', { Allow: 'GET, HEAD' })
  }
  try {
    return await page()
  } catch (error) {
    const reason = reasonOf(error)
    report(`metrics could not be served: ${reason}`)
    return plainAnswer(503, `metrics are unavailable: ${reason}`)
  }
}

function timeLimit(ownMs: number, headers: MetricsRequest['headers']): number {
  const seconds = Number(textOf(headers['x-prometheus-scrape-timeout-seconds']))
  return seconds > 0 ? Math.min(ownMs, seconds * 1000 * SHARE_OF_SCRAPE_TIMEOUT) : ownMs
}

function textOf(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header.join(', ') : header
}

function isEmpty({ scopeMetrics }: ResourceMetrics): boolean {
  return scopeMetrics.every(({ metrics }) => metrics.every((metric) => viewOf(metric).attributes.length === 0))
}

function reasonOf(error: unknown): string {
  try {
    const message = typeof error === 'object' && error !== null && 'message' in error ? error.message : error
    return String(message).replaceAll(/\s+/g, ' ').slice(0, 300)
  } catch {
    return 'an error that cannot be described'
  }
}
