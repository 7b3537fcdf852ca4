import { context, logs, metrics, propagation, SeverityNumber, SpanStatusCode, trace } from '@opentelemetry/api'
import { NodeSDK } from '@opentelemetry/sdk-node'
import { afterEach, describe, expect, test, vi } from 'vitest'

import { findAlertmanager, findPrometheus, findPythonClient } from './components.ts'
import { startMockOtlp } from './mock-otlp.ts'
import { promtoolCheckMetrics } from './promtool.ts'
import { pythonParse, pythonParseAll } from './python-parser.ts'
import { serve } from './serve.ts'
import { startPrometheus } from './start-prometheus.ts'
import { testWith } from './test-with.ts'

const prometheus = await findPrometheus()
const python = await findPythonClient()
const alertmanager = await findAlertmanager()

const PAGE = '# HELP jobs Jobs\n# TYPE jobs gauge\njobs{plugin="a"} 3\n'

describe('real components', () => {
  testWith(
    prometheus,
    'a Prometheus scrapes a page, answers queries about it, and is gone once stopped',
    async (found) => {
      await using server = await serve((_request, response) => response.end(PAGE))
      const running = await startPrometheus(found, { scrape: { app: { targets: [server.host] } } })
      const at = await running.untilScraped('app')
      expect(await running.query('jobs', at)).toMatchObject([{ metric: { plugin: 'a', job: 'app' }, value: 3 }])
      await running.stop()
      await expect(fetch(running.url)).rejects.toThrow('fetch failed')
    },
  )

  testWith(prometheus, 'a target that is down is said to be so, with the reason', async (found) => {
    await using server = await serve((_request, response) => response.writeHead(503).end())
    await using running = await startPrometheus(found, { scrape: { app: { targets: [server.host] } } })
    await expect(running.untilScraped('app')).rejects.toThrow('503')
  })

  testWith(prometheus, 'promtool finds nothing in a clean page and names what is wrong in another', async (found) => {
    expect(await promtoolCheckMetrics(found, PAGE)).toBe('')
    expect(await promtoolCheckMetrics(found, 'jobs{a="1",a="1"} 3\n')).toMatch(/duplicate label names/i)
  })

  testWith(python, "Python's parsers read good pages, and say why they refuse others", async (found) => {
    const [family] = await pythonParse(found, PAGE, 'text')
    expect(family).toMatchObject({ name: 'jobs', type: 'gauge', help: 'Jobs' })
    expect(family?.samples).toEqual([{ name: 'jobs', labels: { plugin: 'a' }, value: 3 }])
    const parsed = await pythonParseAll(found, [
      { page: `${PAGE}# EOF\n`, format: 'openmetrics' },
      { page: PAGE, format: 'openmetrics' },
    ])
    expect(parsed).toEqual([{ families: [family] }, { error: 'ValueError: Missing # EOF at end' }])
  })

  testWith(alertmanager, 'an Alertmanager is found with its tool', (found) => {
    expect(Object.keys(found)).toEqual(['alertmanager', 'amtool'])
  })

  testWith(prometheus, 'what has been fetched once is found at the same place again', async (found) => {
    expect(await findPrometheus()).toEqual({ name: 'prometheus', found })
  })
})

describe('the collector for tests', () => {
  afterEach(() => {
    vi.unstubAllEnvs()
    for (const api of [metrics, trace, logs, context, propagation]) api.disable()
  })

  test.for(['http/protobuf', 'http/json', 'grpc'])('takes spans, points and log records over %s', async (protocol) => {
    await using collector = await startMockOtlp()
    vi.stubEnv('OTEL_EXPORTER_OTLP_PROTOCOL', protocol)
    vi.stubEnv('OTEL_EXPORTER_OTLP_ENDPOINT', protocol === 'grpc' ? collector.grpcUrl : collector.httpUrl)
    vi.stubEnv('OTEL_SERVICE_NAME', 'shop')
    const sdk = new NodeSDK({ autoDetectResources: true, resourceDetectors: [] })
    sdk.start()
    recordOneOfEach()
    const [span, sum, histogram, log] = await Promise.all([
      collector.spans.next(),
      collector.points.next(({ type }) => type === 'sum'),
      collector.points.next(({ type }) => type === 'histogram'),
      collector.logs.next(),
      sdk.shutdown(),
    ])
    const scope = { name: 'tests', version: '1.0' }
    expect(span).toMatchObject({ scope, name: 'run', kind: 'SPAN_KIND_INTERNAL', attributes: { plugin: 'files' } })
    expect(span.status).toMatchObject({ code: 'STATUS_CODE_ERROR', message: 'no such file' })
    expect(sum).toMatchObject({ scope, name: 'jobs', value: 3, isMonotonic: true, temporality: 'cumulative' })
    expect(histogram).toMatchObject({ name: 'wait', unit: 's', count: 1, sum: 0.5, bucketCounts: [0, 1, 0] })
    expect(histogram.explicitBounds).toEqual([0.1, 1])
    expect(log).toMatchObject({ scope, body: 'started', severityNumber: 9, attributes: { plugin: 'files' } })
    expect(log.traceId).toBe(span.traceId)
  })

  test('says what has arrived when that which is waited for does not', async () => {
    await using collector = await startMockOtlp()
    await expect(collector.spans.next(undefined, 1)).rejects.toThrow('no such span within 1 ms, of 0')
  })
})

/** Stops this process for a little more than a second, and says whether more than that has passed since the first look. */
function lateAfterStop(): () => boolean {
  const start = performance.now()
  setTimeout(() => void Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1100), 10)
  return () => performance.now() - start > 1200
}

test('what is awaited may come later than a second, and after a second in which the process was stopped', async () => {
  const isLate = lateAfterStop()
  await Promise.all([vi.waitUntil(isLate), vi.waitFor(() => expect(isLate()).toBe(true))])
  await expect.poll(lateAfterStop()).toBe(true)
})

function recordOneOfEach(): void {
  const meter = metrics.getMeter('tests', '1.0')
  meter.createCounter('jobs').add(3)
  meter.createHistogram('wait', { unit: 's', advice: { explicitBucketBoundaries: [0.1, 1] } }).record(0.5)
  trace.getTracer('tests', '1.0').startActiveSpan('run', { attributes: { plugin: 'files' } }, (span) => {
    logs
      .getLogger('tests', '1.0')
      .emit({ body: 'started', severityNumber: SeverityNumber.INFO, attributes: { plugin: 'files' } })
    span.setStatus({ code: SpanStatusCode.ERROR, message: 'no such file' }).end()
  })
}
