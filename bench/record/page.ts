import type { MetricsResponse } from '@mcp/otel-core'

import type { Page } from './recorder.ts'

/** A response that keeps what is written to it. */
export function collectingResponse(): MetricsResponse & { readonly page: readonly Uint8Array[] } {
  const page: Uint8Array[] = []
  return {
    page,
    statusCode: 200,
    getHeader: () => undefined,
    setHeader: () => undefined,
    write: (chunk) => page.push(chunk) > 0,
    end: () => undefined,
    on: () => undefined,
  }
}

export interface PageTotals {
  /** Label sets of the counter, and of the histogram. */
  readonly series: number
  readonly count: number
  readonly observations: number
  readonly seconds: number
}

/** Adds up what a page says of the two metrics, under whichever prefix a library gives them. */
export function pageTotals(page: Page): PageTotals {
  const totals = { series: 0, count: 0, observations: 0, seconds: 0 }
  for (const line of Buffer.concat(page).toString().split('\n')) {
    const match = /^(?:mcp_)?(requests_total|request_duration_seconds_(?:count|sum))\{.*\} (\S+)$/.exec(line)
    if (match === null) continue
    const value = Number(match[2])
    if (match[1] === 'requests_total') totals.count += value
    else if (match[1]?.endsWith('_sum')) totals.seconds += value
    else totals.observations += value
    if (!match[1]?.endsWith('_sum')) totals.series += 1
  }
  return totals
}
