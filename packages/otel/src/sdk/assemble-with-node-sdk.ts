import { metrics, trace } from '@opentelemetry/api'
import type { ProxyTracerProvider } from '@opentelemetry/api'
import type { NodeSDKConfiguration } from '@opentelemetry/sdk-node'

import { withVariables } from '../export/with-variables.ts'
import { sdkPackages } from '../sdk-packages.ts'
import { createContextManager } from './context-manager.ts'
import { createEarlySampling } from './early-sampling.ts'
import type { EarlySampling } from './early-sampling.ts'
import type { ForeignSdk } from './foreign-sdk.ts'
import { createIdTracerProvider } from './id-tracer-provider.ts'
import type { Assembly, SdkParts } from './sdk-parts.ts'

/** Hands the parts to `NodeSDK`, which puts the SDK together and registers it. */
export function assembleWithNodeSdk(parts: SdkParts, foreign: ForeignSdk): Assembly {
  const before = metrics.getMeterProvider()
  const early = parts.spanProcessors.length === 0 ? undefined : createEarlySampling(parts)
  if (foreign.metrics) metrics.disable()
  withVariables(SETTLED, () => new sdkPackages.node.NodeSDK(configurationOf({ ...parts, ...early }, foreign)).start())
  const meterProvider = metrics.getMeterProvider()
  metrics.disable()
  if (foreign.metrics) metrics.setGlobalMeterProvider(before)
  if (!foreign.trace) {
    if (parts.spanProcessors.length === 0) trace.setGlobalTracerProvider(createIdTracerProvider(parts))
    else if (early !== undefined) sampleEarly(early)
  }
  return { meterProvider }
}

/** Puts the sampling before the provider that is registered, for tracers that were got before as well. */
function sampleEarly(early: EarlySampling): void {
  const proxy = trace.getTracerProvider() as ProxyTracerProvider
  proxy.setDelegate(early.before(proxy.getDelegate()))
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
