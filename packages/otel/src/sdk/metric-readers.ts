import type { CatalogueMeterProvider, Config, SeriesProducer } from '@mcp/otel-core'
import type { Resource } from '@opentelemetry/resources'
import type {
  IMetricReader,
  InstrumentType,
  MetricProducer,
  PushMetricExporter,
  ResourceMetrics,
} from '@opentelemetry/sdk-metrics'

import type { ExportObserver } from '../export/export-failure.ts'
import { createOtlpMetricExport, type Exporting, type MetricExport } from '../export/otlp-exporters.ts'
import { sdkPackages } from '../sdk-packages.ts'
import { collectNow } from './collect-now.ts'
import type { Pipeline } from './pipeline.ts'

/** Creates a reader for each exporter of metrics that the configuration names; `mcp_*` come to each. */
export function createMetricPipelines(
  config: Config,
  resource: Resource,
  meterProvider: CatalogueMeterProvider,
  observer: ExportObserver,
): Pipeline<IMetricReader>[] {
  const names = config.metrics.exporters.filter((name) => name !== 'prometheus')
  return names.map((name) => {
    const { exporter, exporting } =
      name === 'console' ? createConsoleMetricExport() : createOtlpMetricExport(config, observer)
    const producer = producerFor(meterProvider, temporalityOf(exporter))
    const processor = periodicReader(exporter, producer, config)
    const remaining = () => {
      const { scopeMetrics } = producer.collectNow().resourceMetrics
      return { resource, scopeMetrics: [...collectNow(processor, sdkPackages.core.hrTime()), ...scopeMetrics] }
    }
    return { processor, exporting: exporting(remaining) }
  })
}

/** What prints does so at once, and has nothing for a sender that outlives it. */
function createConsoleMetricExport(): MetricExport {
  const exporter = new sdkPackages.metrics.ConsoleMetricExporter()
  const exporting = (remaining: () => ResourceMetrics): Exporting => ({
    forceFlush: async () => {},
    hurry() {},
    lastRequests() {
      exporter.export(remaining(), () => {})
      return []
    },
  })
  return { exporter, exporting }
}

type SelectTemporality = (instrumentType: InstrumentType) => number

function temporalityOf(exporter: PushMetricExporter): SelectTemporality | undefined {
  return exporter.selectAggregationTemporality?.bind(exporter)
}

function periodicReader(
  exporter: PushMetricExporter,
  producer: MetricProducer,
  { metrics: { exportIntervalMillis, exportTimeoutMillis, seriesLimit } }: Config,
): IMetricReader {
  return new sdkPackages.metrics.PeriodicExportingMetricReader({
    exporter,
    exportIntervalMillis,
    exportTimeoutMillis: Math.min(exportTimeoutMillis, exportIntervalMillis),
    metricProducers: [producer],
    cardinalityLimits: { default: seriesLimit },
  })
}

/** Returns a producer of `mcp_*` for one reader, with that reader's choice of totals or differences. */
export function producerFor(
  meterProvider: CatalogueMeterProvider,
  select?: SelectTemporality,
): MetricProducer & SeriesProducer {
  return meterProvider.producer(select)
}

/** Returns the user's own reader with `mcp_*` added to what the SDK hands to it. */
export function withCatalogued(reader: IMetricReader, meterProvider: CatalogueMeterProvider): IMetricReader {
  const ours = producerFor(meterProvider, (type) => reader.selectAggregationTemporality(type))
  return {
    setMetricProducer: (theirs) => reader.setMetricProducer(joined(theirs, ours)),
    selectAggregation: (type) => reader.selectAggregation(type),
    selectAggregationTemporality: (type) => reader.selectAggregationTemporality(type),
    selectCardinalityLimit: (type) => reader.selectCardinalityLimit(type),
    collect: (options) => reader.collect(options),
    forceFlush: (options) => reader.forceFlush(options),
    shutdown: (options) => reader.shutdown(options),
  }
}

function joined(sdk: MetricProducer, ours: MetricProducer): MetricProducer {
  return {
    async collect(options) {
      const [first, second] = await Promise.all([sdk.collect(options), ours.collect(options)])
      const { resource, scopeMetrics } = first.resourceMetrics
      return {
        resourceMetrics: { resource, scopeMetrics: [...scopeMetrics, ...second.resourceMetrics.scopeMetrics] },
        errors: [...first.errors, ...second.errors],
      }
    },
  }
}
