import type { Agent } from 'node:http'

import { sdkPackages } from '../sdk-packages.ts'
import { VERSION } from '../version.ts'
import type { Signal } from './export-failure.ts'
import type { OtlpTarget, TlsOptions } from './otlp-http-request.ts'

const PATHS: Readonly<Record<Signal, string>> = { traces: 'v1/traces', metrics: 'v1/metrics', logs: 'v1/logs' }

/**
 * Returns where a signal goes by HTTP: the SDK's own reading of the standard variables, certificates and headers
 * included.
 */
export function otlpTarget(signal: Signal, contentType: string): OtlpTarget {
  const fixed = { 'Content-Type': contentType, 'User-Agent': `mcp-otel/${VERSION}` }
  const read = sdkPackages.otlpHttp.convertLegacyHttpOptions({}, signal.toUpperCase(), PATHS[signal], fixed)
  const { url, headers, agentFactory, compression, timeoutMillis } = read
  const { protocol } = new URL(url)
  let agent: ReturnType<OtlpTarget['agent']> | undefined
  let headersNow: Record<string, string> = fixed
  let tlsNow: TlsOptions = {}
  const getAgent = (): Promise<Agent> => (agent ??= Promise.resolve(agentFactory(protocol)))
  void headers().then((resolved) => (headersNow = resolved))
  if (protocol === 'https:') {
    void getAgent().then((made) => (tlsNow = tlsOf(made)))
  }
  return {
    url,
    headers,
    headersNow: () => headersNow,
    compression,
    timeoutMillis,
    agent: getAgent,
    tlsNow: () => tlsNow,
  }
}

function tlsOf(agent: Agent): TlsOptions {
  const { ca, cert, key } = (agent as Agent & { readonly options: TlsOptions }).options
  return { ca, cert, key }
}
