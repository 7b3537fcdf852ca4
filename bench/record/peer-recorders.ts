import type { ServerResponse } from 'node:http'

import { REQUEST_BUCKETS } from '@mcp/otel-core'
import { PrometheusExporter } from '@opentelemetry/exporter-prometheus'
import { MeterProvider } from '@opentelemetry/sdk-metrics'
import type * as promClientTypes from 'prom-client'

import type { Labels } from './label-sets.ts'
import { asTheyAre } from './recorder.ts'
import type { Page, Recorder } from './recorder.ts'

/** What prom-client and the library that it goes on as have in common. */
export type PromClient = Pick<typeof promClientTypes, 'Counter' | 'Histogram' | 'Registry'>

const buckets = [...REQUEST_BUCKETS]

function promMetrics({ Counter, Histogram, Registry }: PromClient) {
  const registry = new Registry()
  const registers = [registry]
  const help = 'Total number of requests'
  const requests = new Counter({
    name: 'requests_total',
    help,
    labelNames: ['method', 'endpoint', 'status'],
    registers,
  })
  const duration = new Histogram({
    name: 'request_duration_seconds',
    help: 'Request duration in seconds',
    labelNames: ['method', 'endpoint'],
    buckets,
    registers,
  })
  const count = ({ method, endpoint, status }: Labels): void => requests.inc({ method, endpoint, status }, 1)
  return { requests, duration, count, scrape: async (): Promise<Page> => [Buffer.from(await registry.metrics())] }
}

/** prom-client, and the library that it goes on as. */
export function promClientRecorder(library: PromClient): Recorder<Labels> {
  const { requests, duration, count, scrape } = promMetrics(library)
  return {
    count,
    scrape,
    prepare: asTheyAre,
    record({ method, endpoint, status }, seconds) {
      requests.inc({ method, endpoint, status }, 1)
      duration.observe({ method, endpoint }, seconds)
    },
  }
}

interface Children {
  readonly requests: { inc(value: number): void }
  readonly duration: { observe(seconds: number): void }
}

/** The same, what `labels()` gives kept for each series. */
export function promClientChildRecorder(library: PromClient): Recorder<Children> {
  const { requests, duration, count, scrape } = promMetrics(library)
  return {
    count,
    scrape,
    prepare: ({ method, endpoint, status }) => ({
      requests: requests.labels({ method, endpoint, status }),
      duration: duration.labels({ method, endpoint }),
    }),
    record(children, seconds) {
      children.requests.inc(1)
      children.duration.observe(seconds)
    },
  }
}

/** OpenTelemetry's SDK with its Prometheus exporter. */
export function otelRecorder(seriesLimit: number): Recorder<Labels> {
  const exporter = new PrometheusExporter({ preventServerStart: true })
  const provider = new MeterProvider({
    readers: [exporter],
    // The SDK's own limit is 2000 series, and only a view can raise that of this exporter.
    views: [{ instrumentName: '*', aggregationCardinalityLimit: seriesLimit }],
  })
  const meter = provider.getMeter('bench')
  const requests = meter.createCounter('requests', { description: 'Total number of requests' })
  const duration = meter.createHistogram('request.duration_seconds', {
    description: 'Request duration in seconds',
    unit: 's',
    advice: { explicitBucketBoundaries: buckets },
  })
  return {
    prepare: asTheyAre,
    record({ method, endpoint, status }, seconds) {
      requests.add(1, { method, endpoint, status })
      duration.record(seconds, { method, endpoint })
    },
    count({ method, endpoint, status }) {
      requests.add(1, { method, endpoint, status })
    },
    scrape: () =>
      new Promise((resolve) => {
        const end = (text: string): void => resolve([Buffer.from(text)])
        // All of a response that the exporter's handler uses.
        const response = { setHeader() {}, end } as unknown as ServerResponse
        exporter.getMetricsRequestHandler({} as never, response)
      }),
  }
}
