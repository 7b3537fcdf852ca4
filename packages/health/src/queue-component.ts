import type { CheckResult } from './check-options.ts'
import type { QueueTotals } from './component-totals.ts'
import { histogramQuantile, histogramSince } from './histogram-quantile.ts'
import type { QueueHealth } from './report.ts'
import { micro } from './rounding.ts'
import { worseOf, type LimitKinds } from './thresholds.ts'

/** From what on a queue is degraded or unhealthy. */
export interface QueueThresholds {
  /** Jobs waiting. Default 100. */
  readonly degradedSize?: number
  /** Default 1000. */
  readonly unhealthySize?: number
  /** Age of the job that has waited longest, s. Default none. */
  readonly degradedAge?: number
  /** Default none. */
  readonly unhealthyAge?: number
}

export const queueLimits = {
  degradedSize: 'amount',
  unhealthySize: 'amount',
  degradedAge: 'amount',
  unhealthyAge: 'amount',
} as const satisfies LimitKinds

export type QueueFigures = Omit<QueueHealth, 'status' | 'message'>

/** The size of a queue at a moment, s. */
export interface SizeSample {
  readonly at: number
  readonly size: number
}

/** Returns a queue's figures over the `window` seconds from `before` to `now`; `sizes` are oldest first. */
export function queueFigures(
  now: QueueTotals,
  before: QueueTotals | undefined,
  window: number,
  sizes: readonly SizeSample[],
): QueueFigures {
  const wait = now.wait && histogramSince(now.wait, before?.wait)
  const finished = now.finished === undefined ? undefined : since(now.finished, before?.finished ?? 0)
  const growth = slope(sizes)
  return {
    size: now.size ?? null,
    active: now.active ?? 0,
    processing_rate: finished === undefined || window <= 0 ? null : micro(finished / window),
    wait_p50: wait ? micro(histogramQuantile(0.5, wait)) : null,
    wait_p95: wait ? micro(histogramQuantile(0.95, wait)) : null,
    oldest_age: now.oldestAge !== undefined && now.size !== 0 ? micro(now.oldestAge) : null,
    trend: trendOf(growth, sizes),
    growth: micro(growth),
    window: micro(window),
  }
}

/** Judges a queue by its figures: its size, and the age of its oldest job. */
export function judgeQueue(queue: QueueFigures, thresholds: QueueThresholds = {}): CheckResult {
  const { degradedSize = 100, unhealthySize = 1000, degradedAge, unhealthyAge } = thresholds
  const trend = queue.trend === null ? '' : `, ${queue.trend}`
  return worseOf(
    {
      observed: queue.size ?? 0,
      degraded: degradedSize,
      unhealthy: unhealthySize,
      unit: '{job}',
      say: (limit) => `${queue.size} jobs wait (limit ${limit})${trend}`,
    },
    {
      observed: queue.oldest_age ?? 0,
      degraded: degradedAge,
      unhealthy: unhealthyAge,
      unit: 's',
      say: (limit) => `the oldest job has waited ${queue.oldest_age} s (limit ${limit} s)${trend}`,
    },
  )
}

function since(now: number, then: number): number {
  return now >= then ? now - then : now
}

/** Least squares: jobs per second; null with fewer than three samples, which say nothing about a trend. */
function slope(sizes: readonly SizeSample[]): number | null {
  if (sizes.length < 3) return null
  const meanAt = mean(sizes.map(({ at }) => at))
  const meanSize = mean(sizes.map(({ size }) => size))
  let covariance = 0
  let variance = 0
  for (const { at, size } of sizes) {
    covariance += (at - meanAt) * (size - meanSize)
    variance += (at - meanAt) ** 2
  }
  return variance > 0 ? covariance / variance : null
}

/** A change over the samples below one job, or below a tenth of the mean size, is no trend. */
function trendOf(growth: number | null, sizes: readonly SizeSample[]): QueueHealth['trend'] {
  const first = sizes[0]
  const last = sizes.at(-1)
  if (growth === null || first === undefined || last === undefined) return null
  const change = growth * (last.at - first.at)
  const least = Math.max(1, mean(sizes.map(({ size }) => size)) / 10)
  if (Math.abs(change) < least) return 'steady'
  return change > 0 ? 'growing' : 'shrinking'
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}
