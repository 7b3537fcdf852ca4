import type { ConfigOptions } from '@mcp/otel-core'
import type { HealthOptions } from '@mcp/otel-health'
import type { HttpServerInstrumentationConfig } from '@mcp/otel-http-instrumentation'
import type { RedactOptions } from '@mcp/otel-logging'
import type { Instrumentation } from '@opentelemetry/instrumentation'

import type { SdkOptions } from './sdk/sdk-parts.ts'

/** Options of `start()`: settings, which beat the environment, and parts that only code can give. */
export interface StartOptions extends Omit<ConfigOptions, 'http' | 'mcp'> {
  /** Settings of HTTP, and what `HttpServerInstrumentation` takes beside them. */
  readonly http?: ConfigOptions['http'] & Pick<HttpServerInstrumentationConfig, (typeof HTTP_CODE_OPTIONS)[number]>
  /** Settings of the Model Context Protocol; `redact` says what else is a secret where contents are captured. */
  readonly mcp?: ConfigOptions['mcp'] & { readonly redact?: RedactOptions }
  /** Checks and thresholds of /health. */
  readonly health?: Omit<HealthOptions, 'token' | 'read' | 'meterProvider' | 'tracerProvider'>
  /** Further instrumentations; one of the same name as one of ours takes its place. */
  readonly instrumentations?: readonly (Instrumentation | Instrumentation[])[]
  /** Options of `NodeSDK`, as they are: what is given here replaces what the environment says. */
  readonly sdk?: SdkOptions
}

/** Options of HTTP that are no settings. */
export const HTTP_CODE_OPTIONS = ['route', 'captureQuery', 'redactQuery', 'onRequest'] as const

/** Names among the options that are no settings. */
export const CODE_OPTIONS: readonly string[] = [
  'health',
  'instrumentations',
  'sdk',
  'mcp.redact',
  ...HTTP_CODE_OPTIONS.map((name) => `http.${name}`),
]
