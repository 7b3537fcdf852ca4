import { context, logs, propagation, trace } from '@opentelemetry/api'
import type { TracerProvider } from '@opentelemetry/api'

import { sdkPackages } from '../sdk-packages.ts'
import { createContextManager } from './context-manager.ts'
import type { ForeignSdk } from './foreign-sdk.ts'
import { createIdTracerProvider } from './id-tracer-provider.ts'
import { measuresItself } from './measures-itself.ts'
import type { Assembly, SdkParts } from './sdk-parts.ts'
import { withOwnSpans } from './with-own-spans.ts'

/** Puts an SDK together and registers it, as `NodeSDK` would from the same parts, without loading what is not used. */
export function assembleDirectly(parts: SdkParts, foreign: ForeignSdk): Assembly {
  const { resource } = parts
  if (!foreign.context) {
    const manager = parts.contextManager ?? createContextManager()
    context.setGlobalContextManager(manager.enable())
  }
  if (!foreign.propagation && parts.propagator !== null) propagation.setGlobalPropagator(parts.propagator)
  const meterProvider = new sdkPackages.metrics.MeterProvider({
    resource,
    views: [...parts.views],
    readers: [...parts.metricReaders],
    sdkMetricsEnabled: measuresItself(),
  })
  if (!foreign.trace) {
    trace.setGlobalTracerProvider(
      parts.spanProcessors.length === 0 ? createIdTracerProvider(parts) : createRecordingProvider(parts),
    )
  }
  if (!foreign.logs && parts.logRecordProcessors.length > 0) {
    const { logRecordLimits, logRecordProcessors } = parts
    const provider = new sdkPackages.logs.LoggerProvider({
      resource,
      processors: [...logRecordProcessors],
      logRecordLimits,
    })
    logs.setGlobalLoggerProvider(provider)
  }
  return { meterProvider }
}

function createRecordingProvider(parts: SdkParts): TracerProvider {
  const { resource, spanProcessors, spanLimits, sampler, idGenerator } = parts
  const provider = new sdkPackages.trace.TracerProvider({
    resource,
    sampler,
    spanLimits,
    spanProcessors: [...spanProcessors],
    ...(idGenerator !== undefined && { idGenerator }),
  })
  return withOwnSpans(provider, parts)
}
