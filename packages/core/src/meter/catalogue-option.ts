import type { MeterOptions } from '@opentelemetry/api'

import type { Catalogue } from '../catalogue.ts'

/** Key of the catalogue among a meter's options; other SDKs ignore it. */
export const CATALOGUE: unique symbol = Symbol.for('@mcp/otel.catalogue') as never

/** Options of `getMeter` that name the instruments which the meter is for. */
export interface CatalogueMeterOptions extends MeterOptions {
  readonly [CATALOGUE]?: Catalogue
}
