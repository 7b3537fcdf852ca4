import { createRequire } from 'node:module'

import { checkedVariables, createMeterProvider, listSettings, readConfig, settings } from '@mcp/otel-core'
import { context, diag, logs, metrics, propagation, trace } from '@opentelemetry/api'
import * as fc from 'fast-check'
import { afterEach, describe, expect, test } from 'vitest'

import { withVariables } from '../src/export/with-variables.ts'
import { createResource } from '../src/identity/create-resource.ts'
import { sdkPackages } from '../src/sdk-packages.ts'
import { assembleDirectly } from '../src/sdk/assemble-directly.ts'
import { assembleWithNodeSdk } from '../src/sdk/assemble-with-node-sdk.ts'
import { oneServerSpan } from '../src/sdk/one-server-span.ts'
import { createSdkParts } from '../src/sdk/sdk-parts.ts'

type Fields = Readonly<Record<string, unknown>>

/** What the SDK that is registered now has made of the environment. */
function registered(readers: readonly unknown[]) {
  const provider = (trace.getTracerProvider() as unknown as { getDelegate(): Fields }).getDelegate()
  const options = provider['_tracerOptions'] as Fields | undefined
  const processors = (provider['_activeSpanProcessor'] as { _spanProcessors: Fields[] } | undefined)?._spanProcessors
  const logState = (logs.getLoggerProvider() as unknown as { _sharedState?: Fields })._sharedState
  return {
    sampler: options === undefined ? undefined : String(options['sampler']),
    spanLimits: options?.['spanLimits'],
    // One of ours exports nothing.
    spanProcessors: processors?.filter((processor) => (processor as object) !== oneServerSpan).map(batchOf),
    propagation: propagation.fields(),
    logProcessors: (logState?.['registeredLogRecordProcessors'] as Fields[] | undefined)?.map(batchOf),
    logLimits: logState?.['logRecordLimits'],
    readers: readers.map((reader) => readerOf(reader as Fields)),
  }
}

/** The stock processor keeps its limits in fields of its own, ours shows them. */
function batchOf(processor: Fields) {
  if ('limits' in processor) return { kind: 'batch', limits: processor['limits'], exporter: 'OTLP' }
  const kind = (processor as object).constructor.name.replace(/^Batch.*/, 'batch')
  const limits = {
    maxQueueSize: processor['_maxQueueSize'],
    maxExportBatchSize: processor['_maxExportBatchSize'],
    scheduledDelayMillis: processor['_scheduledDelayMillis'],
    exportTimeoutMillis: processor['_exportTimeoutMillis'],
  }
  return { kind, limits, ...exporterOf(processor['_exporter'] as Fields) }
}

function readerOf(reader: Fields) {
  const { _exportInterval, _exportTimeout } = reader
  const exporter = reader['_exporter'] as Fields & { selectAggregationTemporality?(type: string): number }
  const temporality = ['COUNTER', 'UP_DOWN_COUNTER', 'HISTOGRAM', 'OBSERVABLE_COUNTER'].map((type) =>
    exporter.selectAggregationTemporality?.(type),
  )
  return { _exportInterval, _exportTimeout, temporality, ...exporterOf(exporter) }
}

/** Where an exporter sends: the stock one has it in its transport, ours is asked for what it reads from the same code. */
function exporterOf(exporter: Fields) {
  return {
    exporter: (exporter as object).constructor.name.replace(/^OTLP(?:Trace|Log|Metric)?Exporter(?:Base)?$/, 'OTLP'),
  }
}

function unregister(): void {
  for (const api of [trace, metrics, logs, propagation, context, diag]) api.disable()
}

afterEach(unregister)

