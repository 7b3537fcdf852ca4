import type { CatalogueMeterProvider, CollectionResult, Config } from '@mcp/otel-core'
import type { IMetricReader } from '@opentelemetry/sdk-metrics'

import { sdkPackages } from '../sdk-packages.ts'
import { producerFor } from './metric-readers.ts'

/** Without a scrape for so long the reader empties itself: what an SDK keeps for a reader that never reads has no bound. */
const DRAIN_MILLIS = 60_000

/** The reader behind /metrics. */
export interface PageReader {
  readonly reader: IMetricReader
  /** Collects everything as totals; rejects when it takes longer than `timeoutMillis`. */
  collect(timeoutMillis: number): Promise<CollectionResult>
}

/** Creates the reader that the page is rendered from. */
export function createPageReader(config: Config, meterProvider: CatalogueMeterProvider): PageReader {
  const { seriesLimit } = config.metrics
  class PrometheusPageReader extends sdkPackages.metrics.MetricReader {
    #wasRead = false
    readonly #drain = setInterval(() => {
      if (!this.#wasRead) void this.collect({ timeoutMillis: DRAIN_MILLIS }).catch(() => {})
      this.#wasRead = false
    }, DRAIN_MILLIS).unref()

    collectPage(timeoutMillis: number): ReturnType<typeof this.collect> {
      this.#wasRead = true
      return this.collect({ timeoutMillis })
    }

    protected override async onForceFlush(): Promise<void> {}

    protected override async onShutdown(): Promise<void> {
      clearInterval(this.#drain)
    }
  }
  const reader = new PrometheusPageReader({
    cardinalitySelector: () => seriesLimit,
    metricProducers: [producerFor(meterProvider)],
  })
  return {
    reader,
    collect: async (timeoutMillis) => reader.collectPage(timeoutMillis),
  }
}
