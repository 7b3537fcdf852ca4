import { processMeters } from '@mcp/otel-core'
import type { CatalogueMeterProvider } from '@mcp/otel-core'
import { diag } from '@opentelemetry/api'
import type { MeterProvider } from '@opentelemetry/api'

import type { TotalsSources } from './component-totals.ts'
import type { HealthOptions } from './health-options.ts'
import type { ReadSeries } from './read-series.ts'
import { scrubError } from './scrub.ts'

/** Returns where figures come from; what a source of the application's throws is said once, and counts as nothing known. */
export function createSources(
  options: Pick<HealthOptions, 'read' | 'plugins' | 'queues' | 'meterProvider'>,
): TotalsSources {
  const said = new Set<string>()
  const guarded = <A extends unknown[], T>(name: string, read: (...args: A) => Iterable<T>) => {
    return (...args: A): T[] => {
      try {
        return [...read(...args)]
      } catch (error) {
        if (!said.has(name)) {
          said.add(name)
          diag.warn(
            `[mcp-otel] health option ${name} threw: ${scrubError(error)}; what it tells is left out of /health`,
          )
        }
        return []
      }
    }
  }
  return {
    read: guarded('read', options.read ?? readerOf(options.meterProvider)),
    plugins: guarded('plugins', options.plugins ?? nothing),
    queues: guarded('queues', options.queues ?? nothing),
  }
}

/** The cells are those of the given provider, if it is ours, else those of the process. */
function readerOf(meterProvider: MeterProvider | undefined): ReadSeries {
  if (meterProvider === undefined) return (metric) => processMeters().provider.readSeries(metric)
  if (!('readSeries' in meterProvider)) return nothing
  const provider = meterProvider as CatalogueMeterProvider
  return (metric) => provider.readSeries(metric)
}

function nothing(): [] {
  return []
}
