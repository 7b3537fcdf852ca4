import { readFileSync } from 'node:fs'
import type * as Http from 'node:http'
import { createRequire } from 'node:module'

import { diag } from '@opentelemetry/api'

import { reasonOf } from '../diagnostics/diag-text.ts'
import { sdkPackages } from '../sdk-packages.ts'
import { VERSION } from '../version.ts'
import type { Signal } from './export-failure.ts'
import type { Connection, OtlpTarget, TlsOptions } from './otlp-request.ts'
import { withVariables } from './with-variables.ts'

const require = createRequire(import.meta.url)

const PATHS: Readonly<Record<Signal, string>> = { traces: 'v1/traces', metrics: 'v1/metrics', logs: 'v1/logs' }

const METHODS: Readonly<Record<Signal, string>> = {
  traces: 'opentelemetry.proto.collector.trace.v1.TraceService/Export',
  metrics: 'opentelemetry.proto.collector.metrics.v1.MetricsService/Export',
  logs: 'opentelemetry.proto.collector.logs.v1.LogsService/Export',
}

const TLS_FILES: readonly (readonly [option: keyof TlsOptions, variable: string])[] = [
  ['ca', 'CERTIFICATE'],
  ['cert', 'CLIENT_CERTIFICATE'],
  ['key', 'CLIENT_KEY'],
]

const AGENT = { 'User-Agent': `mcp-otel/${VERSION}` }

/** Returns where a signal goes by HTTP, by the SDK's own reading of where and how. */
export function otlpTarget(signal: Signal, contentType: string): OtlpTarget {
  const { compression, timeoutMillis, url } = readVariables(signal)
  const isSecure = new URL(url).protocol === 'https:'
  const tls = isSecure ? readTls(signal) : {}
  const connection = once(() => {
    // Not imported: it must be loaded after the instrumentation of HTTP clients.
    const { Agent } = require(isSecure ? 'node:https' : 'node:http') as typeof Http
    return { agent: new Agent({ keepAlive: true, ...tls }), tls }
  })
  const headers = { ...readHeaders(signal), ...AGENT, 'Content-Type': contentType }
  return { url, wire: 'http', headers, compression, timeoutMillis, connection, tls }
}

/** Returns where a signal goes by gRPC; of the endpoint only scheme, host and port count. */
export function grpcTarget(signal: Signal): OtlpTarget {
  const own = variable(signal, 'ENDPOINT')?.value ?? 'http://localhost:4317'
  const isSchemed = /^https?:\/\//i.test(own)
  const isPlain = isSchemed ? /^http:/i.test(own) : variable(signal, 'INSECURE')?.value.toLowerCase() === 'true'
  const { host } = new URL(isSchemed ? own : `http://${own.replace(/^\w+:\/\//, '')}`)
  const { compression, timeoutMillis } = readVariables(signal, ['ENDPOINT'])
  const tls = isPlain ? {} : readTls(signal)
  const headers = inLowerCase({ ...readHeaders(signal), ...AGENT })
  const url = `${isPlain ? 'http:' : 'https:'}//${host}/${METHODS[signal]}`
  return { url, wire: 'grpc', headers, compression, timeoutMillis, connection: () => ({ tls }), tls }
}

/** A variable that counts: the one of this signal, or else the one for all. */
function variable(signal: Signal, name: string): { readonly name: string; readonly value: string } | undefined {
  const named = namesOf(signal, name).map((it) => ({ name: it, value: process.env[it]?.trim() ?? '' }))
  return named.find(({ value }) => value !== '')
}

function namesOf(signal: Signal, name: string): string[] {
  return [`OTEL_EXPORTER_OTLP_${signal.toUpperCase()}_${name}`, `OTEL_EXPORTER_OTLP_${name}`]
}

/** Has the SDK read its variables, but for files, which we read, and what is said here not to count. */
function readVariables(signal: Signal, except: readonly string[] = []) {
  const unread = [...TLS_FILES.map(([, name]) => name), ...except].flatMap((name) => namesOf(signal, name))
  return withVariables(Object.fromEntries(unread.map((name) => [name, undefined])), () =>
    sdkPackages.otlpHttp.convertLegacyHttpOptions({}, signal.toUpperCase(), PATHS[signal], {}),
  )
}

/** Reads at once what the SDK has only a turn later: the process may come to its end before, and has last words then. */
function readHeaders(signal: Signal): Record<string, string> {
  const { parseKeyPairsIntoRecord } = sdkPackages.core
  const [own, general] = namesOf(signal, 'HEADERS').map((name) => parseKeyPairsIntoRecord(process.env[name]))
  return { ...general, ...own }
}

function readTls(signal: Signal): TlsOptions {
  return Object.fromEntries(TLS_FILES.map(([option, name]) => [option, readFile(signal, name)]).filter(([, it]) => it))
}

function readFile(signal: Signal, name: string): Buffer | undefined {
  const given = variable(signal, name)
  if (given === undefined) return undefined
  try {
    return readFileSync(given.value)
  } catch (error) {
    const { name: origin, value } = given
    diag.error(`${origin} is ${JSON.stringify(value)}; expected the path of a file: ${reasonOf(error)}; it is not used`)
    return undefined
  }
}

function once(make: () => Connection): () => Connection {
  let made: Connection | undefined
  return () => (made ??= make())
}

function inLowerCase(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]))
}
