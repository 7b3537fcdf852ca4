/** A histogram's cell: counts per bucket, one more than there are boundaries. */
export interface HistogramReading {
  readonly count: number
  readonly buckets: {
    /** Upper bounds, ascending, without `+Inf`. */
    readonly boundaries: readonly number[]
    readonly counts: readonly number[]
  }
}

/** One series of a metric, as its cell stands now. */
export interface SeriesReading {
  readonly attributes: Readonly<Record<string, unknown>>
  /** Of a counter or gauge; of a histogram, its cell. */
  readonly value: number | HistogramReading
}

/** Reads the cells of a metric by its OpenTelemetry name (`mcp.queue.size`), the same ones that `/metrics` shows. */
export type ReadSeries = (metric: string) => Iterable<SeriesReading>

/** What is known of a plugin beside its metrics; what `listPlugins()` of the plugin instrumentation returns fits. */
export interface PluginFacts {
  readonly name: string
  /** Whether it is available. */
  readonly up?: boolean
  /** Executions in progress. */
  readonly active?: number
  /** When the last execution ended. */
  readonly lastExecution?: Date
  /** Executions that have ended, by status; used when another SDK has the metrics. */
  readonly executions?: Readonly<Record<string, number>>
  /** Executions that ended as `error` or `timeout` since the last `success`. */
  readonly consecutiveFailures?: number
}

/** What is known of a queue beside its metrics; what `listQueues()` of the queue instrumentation returns fits. */
export interface QueueFacts {
  /** The plugin whose jobs wait there. */
  readonly plugin: string
  /** Jobs waiting. */
  readonly size?: number
  /** Jobs running. */
  readonly active?: number
  /** Of the job that has waited longest, s. */
  readonly oldestJobAge?: number
  /** Jobs that were processed or given up, by status; used when another SDK has the metrics. */
  readonly jobs?: Readonly<Record<string, number>>
}
