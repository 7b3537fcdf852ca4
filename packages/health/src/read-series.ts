/** A histogram's cell: counts per bucket, one more than there are bounds. */
export interface HistogramReading {
  readonly count: number
  readonly sum: number
  /** Upper bounds, ascending, without `+Inf`. */
  readonly bounds: readonly number[]
  readonly counts: readonly number[]
}

/** One series of a metric, as its cell stands now. */
export interface SeriesReading {
  readonly attributes: Readonly<Record<string, unknown>>
  /** Of a counter or gauge; of a histogram, its cell. */
  readonly value: number | HistogramReading
}

/** Reads the cells of a metric by its OpenTelemetry name (`mcp.queue.size`), the same ones that `/metrics` shows. */
export type ReadSeries = (metric: string) => Iterable<SeriesReading>

/** What is known of a plugin beside its metrics. */
export interface PluginFacts {
  readonly name: string
  readonly available?: boolean
  readonly active?: number
  /** Unix time, ms. */
  readonly lastExecutionAt?: number | undefined
  readonly consecutiveFailures?: number
}

/** What is known of a queue beside its metrics. */
export interface QueueFacts {
  readonly name: string
  readonly size?: number
  readonly active?: number
  /** s. */
  readonly oldestAge?: number | undefined
}
