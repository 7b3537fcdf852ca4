import type { Attributes, HrTime } from '@opentelemetry/api'

/**
 * Numbers of `DataPointType` in the metrics SDK. The types of this file are the SDK's by structure, so that its data
 * can be read, and data for it made, without depending on it.
 */
export const DATA_POINT_TYPE = {
  HISTOGRAM: 0,
  EXPONENTIAL_HISTOGRAM: 1,
  GAUGE: 2,
  SUM: 3,
} as const

/** Numbers of `AggregationTemporality` in the metrics SDK. */
export const TEMPORALITY = { DELTA: 0, CUMULATIVE: 1 } as const

/** A measurement kept with the trace that it was made in. */
export interface Exemplar {
  /** The value measured, in the instrument's unit. */
  readonly value: number
  /** When, in seconds since the epoch. */
  readonly timestamp: number
  /** 32 hexadecimal digits. */
  readonly traceId: string
  /** 16 hexadecimal digits. */
  readonly spanId: string
  /** Histograms only: index of the bucket that counted the value. */
  readonly bucket?: number
}

/** The value of one series. */
export interface DataPoint<T> {
  readonly startTime: HrTime
  readonly endTime: HrTime
  readonly attributes: Attributes
  readonly value: T
  readonly exemplars?: readonly Exemplar[]
}

export interface HistogramValue {
  readonly buckets: {
    /** Inclusive upper bounds, ascending. */
    readonly boundaries: readonly number[]
    /** Measurements per bucket, not cumulative; one more than `boundaries`. */
    readonly counts: readonly number[]
  }
  readonly count: number
  readonly sum?: number | undefined
  readonly min?: number | undefined
  readonly max?: number | undefined
}

export interface ExponentialBuckets {
  /** Bucket `i` counts values in `(base^(offset+i), base^(offset+i+1)]`, where base is `2^(2^-scale)`. */
  readonly offset: number
  readonly bucketCounts: readonly number[]
}

export interface ExponentialHistogramValue {
  readonly count: number
  readonly sum?: number | undefined
  readonly scale: number
  readonly zeroCount: number
  readonly positive: ExponentialBuckets
  readonly negative: ExponentialBuckets
  readonly min?: number | undefined
  readonly max?: number | undefined
}

export interface MetricDescriptor {
  readonly name: string
  readonly description: string
  readonly unit: string
}

interface MetricOf<Type extends number, Value> {
  readonly descriptor: MetricDescriptor
  /** A value of `TEMPORALITY`. */
  readonly aggregationTemporality: number
  readonly dataPointType: Type
  readonly dataPoints: readonly DataPoint<Value>[]
}

export type HistogramData = MetricOf<typeof DATA_POINT_TYPE.HISTOGRAM, HistogramValue>
export type ExponentialHistogramData = MetricOf<typeof DATA_POINT_TYPE.EXPONENTIAL_HISTOGRAM, ExponentialHistogramValue>
export type GaugeData = MetricOf<typeof DATA_POINT_TYPE.GAUGE, number>
export type SumData = MetricOf<typeof DATA_POINT_TYPE.SUM, number> & { readonly isMonotonic: boolean }

/** All series of one instrument at one collection. */
export type MetricData = HistogramData | ExponentialHistogramData | GaugeData | SumData

export interface ScopeMetrics {
  readonly scope: {
    readonly name: string
    readonly version?: string | undefined
    readonly schemaUrl?: string | undefined
  }
  readonly metrics: readonly MetricData[]
}

/** What one collection of a metric reader yields. */
export interface ResourceMetrics {
  readonly resource: { readonly attributes: Attributes }
  readonly scopeMetrics: readonly ScopeMetrics[]
}

/** What `MetricReader.collect()` resolves with. */
export interface CollectionResult {
  readonly resourceMetrics: ResourceMetrics
  /** What went wrong in single callbacks or producers; the rest of the data is there all the same. */
  readonly errors: readonly unknown[]
}
