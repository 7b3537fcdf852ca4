import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { AppProcess, REGISTER, root } from './support/app-process.ts'
import { makeCertificates, type Certificates } from './support/certificates.ts'
import { startGrpcBodies, startHttpBodies, type OtlpBodies, type OtlpSignal } from './support/otlp-bodies.ts'

const APP = `${root}/test/fixtures/all-signals.mjs`
const SIGNALS: readonly OtlpSignal[] = ['traces', 'metrics', 'logs']
const PROTOCOLS = ['http/protobuf', 'http/json', 'grpc'] as const
type Protocol = (typeof PROTOCOLS)[number]

const OURS = { MCP_OTEL_PORT: '0', MCP_OTEL_BANNER: 'off' }

/** Runs an app that records everything to its end; returns what it wrote to stderr. */
async function runApp(env: Readonly<Record<string, string>>, flags: readonly string[] = []): Promise<string> {
  await using app = new AppProcess(['--require', REGISTER, ...flags, APP], { env: { ...OURS, ...env } })
  expect(await app.exit()).toEqual({ code: 0, signal: null })
  // A busy machine may have us say that as well.
  return app.stderr.replaceAll(/^.* health check .*\n/gm, '')
}

const EXIT_AT_ONCE = ['--import', "data:text/javascript,process.on('beforeExit', () => process.exit())"]

const startBodies = (protocol: Protocol, tls?: Certificates['server']) => {
  const options = tls === undefined ? {} : { tls: { ...tls, requestCert: true, rejectUnauthorized: true } }
  return protocol === 'grpc' ? startGrpcBodies(options) : startHttpBodies(options)
}

const signalsOf = ({ inbox }: OtlpBodies) => new Set(inbox.all.map(({ signal }) => signal))

let certificates: Certificates
beforeAll(async () => void (certificates = await makeCertificates()))
afterAll(() => certificates[Symbol.asyncDispose]())

describe.concurrent.each(PROTOCOLS)('%s', (protocol) => {
  test.each([
    ['when the app ends by itself', []],
    ['as last words', EXIT_AT_ONCE],
  ])('reaches a collector that has a private authority and asks for a client certificate, %s', async (_when, flags) => {
    await using collector = await startBodies(protocol, certificates.server)
    const said = await runApp(
      {
        OTEL_EXPORTER_OTLP_PROTOCOL: protocol,
        OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
        OTEL_EXPORTER_OTLP_CERTIFICATE: certificates.authority,
        OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE: certificates.client.certificate,
        OTEL_EXPORTER_OTLP_CLIENT_KEY: certificates.client.key,
      },
      flags,
    )
    expect(said).toBe('')
    expect(signalsOf(collector)).toEqual(new Set(SIGNALS))
    expect(new Set(collector.inbox.all.map(({ client }) => client))).toEqual(new Set(['the-client']))
  })

  test('has last words with certificates and headers also when the app ends in its first turn', async () => {
    await using collector = await startBodies(protocol, certificates.server)
    const env = {
      ...OURS,
      OTEL_EXPORTER_OTLP_PROTOCOL: protocol,
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      OTEL_EXPORTER_OTLP_HEADERS: 'tenant=all',
      OTEL_EXPORTER_OTLP_CERTIFICATE: certificates.authority,
      OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE: certificates.client.certificate,
      OTEL_EXPORTER_OTLP_CLIENT_KEY: certificates.client.key,
    }
    await using app = new AppProcess(['--require', REGISTER, '-e', 'process.exit(3)'], { env })
    expect(await app.exit()).toEqual({ code: 3, signal: null })
    expect([app.stdout, app.stderr]).toEqual(['', ''])
    expect(collector.inbox.all).toMatchObject([{ signal: 'metrics', client: 'the-client', headers: { tenant: 'all' } }])
  })

  test('takes certificates of one signal from its own variables', async () => {
    await using collector = await startBodies(protocol, certificates.server)
    const said = await runApp({
      OTEL_TRACES_EXPORTER: 'otlp',
      OTEL_METRICS_EXPORTER: 'none',
      OTEL_LOGS_EXPORTER: 'none',
      OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: protocol,
      OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `${collector.url}/v1/traces`,
      OTEL_EXPORTER_OTLP_CERTIFICATE: '/nowhere',
      OTEL_EXPORTER_OTLP_TRACES_CERTIFICATE: certificates.authority,
      OTEL_EXPORTER_OTLP_TRACES_CLIENT_CERTIFICATE: certificates.client.certificate,
      OTEL_EXPORTER_OTLP_TRACES_CLIENT_KEY: certificates.client.key,
    })
    expect(said).toBe('')
    expect(signalsOf(collector)).toEqual(new Set(['traces']))
  })

  test.each([
    [
      'whose authority is unknown',
      () => ({}),
      /cannot be exported to https:.*: .*(unable to verify|self-signed|issuer)/,
    ],
    [
      'whose authority cannot be read',
      () => ({ OTEL_EXPORTER_OTLP_CERTIFICATE: '/nowhere' }),
      /OTEL_EXPORTER_OTLP_CERTIFICATE is "\/nowhere"; expected the path of a file: ENOENT: .*; it is not used/,
    ],
    [
      'that asks for a certificate which is not given',
      () => ({ OTEL_EXPORTER_OTLP_CERTIFICATE: certificates.authority }),
      /cannot be exported to https:/,
    ],
  ])('gives nothing to a collector %s, and says so', async (_what, env, words) => {
    await using collector = await startBodies(protocol, certificates.server)
    const said = await runApp({
      OTEL_EXPORTER_OTLP_PROTOCOL: protocol,
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      ...env(),
    })
    expect(said).toMatch(words)
    expect(collector.inbox.all).toEqual([])
  })

  test('compresses with gzip where that is asked for, with the headers of all and of one signal', async () => {
    await using collector = await startBodies(protocol)
    const said = await runApp({
      OTEL_EXPORTER_OTLP_PROTOCOL: protocol,
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      OTEL_EXPORTER_OTLP_COMPRESSION: 'gzip',
      OTEL_EXPORTER_OTLP_HEADERS: 'Api-Key=a%20secret,tenant=all',
      OTEL_EXPORTER_OTLP_LOGS_HEADERS: 'tenant=logs',
    })
    expect(said).toBe('')
    expect(signalsOf(collector)).toEqual(new Set(SIGNALS))
    for (const { headers, isCompressed, signal } of collector.inbox.all) {
      expect(isCompressed).toBe(true)
      expect(headers).toMatchObject({ 'api-key': 'a secret', tenant: signal === 'logs' ? 'logs' : 'all' })
    }
  })

  test('sends each signal to the endpoint of its own', async () => {
    await using traces = await startBodies(protocol)
    await using metrics = await startBodies(protocol)
    await using logs = await startBodies(protocol)
    const path = protocol === 'grpc' ? '' : '/own/path'
    await runApp({
      OTEL_EXPORTER_OTLP_PROTOCOL: protocol,
      OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9',
      OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: traces.url + path,
      OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: metrics.url + path,
      OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: logs.url + path,
    })
    for (const collector of [traces, metrics, logs]) expect(collector.inbox.all.length).toBeGreaterThan(0)
    const paths = [traces, metrics, logs].map(({ inbox }) => inbox.all[0]?.path)
    expect(paths).toEqual(
      protocol === 'grpc'
        ? ['trace.v1.TraceService', 'metrics.v1.MetricsService', 'logs.v1.LogsService'].map(
            (service) => `/opentelemetry.proto.collector.${service}/Export`,
          )
        : [path, path, path],
    )
  })

  test('is given up when the collector does not answer within the timeout, and tried again when it asks for that', async () => {
    await using collector = await startBodies(protocol)
    const delay = protocol === 'grpc' ? GRPC_UNAVAILABLE : { status: 503, headers: { 'retry-after': '0' } }
    collector.refusals.push(delay, delay)
    await runApp({
      OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: protocol,
      OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: collector.url,
    })
    const bodies = collector.inbox.all.map(({ body }) => body.toString('base64'))
    expect(bodies).toEqual([bodies[0], bodies[0], bodies[0]])

    collector.refusals.push('silence')
    const said = await runApp({
      OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: protocol,
      OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: collector.url,
      OTEL_EXPORTER_OTLP_TRACES_TIMEOUT: '200',
    })
    expect(said).toMatch(/traces cannot be exported to http:.*: no answer within 200 ms/)
  })
})

