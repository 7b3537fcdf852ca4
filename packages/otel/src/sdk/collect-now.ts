import type { Attributes, HrTime } from '@opentelemetry/api'
import type { MetricData, ScopeMetrics } from '@opentelemetry/sdk-metrics'

/** What the SDK keeps of its own behind a reader, as far as it is read here. */
interface BoundReader {
  readonly _sdkMetricProducer?: {
    readonly _sharedState: { readonly meterSharedStates: ReadonlyMap<string, MeterState> }
  }
}

interface MeterState {
  readonly _instrumentationScope: ScopeMetrics['scope']
  readonly metricStorageRegistry: { getStorages(collector: unknown): readonly Storage[] }
  readonly observableRegistry: {
    readonly _callbacks: readonly { readonly callback: Callback; readonly instrument: Observable }[]
    readonly _batchCallbacks: readonly { readonly callback: Callback; readonly instruments: Iterable<Observable> }[]
  }
}

interface Storage {
  collect(collector: unknown, time: HrTime): MetricData | undefined
}

interface Observable {
  readonly _metricStorages: readonly { record(measurements: Measurements, time: HrTime): void }[]
}

type Measurements = ReadonlyMap<Attributes, number>
type Callback = (result: object) => unknown

/**
 * Collects at once what the SDK has for a reader, for when nothing asynchronous runs any more; observables that cannot
 * answer at once are left out. The SDK offers no other way than its own fields, so an SDK that has others gives nothing.
 */
export function collectNow(reader: object, time: HrTime): ScopeMetrics[] {
  const collector = (reader as BoundReader)._sdkMetricProducer
  const meters = collector?._sharedState?.meterSharedStates
  if (meters === undefined) return []
  return [...meters.values()].flatMap((meter) => {
    observeNow(meter, time)
    const collected = meter.metricStorageRegistry.getStorages(collector).map((it) => it.collect(collector, time))
    const metrics = collected.filter((data) => data !== undefined && data !== null)
    return metrics.length === 0 ? [] : [{ scope: meter._instrumentationScope, metrics }]
  })
}

function observeNow({ observableRegistry: { _callbacks, _batchCallbacks } }: MeterState, time: HrTime): void {
  for (const { callback, instrument } of _callbacks) {
    const seen = new Map<Attributes, number>()
    const observe = (value: number, attributes: Attributes = {}): void => void seen.set(attributes, value)
    if (answersAtOnce(callback, { observe })) record(instrument, seen, time)
  }
  for (const { callback } of _batchCallbacks) {
    const seen = new Map<Observable, Map<Attributes, number>>()
    const observe = (instrument: Observable, value: number, attributes: Attributes = {}): void => {
      const values = seen.get(instrument) ?? new Map<Attributes, number>()
      seen.set(instrument, values.set(attributes, value))
    }
    if (!answersAtOnce(callback, { observe })) continue
    for (const [instrument, values] of seen) record(instrument, values, time)
  }
}

function answersAtOnce(callback: Callback, result: object): boolean {
  try {
    const answer = callback(result)
    return typeof (answer as { then?: unknown } | undefined)?.then !== 'function'
  } catch {
    return false
  }
}

function record({ _metricStorages: storages }: Observable, seen: Measurements, time: HrTime): void {
  for (const storage of storages) storage.record(seen, time)
}