const VARIABLES: readonly Record<string, string>[] = [
  {},
  { OTEL_TRACES_SAMPLER: 'always_on' },
  { OTEL_TRACES_SAMPLER: 'always_off' },
  { OTEL_TRACES_SAMPLER: 'parentbased_always_off' },
  { OTEL_TRACES_SAMPLER: 'traceidratio', OTEL_TRACES_SAMPLER_ARG: '0.25' },
  { OTEL_TRACES_SAMPLER: 'parentbased_traceidratio', OTEL_TRACES_SAMPLER_ARG: '0.5' },
  { OTEL_TRACES_SAMPLER: 'parentbased_traceidratio' },
  { OTEL_TRACES_SAMPLER: 'traceidratio', OTEL_TRACES_SAMPLER_ARG: '7' },
  { OTEL_TRACES_SAMPLER: 'sometimes' },
  { OTEL_PROPAGATORS: 'b3' },
  { OTEL_PROPAGATORS: 'b3multi,tracecontext' },
  { OTEL_PROPAGATORS: 'none' },
  { OTEL_PROPAGATORS: 'tracecontext,jaeger' },
  { OTEL_BSP_MAX_QUEUE_SIZE: '100', OTEL_BSP_MAX_EXPORT_BATCH_SIZE: '10' },
  { OTEL_BSP_SCHEDULE_DELAY: '200', OTEL_BSP_EXPORT_TIMEOUT: '300' },
  { OTEL_BSP_MAX_QUEUE_SIZE: '-1', OTEL_BSP_SCHEDULE_DELAY: 'soon' },
  { OTEL_BLRP_MAX_QUEUE_SIZE: '100', OTEL_BLRP_MAX_EXPORT_BATCH_SIZE: '10' },
  { OTEL_BLRP_SCHEDULE_DELAY: '200', OTEL_BLRP_EXPORT_TIMEOUT: '300' },
  { OTEL_METRIC_EXPORT_INTERVAL: '2000', OTEL_METRIC_EXPORT_TIMEOUT: '1000' },
  { OTEL_METRIC_EXPORT_INTERVAL: '2000' },
  { OTEL_METRIC_EXPORT_INTERVAL: '2000', OTEL_METRIC_EXPORT_TIMEOUT: '3000' },
  { OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE: 'delta' },
  { OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE: 'lowmemory' },
  { OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE: 'neither' },
  { OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT: '5', OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT: '50' },
  { OTEL_ATTRIBUTE_COUNT_LIMIT: '6', OTEL_SPAN_EVENT_COUNT_LIMIT: '7', OTEL_SPAN_LINK_COUNT_LIMIT: '8' },
  { OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT: '9', OTEL_LINK_ATTRIBUTE_COUNT_LIMIT: '10' },
  { OTEL_LOGRECORD_ATTRIBUTE_COUNT_LIMIT: '11', OTEL_LOGRECORD_ATTRIBUTE_VALUE_LENGTH_LIMIT: '12' },
  { OTEL_TRACES_EXPORTER: 'otlp,console' },
  { OTEL_TRACES_EXPORTER: 'console' },
  { OTEL_TRACES_EXPORTER: 'zipkin' },
  { OTEL_LOGS_EXPORTER: 'console,otlp' },
  { OTEL_METRICS_EXPORTER: 'otlp,console', OTEL_METRIC_EXPORT_INTERVAL: '60000' },
]

const nameOf = (env: Record<string, string>) =>
  Object.entries(env)
    .map(([name, value]) => `${name}=${value}`)
    .join(' ') || 'no variable'

/** All three signals on, as NodeSDK has them when nothing is said. */
const EXPORTING = { OTEL_TRACES_EXPORTER: 'otlp', OTEL_METRICS_EXPORTER: 'otlp', OTEL_LOGS_EXPORTER: 'otlp' }

describe.each(VARIABLES.map((env) => [nameOf(env), env] as const))('%s', (_name, variables) => {
  const env = { ...EXPORTING, ...variables }

  function stock() {
    return withVariables(env, () => {
      const sdk = new sdkPackages.node.NodeSDK({ autoDetectResources: false })
      sdk.start()
      const { _meterProviderConfig } = sdk as unknown as { _meterProviderConfig: { readers: unknown[] } }
      return registered(_meterProviderConfig.readers)
    })
  }

  test.each([
    ['the register entry', assembleDirectly],
    ['start()', assembleWithNodeSdk],
  ])('means to %s what it means to NodeSDK by itself', (_how, assemble) => {
    const expected = stock()
    unregister()
    const ours = withVariables(env, () => {
      const { config } = readConfig({ env: process.env })
      const observer = { succeeded() {}, failed() {}, lost() {} }
      const parts = createSdkParts(config, {}, createMeterProvider(), observer)
      assemble(parts, {})
      return registered(parts.metricReaders.slice(1))
    })
    expect(ours).toEqual(expected)
  })
})

