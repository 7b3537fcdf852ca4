import type { Agent } from 'node:http'

import { sdkPackages } from '../sdk-packages.ts'
import { VERSION } from '../version.ts'
import type { Signal } from './export-failure.ts'
import type { Connection, OtlpTarget, TlsOptions } from './otlp-request.ts'
import { withVariables } from './with-variables.ts'

const PATHS: Readonly<Record<Signal, string>> = { traces: 'v1/traces', metrics: 'v1/metrics', logs: 'v1/logs' }

const METHODS: Readonly<Record<Signal, string>> = {
  traces: 'opentelemetry.proto.collector.trace.v1.TraceService/Export',
  metrics: 'opentelemetry.proto.collector.metrics.v1.MetricsService/Export',
  logs: 'opentelemetry.proto.collector.logs.v1.LogsService/Export',
}

const AGENT = { 'User-Agent': `mcp-otel/${VERSION}` }

/**
 * Returns where a signal goes by HTTP: the SDK's own reading of the standard variables, certificates and headers
 * included.
 */
export function otlpTarget(signal: Signal, contentType: string): OtlpTarget {
  const { url, ...read } = readVariables(signal, { ...AGENT, 'Content-Type': contentType })
  return { url, wire: 'http', ...read, ...connecting(read.agentFactory, new URL(url).protocol) }
}

/** Returns where a signal goes by gRPC; of the endpoint only scheme, host and port count. */
export function grpcTarget(signal: Signal): OtlpTarget {
  const own = variable(signal, 'ENDPOINT') ?? 'http://localhost:4317'
  const isSchemed = /^https?:\/\//i.test(own)
  const isPlain = isSchemed ? /^http:/i.test(own) : variable(signal, 'INSECURE')?.toLowerCase() === 'true'
  const { host } = new URL(isSchemed ? own : `http://${own.replace(/^\w+:\/\//, '')}`)
  const protocol = isPlain ? 'http:' : 'https:'
  const {
    url: _,
    headers,
    ...read
  } = withVariables(
    { OTEL_EXPORTER_OTLP_ENDPOINT: undefined, [`OTEL_EXPORTER_OTLP_${signal.toUpperCase()}_ENDPOINT`]: undefined },
    () => readVariables(signal, AGENT),
  )
  const lowerCase = async (): Promise<Record<string, string>> => inLowerCase(await headers())
  const headersNow = (): Record<string, string> => inLowerCase(read.headersNow())
  const url = `${protocol}//${host}/${METHODS[signal]}`
  return { ...read, url, wire: 'grpc', headers: lowerCase, headersNow, ...connecting(read.agentFactory, protocol) }
}

function variable(signal: Signal, name: string): string | undefined {
  const values = [`${signal.toUpperCase()}_${name}`, name].map((it) => process.env[`OTEL_EXPORTER_OTLP_${it}`]?.trim())
  return values.find((value) => value !== undefined && value !== '')
}

function readVariables(signal: Signal, fixed: Record<string, string>) {
  const { convertLegacyHttpOptions } = sdkPackages.otlpHttp
  const read = convertLegacyHttpOptions({}, signal.toUpperCase(), PATHS[signal], fixed)
  const { agentFactory, compression, headers, timeoutMillis, url } = read
  let now: Record<string, string> = fixed
  void headers().then((resolved) => (now = resolved))
  return { url, headers, headersNow: () => now, agentFactory, compression, timeoutMillis }
}

type AgentFactory = (protocol: string) => Agent | Promise<Agent>

/** What is connected with is made when it is first needed; for TLS at once, so that it is known at the end of the process. */
function connecting(agentFactory: AgentFactory, protocol: string): Pick<OtlpTarget, 'connection' | 'tlsNow'> {
  let made: Promise<Connection> | undefined
  let tlsNow: TlsOptions = {}
  const make = async (): Promise<Connection> => {
    const agent = await agentFactory(protocol)
    return { agent, tls: protocol === 'https:' ? (tlsNow = tlsOf(agent)) : {} }
  }
  const connection = (): Promise<Connection> => (made ??= make())
  if (protocol === 'https:') void connection()
  return { connection, tlsNow: () => tlsNow }
}

function tlsOf(agent: Agent): TlsOptions {
  const { ca, cert, key } = (agent as Agent & { readonly options: TlsOptions }).options
  return { ...(ca && { ca }), ...(cert && { cert }), ...(key && { key }) }
}

function inLowerCase(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]))
}
