import { createRequire } from 'node:module'

import type * as AsyncHooks from '@opentelemetry/context-async-hooks'
import type * as Core from '@opentelemetry/core'
import type * as LogsGrpc from '@opentelemetry/exporter-logs-otlp-grpc'
import type * as MetricsGrpc from '@opentelemetry/exporter-metrics-otlp-grpc'
import type * as MetricsHttp from '@opentelemetry/exporter-metrics-otlp-http'
import type * as TraceGrpc from '@opentelemetry/exporter-trace-otlp-grpc'
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

/**
 * The SDK's packages, each loaded when it is first asked for: what is off costs no start-up. They are required, not
 * imported, because their CommonJS builds load in half the time, and so that one copy serves apps of either format.
 */
export const sdkPackages = {
  get asyncHooks(): typeof AsyncHooks {
    return require('@opentelemetry/context-async-hooks')
  },
  get b3(): typeof B3 {
    return require('@opentelemetry/propagator-b3')
  },
  get core(): typeof Core {
    return require('@opentelemetry/core')
  },
  get httpInstrumentation(): typeof HttpInstrumentation {
    return require('@opentelemetry/instrumentation-http')
  },
  get instrumentation(): typeof Instrumentation {
    return require('@opentelemetry/instrumentation')
  },
  get logs(): typeof Logs {
    return require('@opentelemetry/sdk-logs')
  },
  get logsGrpc(): typeof LogsGrpc {
    return require('@opentelemetry/exporter-logs-otlp-grpc')
  },
  get metrics(): typeof Metrics {
    return require('@opentelemetry/sdk-metrics')
  },
  get metricsGrpc(): typeof MetricsGrpc {
    return require('@opentelemetry/exporter-metrics-otlp-grpc')
  },
  get metricsHttp(): typeof MetricsHttp {
    return require('@opentelemetry/exporter-metrics-otlp-http')
  },
  get node(): typeof Node {
    return require('@opentelemetry/sdk-node')
  },
  get otlpBase(): typeof OtlpBase {
    return require('@opentelemetry/otlp-exporter-base')
  },
  get otlpHttp(): typeof OtlpHttp {
    return require('@opentelemetry/otlp-exporter-base/node-http')
  },
  get otlpTransformer(): typeof OtlpTransformer {
    return require('@opentelemetry/otlp-transformer')
  },
  get resources(): typeof Resources {
    return require('@opentelemetry/resources')
  },
  get trace(): typeof Trace {
    return require('@opentelemetry/sdk-trace')
  },
  get traceGrpc(): typeof TraceGrpc {
    return require('@opentelemetry/exporter-trace-otlp-grpc')
  },
  get undiciInstrumentation(): typeof UndiciInstrumentation {
    return require('@opentelemetry/instrumentation-undici')
  },
  get zipkin(): typeof Zipkin {
    return require('@opentelemetry/exporter-zipkin')
  },
}