const bytes = (id: number, value: Uint8Array): Buffer => Buffer.from([(id << 3) | 2, value.length, ...value])
const varint = (id: number, value: number): number[] => {
  const result = [id << 3]
  for (; value > 127; value = Math.floor(value / 128)) result.push((value % 128) | 128)
  return [...result, value]
}

/** A `google.rpc.Status` with a `RetryInfo`, as protobuf in base64. */
function retryInfo(seconds: number, nanos: number): string {
  const duration = Buffer.from([...varint(1, seconds), ...varint(2, nanos)])
  const type = bytes(1, Buffer.from('type.googleapis.com/google.rpc.RetryInfo'))
  const detail = Buffer.concat([type, bytes(2, bytes(1, duration))])
  return Buffer.concat([Buffer.from(varint(1, 14)), bytes(2, Buffer.from('later')), bytes(3, detail)]).toString(
    'base64',
  )
}

/** `UNAVAILABLE`, with a `google.rpc.RetryInfo` of no delay. */
const GRPC_UNAVAILABLE = { status: 14, headers: { 'grpc-status-details-bin': retryInfo(0, 0) } }

describe.concurrent('a collector that speaks gRPC', () => {
  test('and asks for a longer wait than there is time is not asked again', async () => {
    await using collector = await startGrpcBodies()
    collector.refusals.push({ status: 8, headers: { 'grpc-status-details-bin': retryInfo(3600, 5e8) } })
    const said = await runApp({
      OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: 'grpc',
      OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: collector.url,
    })
    expect(collector.inbox.all).toHaveLength(1)
    expect(said).toContain('the collector answered RESOURCE_EXHAUSTED')
  })

  test.each([
    [{ status: 16, headers: { 'grpc-message': 'no%20key' } }, 'the collector answered UNAUTHENTICATED: no key'],
    [{ status: 8 }, 'the collector answered RESOURCE_EXHAUSTED'],
    [{ status: 12 }, 'the collector answered UNIMPLEMENTED'],
  ])('and refuses for good is not asked again: %o', async (refusal, words) => {
    await using collector = await startGrpcBodies()
    collector.refusals.push(refusal)
    const said = await runApp({
      OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: 'grpc',
      OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `localhost:${collector.port}`,
      OTEL_EXPORTER_OTLP_INSECURE: 'true',
    })
    expect(collector.inbox.all).toHaveLength(1)
    expect(said).toContain(words)
  })

  test('is not one that speaks HTTP/1, which is said', async () => {
    await using collector = await startHttpBodies()
    const said = await runApp({
      OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc',
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
    })
    expect(said).toMatch(/traces cannot be exported to http:\/\/localhost:\d+: /)
  })
})
