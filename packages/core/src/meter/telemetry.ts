import type { Meter } from '@opentelemetry/api'

import { ERROR_SCOPE } from '../error-instruments.ts'
import { telemetryInstruments } from '../telemetry-instruments.ts'
import { CATALOGUE } from './catalogue-option.ts'
import type { CatalogueMeterOptions } from './catalogue-option.ts'
import type { ScopeStores } from './series-producer.ts'

interface Reporting {
  readonly scopes: Iterable<ScopeStores>
  getMeter(name: string, version: string, options: CatalogueMeterOptions): Meter
}

/** Lets a provider report on its own series, as instruments of its own. */
export function observeTelemetry(provider: Reporting, version: string): void {
  const meter = provider.getMeter(ERROR_SCOPE, version, { [CATALOGUE]: telemetryInstruments })
  const series = meter.createObservableGauge(telemetryInstruments.series.name)
  const overflowed = meter.createObservableCounter(telemetryInstruments.overflowedRecords.name)
  const refused = meter.createObservableCounter(telemetryInstruments.refusedRecords.name)
  meter.addBatchObservableCallback(
    (result) => {
      for (const store of storesByName(provider)) {
        const instrument = store.name
        result.observe(series, store.series, { instrument })
        result.observe(overflowed, store.overflowed, { instrument })
        for (const [reason, count] of store.refused) result.observe(refused, count, { instrument, reason })
      }
    },
    [series, overflowed, refused],
  )
}

interface NameTotals {
  readonly name: string
  series: number
  overflowed: number
  readonly refused: Map<string, number>
}

/** Instruments of the same name in several scopes count together. */
function storesByName(provider: Reporting): Iterable<NameTotals> {
  const byName = new Map<string, NameTotals>()
  for (const { scope, stores } of provider.scopes) {
    for (const { spec, cells, overflowed, refusals } of stores) {
      if (scope.name === ERROR_SCOPE && spec.name.startsWith('mcp.telemetry.')) continue
      const totals = byName.get(spec.name) ?? {
        name: spec.name,
        series: 0,
        overflowed: 0,
        refused: new Map<string, number>(),
      }
      byName.set(spec.name, totals)
      totals.series += cells.live + (cells.overflow < 0 ? 0 : 1)
      totals.overflowed += overflowed
      for (const [reason, count] of refusals.counts)
        totals.refused.set(reason, (totals.refused.get(reason) ?? 0) + count)
    }
  }
  return byName.values()
}
