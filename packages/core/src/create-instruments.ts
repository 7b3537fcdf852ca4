import { createNoopMeter, metrics } from '@opentelemetry/api'
import type { Attributes, Context, Meter, MeterProvider, MetricOptions, Observable } from '@opentelemetry/api'

import type { Catalogue, InstrumentSpec } from './catalogue.ts'
import type { Instruments } from './typed-instruments.ts'

/** Where the instruments of a catalogue belong. */
export interface InstrumentScope {
  /** Instrumentation scope, the package's name. */
  readonly scope: string
  /** Version of that package. */
  readonly version?: string
  /** Provider to use; default: the global one, also when it is registered only later. */
  readonly meterProvider?: MeterProvider
}

/** Creates typed instruments for a catalogue; they may be created, and used, before any SDK is registered. */
export function createInstruments<C extends Catalogue>(catalogue: C, scope: InstrumentScope): Instruments<C> {
  const meter = lazyMeter(scope)
  const entries = Object.entries(catalogue).map(([key, spec]) => [key, instrumentOf(spec, meter)])
  return Object.fromEntries(entries) as Instruments<C>
}

function lazyMeter({ scope, version, meterProvider }: InstrumentScope): () => Meter | undefined {
  let found: Meter | undefined
  return () => {
    if (found !== undefined) return found
    const meter = (meterProvider ?? metrics.getMeterProvider()).getMeter(scope, version)
    return meter === createNoopMeter() ? undefined : (found = meter)
  }
}

function instrumentOf(spec: InstrumentSpec, meter: () => Meter | undefined): unknown {
  const options: MetricOptions = {
    unit: spec.unit,
    description: spec.help,
    ...(spec.buckets && { advice: { explicitBucketBoundaries: [...spec.buckets] } }),
  }
  const create = `create${spec.kind.charAt(0).toUpperCase()}${spec.kind.slice(1)}` as 'createCounter'
  let delegate: unknown
  const resolve = <T>(): T | undefined => (delegate ??= meter()?.[create](spec.name, options)) as T | undefined
  type Adder = { add(value: number, attributes?: Attributes, context?: Context): void }
  type Recorder = { record(value: number, attributes?: Attributes, context?: Context): void }
  const add: Adder['add'] = (value, attributes, context) => resolve<Adder>()?.add(value, attributes, context)
  const record: Recorder['record'] = (value, attributes, context) =>
    resolve<Recorder>()?.record(value, attributes, context)
  return {
    add,
    record,
    bind: (attributes: Attributes) => ({
      add: (value: number, context?: Context) => add(value, attributes, context),
      record: (value: number, context?: Context) => record(value, attributes, context),
    }),
    zero: () => {},
    remove: () => {},
    observe: (callback: (observe: (value: number, attributes?: Attributes) => void) => void) => {
      const wrapped = (result: { observe(value: number, attributes?: Attributes): void }) =>
        callback((value, attributes) => result.observe(value, attributes))
      resolve<Observable>()?.addCallback(wrapped)
      return () => resolve<Observable>()?.removeCallback(wrapped)
    },
  }
}
