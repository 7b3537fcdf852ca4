import { createInstruments, processMeters, REQUEST_BUCKETS } from '@mcp/otel-core'
import type { Catalogue } from '@mcp/otel-core'
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics'
import { Counter, Histogram, Registry } from 'prom-client'

/** One event's labels. */
export interface Labels {
  readonly method: string
  readonly endpoint: string
  readonly status: string
}

/** Records events, going round the label sets, and tells what was recorded in the end. */
export interface Recorder {
  run(events: number): void
  totals(): Promise<{ count: number; sum: number }>
}

const SECONDS = 0.25
const buckets = [...REQUEST_BUCKETS]

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
    buckets,
  },
} as const satisfies Catalogue

type Reading = { readonly value: number | { readonly sum?: number | undefined } }

function totalOf(readings: readonly Reading[]): number {
  return readings.reduce((sum, { value }) => sum + (typeof value === 'number' ? value : (value.sum ?? 0)), 0)
}

/** Instruments as an app has them that runs under the distro. */
function processCells() {
  const { provider: meterProvider } = processMeters()
  meterProvider.seriesLimit = 1_000_000
  processMeters().setMode('own')
  const instruments = createInstruments(catalogue, { scope: 'bench' })
  const totals = async () => ({
    count: totalOf(meterProvider.readSeries('mcp.requests')),
    sum: totalOf(meterProvider.readSeries('mcp.request.duration')),
  })
  return { ...instruments, totals }
}

function sumOf(values: readonly { value: number; metricName?: string }[], name?: string): number {
  return values.reduce((sum, { value, metricName }) => sum + (metricName === name ? value : 0), 0)
}

export const recorders: Record<string, (labels: readonly Labels[]) => Recorder> = {
  'loop alone': (labels) => {
    let next = 0
    let count = 0
    return {
      run(events) {
        for (let i = 0; i < events; i++) {
          const { method, endpoint, status } = labels[next] as Labels
          if (++next === labels.length) next = 0
          if (method !== endpoint && status !== endpoint) count++
        }
      },
      totals: async () => ({ count, sum: count * SECONDS }),
    }
  },
  'mcp-otel': (labels) => {
    const { requests, duration, totals } = processCells()
    let next = 0
    return {
      totals,
      run(events) {
        for (let i = 0; i < events; i++) {
          const { method, endpoint, status } = labels[next] as Labels
          if (++next === labels.length) next = 0
          requests.add(1, { method, endpoint, status })
          duration.record(SECONDS, { method, endpoint })
        }
      },
    }
  },
  'mcp-otel bound': (labels) => {
    const { requests, duration, totals } = processCells()
    const bound = labels.map((set) => ({
      requests: requests.bind(set),
      duration: duration.bind({ method: set.method, endpoint: set.endpoint }),
    }))
    let next = 0
    return {
      totals,
      run(events) {
        for (let i = 0; i < events; i++) {
          const handle = bound[next] as (typeof bound)[0]
          if (++next === labels.length) next = 0
          handle.requests.add(1)
          handle.duration.record(SECONDS)
        }
      },
    }
  },
  'prom-client': (labels) => {
    const registers = [new Registry()]
    const requests = new Counter({
      name: 'requests',
      help: 'h',
      labelNames: ['method', 'endpoint', 'status'],
      registers,
    })
    const duration = new Histogram({
      name: 'duration',
      help: 'h',
      labelNames: ['method', 'endpoint'],
      buckets,
      registers,
    })
    let next = 0
    return {
      totals: async () => ({
        count: sumOf((await requests.get()).values),
        sum: sumOf((await duration.get()).values, 'duration_sum'),
      }),
      run(events) {
        for (let i = 0; i < events; i++) {
          const { method, endpoint, status } = labels[next] as Labels
          if (++next === labels.length) next = 0
          requests.inc({ method, endpoint, status }, 1)
          duration.observe({ method, endpoint }, SECONDS)
        }
      },
    }
  },
  'OpenTelemetry SDK': (labels) => {
    const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE)
    const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 86_400_000 })
    const meter = new MeterProvider({ readers: [reader] }).getMeter('bench')
    const requests = meter.createCounter('requests')
    const duration = meter.createHistogram('duration', { advice: { explicitBucketBoundaries: buckets } })
    let next = 0
    return {
      async totals() {
        const { resourceMetrics } = await reader.collect()
        const points = resourceMetrics.scopeMetrics[0]?.metrics ?? []
        const sum = (index: number): number =>
          (points[index]?.dataPoints ?? []).reduce(
            (total, { value }) => total + (typeof value === 'number' ? value : (value.sum ?? 0)),
            0,
          )
        return { count: sum(0), sum: sum(1) }
      },
      run(events) {
        for (let i = 0; i < events; i++) {
          const { method, endpoint, status } = labels[next] as Labels
          if (++next === labels.length) next = 0
          requests.add(1, { method, endpoint, status })
          duration.record(SECONDS, { method, endpoint })
        }
      },
    }
  },
}
