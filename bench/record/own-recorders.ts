import {
  createEventRecorder,
  createInstruments,
  createMetricsHandler,
  processMeters,
  REQUEST_BUCKETS,
} from '@mcp/otel-core'
import type { BoundAdder, BoundRecorder, Catalogue } from '@mcp/otel-core'

import type { Labels } from './label-sets.ts'
import { collectingResponse } from './page.ts'
import { asTheyAre } from './recorder.ts'
import type { Recorder } from './recorder.ts'

const catalogue = {
  requests: {
    kind: 'counter',
    name: 'mcp.requests',
    unit: '{request}',
    help: 'Total number of requests',
    attributes: { method: 'string', endpoint: 'string', status: 'string' },
  },
  duration: {
    kind: 'histogram',
    name: 'mcp.request.duration',
    unit: 's',
    help: 'Request duration in seconds',
    attributes: { method: 'string', endpoint: 'string' },
    buckets: [...REQUEST_BUCKETS],
  },
} as const satisfies Catalogue

/** Our instruments as an app has them that runs under the distro. */
export function ownRecorder(seriesLimit: number): Recorder<Labels> {
  const { provider } = processMeters()
  provider.seriesLimit = seriesLimit
  processMeters().setMode('own')
  const { requests, duration } = createInstruments(catalogue, { scope: 'bench' })
  const producer = provider.producer()
  const handler = createMetricsHandler({ collect: (timeoutMillis) => producer.collect({ timeoutMillis }) })
  return {
    prepare: asTheyAre,
    record({ method, endpoint, status }, seconds) {
      requests.add(1, { method, endpoint, status })
      duration.record(seconds, { method, endpoint })
    },
    count({ method, endpoint, status }) {
      requests.add(1, { method, endpoint, status })
    },
    async scrape() {
      const response = collectingResponse()
      await handler({ method: 'GET', headers: {} }, response)
      return response.page
    },
  }
}

/** The same, both recorded in one go. */
export function ownEventRecorder(seriesLimit: number): Recorder<Labels> {
  const { count, scrape } = ownRecorder(seriesLimit)
  const { requests, duration } = createInstruments(catalogue, { scope: 'bench' })
  const record = createEventRecorder(requests, duration)
  return {
    count,
    scrape,
    prepare: asTheyAre,
    record({ method, endpoint, status }, seconds) {
      record(seconds, { method, endpoint, status })
    },
  }
}

interface Bound {
  readonly requests: BoundAdder
  readonly duration: BoundRecorder
}

/** The same, each series found once and kept. */
export function ownBoundRecorder(seriesLimit: number): Recorder<Bound> {
  const { count, scrape } = ownRecorder(seriesLimit)
  const { requests, duration } = createInstruments(catalogue, { scope: 'bench' })
  return {
    count,
    scrape,
    prepare: ({ method, endpoint, status }) => ({
      requests: requests.bind({ method, endpoint, status }),
      duration: duration.bind({ method, endpoint }),
    }),
    record(bound, seconds) {
      bound.requests.add(1)
      bound.duration.record(seconds)
    },
  }
}
