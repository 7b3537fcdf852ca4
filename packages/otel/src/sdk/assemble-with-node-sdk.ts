import { metrics, trace } from '@opentelemetry/api'
import type { ProxyTracerProvider } from '@opentelemetry/api'
import type { NodeSDKConfiguration } from '@opentelemetry/sdk-node'

import { withVariables } from '../export/with-variables.ts'
import { sdkPackages } from '../sdk-packages.ts'
import { createContextManager } from './context-manager.ts'
import type { ForeignSdk } from './foreign-sdk.ts'
import { createIdTracerProvider } from './id-tracer-provider.ts'
import { measuresItself } from './measures-itself.ts'
import type { Assembly, SdkParts } from './sdk-parts.ts'
import { withOwnSpans } from './with-own-spans.ts'

/** Hands the parts to `NodeSDK`, which puts the SDK together and registers it. */
export function assembleWithNodeSdk(parts: SdkParts, foreign: ForeignSdk): Assembly {
  const before = metrics.getMeterProvider()
  if (foreign.metrics) metrics.disable()
  withVariables(SETTLED, () => new sdkPackages.node.NodeSDK(configurationOf(parts, foreign)).start())
  const meterProvider = metrics.getMeterProvider()
  metrics.disable()
  if (foreign.metrics) metrics.setGlobalMeterProvider(before)
  if (!foreign.trace) {
    if (parts.spanProcessors.length === 0) trace.setGlobalTracerProvider(createIdTracerProvider(parts))
    // The SDK counts only spans of its own.
    else if (!measuresItself()) recordOwnSpans(parts)
  }
  return { meterProvider }
}

/** Puts tracers of our own before the provider that is registered, also for who got his tracer before. */
function recordOwnSpans(parts: SdkParts): void {
  const proxy = trace.getTracerProvider() as ProxyTracerProvider
  proxy.setDelegate(withOwnSpans(proxy.getDelegate(), parts))
}

/**
 * What NodeSDK must not read: the first is decided already, with the second it would replace our diagnostics by its own,
 * which write to stdout, and logs are exported only by the processors that it is given.
 */
const SETTLED = { OTEL_SDK_DISABLED: undefined, OTEL_LOG_LEVEL: undefined, OTEL_LOGS_EXPORTER: 'none' }

function configurationOf(parts: SdkParts, foreign: ForeignSdk): Partial<NodeSDKConfiguration> {
  const { contextManager, idGenerator, logRecordProcessors, propagator, resource, sampler, spanLimits } = parts
  const exportsLogs = !foreign.logs && logRecordProcessors.length > 0
  return {
    autoDetectResources: false,
    resource,
    sampler,
    spanLimits: { ...spanLimits },
    spanProcessors: foreign.trace ? [] : [...parts.spanProcessors],
    ...(exportsLogs && { logRecordProcessors: [...logRecordProcessors] }),
    metricReaders: [...parts.metricReaders],
    views: [...parts.views],
    textMapPropagator: foreign.propagation ? null : propagator,
    contextManager: foreign.context ? (null as never) : (contextManager ?? createContextManager()),
    ...(idGenerator && { idGenerator }),
  }
}
