import type { HrTime } from '@opentelemetry/api'

import type { DATA_POINT_TYPE, DataPoint, TEMPORALITY } from '../metric-data.ts'

/** Metric data as the SDK's `MetricProducer` declares it, down to its arrays being open to change. */

export type Temporality = (typeof TEMPORALITY)[keyof typeof TEMPORALITY]

export interface HistogramCounts {
  buckets: { boundaries: number[]; counts: number[] }
  sum?: number
  count: number
  min?: number
  max?: number
}

interface Descriptor {
  readonly name: string
  readonly description: string
  readonly unit: string
  readonly valueType: number
}

interface SeriesOf<Type extends number, Value> {
  readonly descriptor: Descriptor
  readonly aggregationTemporality: Temporality
  readonly dataPointType: Type
  /** Attributes are frozen, and the same object for as long as the series lives: whoever renders them may cache by identity. */
  readonly dataPoints: DataPoint<Value>[]
}

export type HistogramSeries = SeriesOf<typeof DATA_POINT_TYPE.HISTOGRAM, HistogramCounts>
export type GaugeSeries = SeriesOf<typeof DATA_POINT_TYPE.GAUGE, number>
export type SumSeries = SeriesOf<typeof DATA_POINT_TYPE.SUM, number> & { readonly isMonotonic: boolean }

/** All series of one instrument at one collection. */
export type SeriesData = SumSeries | GaugeSeries | HistogramSeries

export interface SeriesScope {
  readonly name: string
  readonly version?: string
  readonly schemaUrl?: string
}

export interface ScopeSeries {
  scope: SeriesScope
  metrics: SeriesData[]
}

interface EmptyResource {
  readonly attributes: Record<string, never>
  merge<R>(other: R | null): R
  getRawAttributes(): []
}

/** What one collection of a producer yields. */
export interface SeriesCollection {
  resourceMetrics: { resource: EmptyResource; scopeMetrics: ScopeSeries[] }
  errors: unknown[]
}

/** The SDK ignores a producer's resource and puts its own in its place. */
export const EMPTY_RESOURCE: EmptyResource = {
  attributes: {},
  merge: <R>(other: R | null): R => (other ?? EMPTY_RESOURCE) as R,
  getRawAttributes: () => [],
}

/** Returns milliseconds of Unix time as the SDK's pair of seconds and nanoseconds. */
export function hrTime(millis: number): HrTime {
  const seconds = Math.floor(millis / 1000)
  return [seconds, Math.round((millis - seconds * 1000) * 1e6)]
}