describe('who the process is', () => {
  test.each([
    { OTEL_SERVICE_NAME: 'by-name' },
    { OTEL_RESOURCE_ATTRIBUTES: 'service.name=by-attribute,deployment.environment.name=a%20b' },
    { OTEL_SERVICE_NAME: 'by-name', OTEL_RESOURCE_ATTRIBUTES: 'service.name=by-attribute,service.instance.id=7' },
  ])('%o is in the resource as NodeSDK has it', (env) => {
    const [stock, ours] = withVariables(env, () => {
      const { envDetector } = sdkPackages.resources
      const sdk = new sdkPackages.node.NodeSDK({
        resourceDetectors: [envDetector],
        spanProcessors: [],
        metricReaders: [],
      })
      sdk.start()
      const { _resource } = sdk as unknown as { _resource: { attributes: Record<string, unknown> } }
      return [_resource.attributes, createResource(readConfig({ env: process.env }).config).attributes]
    })
    expect(ours).toMatchObject(stock)
  })
})

describe('whatever the variables are', () => {
  const names = [
    ...listSettings(settings).flatMap(({ setting }) => setting.env),
    ...checkedVariables.map(({ name }) => name),
  ].filter((name) => name.startsWith('OTEL_'))
  const words = [
    'grpc',
    'otlp',
    'none',
    'console',
    'delta',
    'true',
    '-1',
    '0',
    '1e3',
    'http://x:1',
    'x:1',
    '%zz',
    'a=b',
    '=',
    ',',
  ]
  const anyEnv = fc.dictionary(
    fc.constantFrom(...names),
    fc.oneof(fc.constantFrom(...words), fc.string({ unit: 'grapheme-ascii' })),
    { maxKeys: 8 },
  )

  test.each([
    ['directly', assembleDirectly],
    ['with NodeSDK', assembleWithNodeSdk],
  ])('an SDK is put together %s', (_how, assemble) => {
    const property = fc.property(anyEnv, (env) => {
      withVariables(env, () => {
        const { config } = readConfig({ env: process.env })
        const parts = createSdkParts(config, {}, createMeterProvider(), { succeeded() {}, failed() {}, lost() {} })
        assemble(parts, {})
        for (const reader of parts.metricReaders) void reader.shutdown().catch(() => {})
        unregister()
      })
    })
    expect(() => fc.assert(property, { numRuns: 60 })).not.toThrow()
  })
})

describe('where OTLP goes by HTTP', () => {
  const require = createRequire(import.meta.url)

  test.each([
    {},
    { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318/base' },
    { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318/', OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'https://other/x' },
    { OTEL_EXPORTER_OTLP_HEADERS: 'key=a%20b,k2=v', OTEL_EXPORTER_OTLP_TRACES_HEADERS: 'key=c' },
    { OTEL_EXPORTER_OTLP_TIMEOUT: '1234', OTEL_EXPORTER_OTLP_COMPRESSION: 'gzip' },
    { OTEL_EXPORTER_OTLP_TRACES_TIMEOUT: '99', OTEL_EXPORTER_OTLP_TRACES_COMPRESSION: 'none' },
  ])('%o says to us what it says to the stock exporter', async (env) => {
    const { otlpTarget } = await import('../src/export/otlp-target.ts')
    const { OTLPTraceExporter } = require('@opentelemetry/exporter-trace-otlp-proto') as {
      OTLPTraceExporter: new () => {
        _delegate: { _timeout: number; _transport: { _transport: { _parameters: Fields } } }
      }
    }
    const [stock, ours] = withVariables(
      env,
      () => [new OTLPTraceExporter()._delegate, otlpTarget('traces', 'x')] as const,
    )
    const { url, compression, headers } = stock._transport._transport._parameters as {
      url: string
      compression: string
      headers: () => Promise<Record<string, string>>
    }
    const expected = { ...(await headers()), 'Content-Type': 'x', 'User-Agent': expect.stringMatching(/^mcp-otel\//) }
    expect(ours.url).toBe(url)
    expect(ours.compression).toBe(compression)
    expect(ours.timeoutMillis).toBe(stock._timeout)
    expect(ours.headers).toEqual(expected)
  })
})
