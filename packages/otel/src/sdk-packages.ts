import { createRequire } from 'node:module'

import type * as AsyncHooks from '@opentelemetry/context-async-hooks'
import type * as Core from '@opentelemetry/core'
import type * as MetricsHttp from '@opentelemetry/exporter-metrics-otlp-http'
import type * as Zipkin from '@opentelemetry/exporter-zipkin'
import type * as Instrumentation from '@opentelemetry/instrumentation'
import type * as HttpInstrumentation from '@opentelemetry/instrumentation-http'
import type * as UndiciInstrumentation from '@opentelemetry/instrumentation-undici'
import type * as OtlpBase from '@opentelemetry/otlp-exporter-base'
import type * as OtlpHttp from '@opentelemetry/otlp-exporter-base/node-http'
import type * as OtlpTransformer from '@opentelemetry/otlp-transformer'
import type * as B3 from '@opentelemetry/propagator-b3'
import type * as Resources from '@opentelemetry/resources'
import type * as Logs from '@opentelemetry/sdk-logs'
import type * as Metrics from '@opentelemetry/sdk-metrics'
import type * as Node from '@opentelemetry/sdk-node'
import type * as Trace from '@opentelemetry/sdk-trace'

const require = createRequire(import.meta.url)

/** The packages of the OpenTelemetry SDK that are used, as far as they are. */
export interface SdkPackages {
  readonly asyncHooks: typeof AsyncHooks
  readonly b3: typeof B3
  readonly core: typeof Core
  readonly httpInstrumentation: typeof HttpInstrumentation
  readonly instrumentation: typeof Instrumentation
  readonly logs: typeof Logs
  readonly metrics: typeof Metrics
  readonly metricsHttp: typeof MetricsHttp
  readonly node: typeof Node
  readonly otlpBase: typeof OtlpBase
  readonly otlpHttp: typeof OtlpHttp
  readonly otlpTransformer: typeof OtlpTransformer
  readonly resources: typeof Resources
  readonly trace: typeof Trace
  readonly undiciInstrumentation: typeof UndiciInstrumentation
  readonly zipkin: typeof Zipkin
}

const SPECIFIERS: Readonly<Record<keyof SdkPackages, string>> = {
  asyncHooks: '@opentelemetry/context-async-hooks',
  b3: '@opentelemetry/propagator-b3',
  core: '@opentelemetry/core',
  httpInstrumentation: '@opentelemetry/instrumentation-http',
  instrumentation: '@opentelemetry/instrumentation',
  logs: '@opentelemetry/sdk-logs',
  metrics: '@opentelemetry/sdk-metrics',
  metricsHttp: '@opentelemetry/exporter-metrics-otlp-http',
  node: '@opentelemetry/sdk-node',
  otlpBase: '@opentelemetry/otlp-exporter-base',
  otlpHttp: '@opentelemetry/otlp-exporter-base/node-http',
  otlpTransformer: '@opentelemetry/otlp-transformer',
  resources: '@opentelemetry/resources',
  trace: '@opentelemetry/sdk-trace',
  undiciInstrumentation: '@opentelemetry/instrumentation-undici',
  zipkin: '@opentelemetry/exporter-zipkin',
}

/**
 * The SDK's packages, each loaded when it is first asked for: what is off costs no start-up. They are required, not
 * imported, because their CommonJS builds load in half the time, and so that one copy serves apps of either format.
 */
export const sdkPackages: SdkPackages = Object.defineProperties(
  {} as SdkPackages,
  Object.fromEntries(
    Object.entries(SPECIFIERS).map(([name, specifier]) => [
      name,
      { configurable: true, get: loadOnce(name, specifier) },
    ]),
  ),
)

/** A module that has been loaded takes the place of its getter: looking it up again costs as much as a small span. */
function loadOnce(name: string, specifier: string): () => unknown {
  return () => {
    const loaded: unknown = require(specifier)
    Object.defineProperty(sdkPackages, name, { value: loaded })
    return loaded
  }
}
