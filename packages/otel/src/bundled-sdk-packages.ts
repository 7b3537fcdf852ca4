import { createRequire } from 'node:module'

import * as asyncHooks from '@opentelemetry/context-async-hooks'
import * as core from '@opentelemetry/core'
import * as metricsHttp from '@opentelemetry/exporter-metrics-otlp-http'
import * as instrumentation from '@opentelemetry/instrumentation'
import * as httpInstrumentation from '@opentelemetry/instrumentation-http'
import * as undiciInstrumentation from '@opentelemetry/instrumentation-undici'
import * as otlpBase from '@opentelemetry/otlp-exporter-base'
import * as otlpHttp from '@opentelemetry/otlp-exporter-base/node-http'
import * as otlpTransformer from '@opentelemetry/otlp-transformer'
import * as resources from '@opentelemetry/resources'
import * as logs from '@opentelemetry/sdk-logs'
import * as metrics from '@opentelemetry/sdk-metrics'
import * as trace from '@opentelemetry/sdk-trace'

import type { SdkPackages } from './sdk-packages.ts'

const require = createRequire(import.meta.url)

/**
 * The SDK's packages as the one file of `register` has them: what most processes use is in that file, since to find and
 * read two hundred files takes longer than all else at the start. The rest is loaded when it is first asked for.
 */
export const sdkPackages: SdkPackages = {
  asyncHooks,
  core,
  httpInstrumentation,
  instrumentation,
  logs,
  metrics,
  metricsHttp,
  otlpBase,
  otlpHttp,
  otlpTransformer,
  resources,
  trace,
  undiciInstrumentation,
  get b3() {
    return require('@opentelemetry/propagator-b3')
  },
  get node() {
    return require('@opentelemetry/sdk-node')
  },
  get zipkin() {
    return require('@opentelemetry/exporter-zipkin')
  },
}
