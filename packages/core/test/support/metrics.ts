import type { Attributes } from '@opentelemetry/api'

import { DATA_POINT_TYPE, TEMPORALITY } from '../../src/index.ts'
import type {
  DataPoint,
  ExponentialHistogramData,
  ExponentialHistogramValue,
  GaugeData,
  HistogramData,
  HistogramValue,
  MetricData,
  MetricDescriptor,
  ResourceMetrics,
  SumData,
} from '../../src/index.ts'

type Describe = string | (Partial<MetricDescriptor> & { readonly name: string })

/** A data point as the tests state it. */
export type Point<T> = readonly [Attributes, T] | readonly [Attributes, T, Partial<DataPoint<T>>]

export function counter(describe: Describe, ...points: ReadonlyArray<Point<number>>): SumData {
  return { ...base(describe, points), dataPointType: DATA_POINT_TYPE.SUM, isMonotonic: true }
}

export function upDownCounter(describe: Describe, ...points: ReadonlyArray<Point<number>>): SumData {
  return { ...base(describe, points), dataPointType: DATA_POINT_TYPE.SUM, isMonotonic: false }
}

export function gauge(describe: Describe, ...points: ReadonlyArray<Point<number>>): GaugeData {
  return { ...base(describe, points), dataPointType: DATA_POINT_TYPE.GAUGE }
}

export function histogram(describe: Describe, ...points: ReadonlyArray<Point<HistogramValue>>): HistogramData {
  return { ...base(describe, points), dataPointType: DATA_POINT_TYPE.HISTOGRAM }
}

export function exponentialHistogram(
  describe: Describe,
  ...points: ReadonlyArray<Point<ExponentialHistogramValue>>
): ExponentialHistogramData {
  return { ...base(describe, points), dataPointType: DATA_POINT_TYPE.EXPONENTIAL_HISTOGRAM }
}

/** A histogram's value from its bounds, one count more than those, and the sum. */
export function buckets(boundaries: readonly number[], counts: readonly number[], sum?: number): HistogramValue {
  const count = counts.reduce((total, it) => total + it, 0)
  return { buckets: { boundaries, counts }, count, sum }
}

/** One collection, with one scope for each list of metrics; their names are `a`, `b` … */
export function collected(...scopes: ReadonlyArray<readonly MetricData[]>): ResourceMetrics {
  return withResource({}, ...scopes)
}

export function withResource(attributes: Attributes, ...scopes: ReadonlyArray<readonly MetricData[]>): ResourceMetrics {
  const scopeMetrics = scopes.map((metrics, index) => {
    return { scope: { name: String.fromCodePoint(97 + index), version: '1.0' }, metrics }
  })
  return { resource: { attributes }, scopeMetrics }
}

function base<T>(describe: Describe, points: ReadonlyArray<Point<T>>) {
  const { name, description = '', unit = '' } = typeof describe === 'string' ? { name: describe } : describe
  return {
    descriptor: { name, description, unit },
    aggregationTemporality: TEMPORALITY.CUMULATIVE,
    dataPoints: points.map(([attributes, value, rest]): DataPoint<T> => {
      return { startTime: [0, 0], endTime: [1, 0], attributes, value, ...rest }
    }),
  }
}
