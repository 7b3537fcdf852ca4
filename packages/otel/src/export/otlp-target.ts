import { sdkPackages } from '../sdk-packages.ts'
import { VERSION } from '../version.ts'
import type { Signal } from './export-failure.ts'
import type { OtlpTarget } from './otlp-http-request.ts'

const PATHS: Readonly<Record<Signal, string>> = { traces: 'v1/traces', metrics: 'v1/metrics', logs: 'v1/logs' }

/**
 * Returns where a signal goes by HTTP: the SDK's own reading of the standard variables, certificates and headers
 * included.
 */
export function otlpTarget(signal: Signal, contentType: string): OtlpTarget {
  const fixed = { 'Content-Type': contentType, 'User-Agent': `mcp-otel/${VERSION}` }
  const read = sdkPackages.otlpHttp.convertLegacyHttpOptions({}, signal.toUpperCase(), PATHS[signal], fixed)
  const { url, headers, agentFactory, compression, timeoutMillis } = read
  let agent: ReturnType<OtlpTarget['agent']> | undefined
  const { protocol } = new URL(url)
  return {
    url,
    headers,
    compression,
    timeoutMillis,
    agent: () => (agent ??= Promise.resolve(agentFactory(protocol))),
  }
}
