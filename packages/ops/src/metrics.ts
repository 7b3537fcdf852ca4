import generated from '../generated/metrics.json' with { type: 'json' }

/** One metric as Prometheus sees it. */
export interface Metric {
  readonly type: 'counter' | 'gauge' | 'histogram'
  readonly unit: string
  readonly help: string
  /** Label names, each with its closed set of values, or `null` when it takes any. */
  readonly labels: Readonly<Record<string, readonly string[] | null>>
  /** Upper bounds of a histogram, in `unit`. */
  readonly buckets?: readonly number[]
}

/** What a name in an expression stands for. */
export interface Series {
  readonly metric: Metric
  /** Labels of this series, beyond those of the target. */
  readonly labels: readonly string[]
  readonly isCounter: boolean
}

/** Every metric of the catalogues by its Prometheus name. */
export const metrics: Readonly<Record<string, Metric>> = generated as Readonly<Record<string, Metric>>

/** Finds what a series' name stands for: a metric, or a part of a histogram. */
export function findSeries(name: string): Series | undefined {
  const metric = metrics[name]
  if (metric !== undefined && metric.type !== 'histogram') {
    return { metric, labels: Object.keys(metric.labels), isCounter: metric.type === 'counter' }
  }
  const [, base = '', part = ''] = /^(.*)_(bucket|count|sum)$/.exec(name) ?? []
  const histogram = metrics[base]
  if (histogram?.type !== 'histogram') return undefined
  const labels = [...Object.keys(histogram.labels), ...(part === 'bucket' ? ['le'] : [])]
  return { metric: histogram, labels, isCounter: true }
}
