import { createHealth, telemetryCheck, type Health, type HealthOptions } from '@mcp/otel-health'
import { listPlugins } from '@mcp/otel-plugin-instrumentation'
import { listQueues } from '@mcp/otel-queue-instrumentation'
import { diag } from '@opentelemetry/api'

import { reasonOf } from '../diagnostics/diag-text.ts'
import type { ExportTally } from '../export/export-tally.ts'
import type { ServiceIdentity } from '../identity/create-resource.ts'
import type { StartOptions } from '../options.ts'

export interface StartHealthOptions {
  readonly service: ServiceIdentity
  readonly token: string | undefined
  /** How exports go; `undefined` when nothing is exported. */
  readonly tally: ExportTally | undefined
}

/** Starts the health of this process; options that are wrong are said, and left out. */
export function startHealth(given: StartOptions['health'] = {}, { service, token, tally }: StartHealthOptions): Health {
  const own: HealthOptions = {
    plugins: () => listPlugins(),
    queues: () => listQueues(),
    ...(service.version !== undefined && { version: service.version }),
    // Where a token is set, who does not bring it sees no details, from this machine neither.
    ...(token !== undefined && { token, details: 'never' }),
  }
  const health = create(own, given)
  if (tally !== undefined)
    health.check('telemetry', telemetryCheck({ exporters: () => tally.states() }), { critical: false })
  return health
}

function create(own: HealthOptions, given: HealthOptions): Health {
  try {
    return createHealth({ ...own, ...given })
  } catch (error) {
    diag.error(`options.health cannot be used: ${reasonOf(error)}; using the defaults`)
    return createHealth(own)
  }
}
