import type { Meter, MeterProvider } from '@opentelemetry/api'

import { CATALOGUE } from './catalogue-option.ts'
import type { CatalogueMeterOptions } from './catalogue-option.ts'

export interface Routes {
  /** Gets the meters that are asked for with a catalogue. */
  readonly catalogued: MeterProvider
  /** Returns the provider of all other meters, each time one is asked for. */
  readonly others: () => MeterProvider
}

/** Returns a provider, to be registered globally, that sends catalogued meters one way and all others the other. */
export function routeMeters({ catalogued, others }: Routes): MeterProvider {
  return {
    getMeter(name: string, version?: string, options?: CatalogueMeterOptions): Meter {
      const isCatalogued = options?.[CATALOGUE] !== undefined
      return (isCatalogued ? catalogued : others()).getMeter(name, version, options)
    },
  }
}
