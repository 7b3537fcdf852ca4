import type { Attributes, Context, Meter, MetricOptions, Observable } from '@opentelemetry/api'

import type { InstrumentSpec } from '../catalogue.ts'
import type { Diversion } from './gate.ts'
import type { InstrumentStore } from './instrument-store.ts'
import { NO_ROW } from './label-tree.ts'
import { shown } from './label-values.ts'
import type { NoticeBoard } from './notices.ts'

/** An instrument of whatever SDK; only the methods of its kind are there. */
export interface ForeignInstrument extends Observable {
  add(value: number, attributes?: Attributes, context?: Context): void
  record(value: number, attributes?: Attributes, context?: Context): void
}

/** Creates the instrument of a spec at any meter. */
export function createForeignInstrument(meter: Meter, spec: InstrumentSpec): ForeignInstrument {
  const options: MetricOptions = {
    unit: spec.unit,
    description: spec.help,
    ...(spec.buckets && { advice: { explicitBucketBoundaries: [...spec.buckets] } }),
  }
  const create = `create${spec.kind.charAt(0).toUpperCase()}${spec.kind.slice(1)}` as 'createCounter'
  return meter[create](spec.name, options) as unknown as ForeignInstrument
}

/**
 * Sends records to another SDK's instrument: only valid ones, with the attributes of their series, so that our series
 * limit holds there too; and nothing that the SDK throws reaches the app.
 */
export function divertTo(
  foreign: ForeignInstrument,
  store: InstrumentStore,
  notices: NoticeBoard,
  keepsCells: boolean,
): Diversion {
  const adds = store.spec.kind === 'counter' || store.spec.kind === 'upDownCounter'
  return (value, attributes, context) => {
    if (!store.takes(value)) return true
    const known = store.knownRow(attributes)
    const row = known === NO_ROW ? store.rowFor(attributes) : known
    if (row === NO_ROW) return true
    try {
      const labels = store.cells.attributes[row] as Attributes
      if (adds) foreign.add(value, labels, context)
      else foreign.record(value, labels, context)
    } catch (error) {
      notices.warn(
        `foreign ${store.spec.name}`,
        `the registered SDK threw on a record of ${store.spec.name}: ${shown(error)}; the record is lost there`,
      )
    }
    return !keepsCells
  }
}
