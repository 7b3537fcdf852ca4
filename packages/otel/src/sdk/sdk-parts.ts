import type { CatalogueMeterProvider, Config } from '@mcp/otel-core'
import type { ContextManager, MeterProvider, TextMapPropagator } from '@opentelemetry/api'
import type { Resource } from '@opentelemetry/resources'
import type { LogRecordLimits, LogRecordProcessor } from '@opentelemetry/sdk-logs'
import type { IMetricReader, ViewOptions } from '@opentelemetry/sdk-metrics'
import type { NodeSDKConfiguration } from '@opentelemetry/sdk-node'
import type { IdGenerator, Sampler, SpanLimits, SpanProcessor } from '@opentelemetry/sdk-trace'

import type { ExportObserver } from '../export/export-failure.ts'
import { withVariables } from '../export/with-variables.ts'
import { createResource } from '../identity/create-resource.ts'
import { sdkPackages } from '../sdk-packages.ts'
import { guardedLogRecordProcessor, guardedSpanProcessor } from './guarded-processors.ts'
import { createLogPipelines } from './logging-parts.ts'
import { createMetricPipelines, withCatalogued } from './metric-readers.ts'
import { oneServerSpan } from './one-server-span.ts'
import { createPageReader, type PageReader } from './page-reader.ts'
import type { Pipeline } from './pipeline.ts'
import { standardVariables } from './standard-variables.ts'
import { createPropagator, createSampler, createSpanPipelines, sampledShare } from './tracing-parts.ts'

/** Options of `NodeSDK` that `start()` takes as they are; what is given here replaces what the environment says. */
export type SdkOptions = Partial<
  Omit<NodeSDKConfiguration, 'autoDetectResources' | 'resourceDetectors' | 'serviceName' | 'instrumentations'>
>

/** Everything that an SDK is put together from. */
export interface SdkParts {
  readonly resource: Resource
  readonly contextManager: ContextManager | undefined
  readonly propagator: TextMapPropagator | null
  readonly sampler: Sampler
  /** Whether the sampler looks at nothing but the trace, as those of the configuration do. */
  readonly samplesByTrace: boolean
  /** The share of traces that begin here which it samples, where it does so by their ids alone. */
  readonly sampledShare: number | undefined
  /** Whether the sampler decides about a trace that did not begin here as was decided where it comes from. */
  readonly followsParent: boolean
  readonly spanLimits: SpanLimits
  readonly spanProcessors: readonly SpanProcessor[]
  readonly idGenerator: IdGenerator | undefined
  readonly logRecordProcessors: readonly LogRecordProcessor[]
  readonly logRecordLimits: LogRecordLimits
  readonly metricReaders: readonly IMetricReader[]
  readonly views: readonly ViewOptions[]
  readonly page: PageReader
  /** What exports spans and log records. */
  readonly recordPipelines: readonly Pipeline<Flushable>[]
  /** What exports metrics. */
  readonly metricPipelines: readonly Pipeline<Flushable>[]
}

/** A processor or reader, as far as its end is concerned. */
export interface Flushable {
  forceFlush(): Promise<void>
  shutdown(): Promise<void>
}

/** An SDK at work. */
export interface Assembly {
  /** Provider of the meters that are in no catalogue of ours. */
  readonly meterProvider: MeterProvider
}

/** The stock instrumentations of `node:http` and of `fetch` describe the same metric in different words. */
const ONE_HELP: readonly ViewOptions[] = [
  {
    meterName: '@opentelemetry/instrumentation-undici',
    instrumentName: 'http.client.request.duration',
    description: 'Duration of HTTP client requests.',
  },
]

/** Creates the parts: from the configuration, then with what the user gave in their place. */
export function createSdkParts(
  config: Config,
  given: SdkOptions,
  meterProvider: CatalogueMeterProvider,
  observer: ExportObserver,
): SdkParts {
  return withVariables(standardVariables(config, process.env), () => {
    const resource = createResource(config, given.resource)
    const spans = givenSpanProcessors(config, given) ?? createSpanPipelines(config, observer)
    const records = given.logRecordProcessors
      ? asPipelines(given.logRecordProcessors.map(guardedLogRecordProcessor))
      : createLogPipelines(config, observer)
    const readers = given.metricReaders
      ? asPipelines(given.metricReaders.map((reader) => withCatalogued(reader, meterProvider)))
      : createMetricPipelines(config, resource, meterProvider, observer)
    const page = createPageReader(config, meterProvider)
    return {
      resource,
      contextManager: given.contextManager,
      propagator: given.textMapPropagator === undefined ? createPropagator(config) : given.textMapPropagator,
      sampler: given.sampler ?? createSampler(config),
      samplesByTrace: given.sampler === undefined,
      sampledShare: given.sampler === undefined ? sampledShare(config) : undefined,
      followsParent: given.sampler === undefined && config.traces.sampler.startsWith('parentbased_'),
      spanLimits: { ...known(config.traces.limits), ...given.spanLimits },
      spanProcessors: spans.length === 0 ? [] : [oneServerSpan, ...processorsOf(spans)],
      idGenerator: given.idGenerator,
      logRecordProcessors: processorsOf(records),
      logRecordLimits: known(config.logs.limits),
      metricReaders: [page.reader, ...processorsOf(readers)],
      views: [...(given.views ?? []), ...ONE_HELP],
      page,
      recordPipelines: [...spans, ...records],
      metricPipelines: readers,
    }
  })
}

function givenSpanProcessors(config: Config, given: SdkOptions): Pipeline<SpanProcessor>[] | undefined {
  const { spanProcessors, traceExporter: exporter } = given
  if (spanProcessors !== undefined) return asPipelines(spanProcessors.map(guardedSpanProcessor))
  if (exporter === undefined) return undefined
  return asPipelines([new sdkPackages.trace.BatchSpanProcessor({ ...config.traces.batch, exporter })])
}

function asPipelines<P>(processors: readonly P[]): Pipeline<P>[] {
  return processors.map((processor) => ({ processor }))
}

function processorsOf<P>(pipelines: readonly Pipeline<P>[]): P[] {
  return pipelines.map(({ processor }) => processor)
}

type Known<T> = { [K in keyof T]?: Exclude<T[K], undefined> }

function known<T extends object>(values: T): Known<T> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Known<T>
}
