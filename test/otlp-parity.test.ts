import { expect, test } from 'vitest'

import { AppProcess, REGISTER, root } from './support/app-process.ts'
import { startMockOtlp } from './support/mock-otlp.ts'
import type { ReceivedPoint } from './support/otlp-records.ts'
import { scrapeUntil } from './support/scrape.ts'

const APP = `${root}/test/fixtures/express-app.mjs`

const PROTOCOLS = ['http/protobuf', 'http/json', 'grpc'] as const

// One after the other: the receiver hears of every export in this process.
for (const protocol of PROTOCOLS) {
  for (const temporality of ['cumulative', 'delta'] as const) {
    test(`over ${protocol}, ${temporality}, a collector gets the numbers that the page shows`, async () => {
      await using collector = await startMockOtlp()
      await using app = new AppProcess(['--require', REGISTER, APP], {
        env: {
          OTEL_EXPORTER_PROMETHEUS_PORT: '0',
          OTEL_EXPORTER_OTLP_PROTOCOL: protocol,
          OTEL_EXPORTER_OTLP_ENDPOINT: protocol === 'grpc' ? collector.grpcUrl : collector.httpUrl,
          OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE: temporality,
          OTEL_METRIC_EXPORT_INTERVAL: '500',
          OTEL_METRIC_EXPORT_TIMEOUT: '500',
        },
      })
      const endpoint = await app.endpoint()
      const [, url = ''] = await app.sees(/app on (\S+)/)
      for (let i = 0; i < 11; i++) await (await fetch(`${url}/ok`)).text()
      await collector.points.next(({ name }) => name === 'mcp.requests')
      for (let i = 0; i < 5; i++) await (await fetch(`${url}/users/${i}`)).text()
      await (await fetch(`${url}/boom`)).text()
      const page = await scrapeUntil(endpoint, (it) => sum(it.of('mcp_requests_total')) === 17)
      await app.stop()

      expect(byLabels(collector.points.all, 'mcp.requests', temporality, (point) => point.value ?? NaN)).toEqual(
        page.of('mcp_requests_total'),
      )
      expect(
        byLabels(collector.points.all, 'mcp.request.duration', temporality, (point) => point.count ?? NaN),
      ).toEqual(page.of('mcp_request_duration_seconds_count'))
      const sums = byLabels(collector.points.all, 'mcp.request.duration', temporality, (point) => point.sum ?? NaN)
      for (const [labels, value] of Object.entries(page.of('mcp_request_duration_seconds_sum'))) {
        expect(sums[labels]).toBeCloseTo(value, 9)
      }
      const buckets = bucketCounts(collector.points.all, temporality)
      expect(buckets).toEqual(page.of('mcp_request_duration_seconds_bucket'))
    })
  }
}

function sum(values: Readonly<Record<string, number>>): number {
  return Object.values(values).reduce((total, value) => total + value, 0)
}

/** What the exports come to, by labels as the page writes them: the last cumulative point, or all deltas added up. */
function byLabels(
  points: readonly ReceivedPoint[],
  name: string,
  temporality: 'cumulative' | 'delta',
  read: (point: ReceivedPoint) => number,
): Record<string, number> {
  const result: Record<string, number> = {}
  for (const point of points) {
    if (point.name !== name) continue
    expect(point.temporality).toBe(temporality)
    const labels = labelText(point)
    result[labels] = temporality === 'delta' ? (result[labels] ?? 0) + read(point) : read(point)
  }
  return result
}

function bucketCounts(points: readonly ReceivedPoint[], temporality: 'cumulative' | 'delta'): Record<string, number> {
  const result: Record<string, number> = {}
  for (const point of points) {
    if (point.name !== 'mcp.request.duration') continue
    let upTo = 0
    for (const [index, count] of (point.bucketCounts ?? []).entries()) {
      upTo += count
      // A whole number has its `.0` on the page, as with Python's client.
      const bound = point.explicitBounds?.[index]
      const le = bound === undefined ? '+Inf' : Number.isInteger(bound) ? bound.toFixed(1) : String(bound)
      const labels = labelText(point, le)
      result[labels] = temporality === 'delta' ? (result[labels] ?? 0) + upTo : upTo
    }
  }
  return result
}

function labelText({ attributes }: ReceivedPoint, le?: string): string {
  const order = ['method', 'endpoint', 'status'].filter((name) => name in attributes)
  const pairs = order.map((name) => `${name}="${String(attributes[name])}"`)
  return `{${[...pairs, ...(le === undefined ? [] : [`le="${le}"`])].join(',')}}`
}
