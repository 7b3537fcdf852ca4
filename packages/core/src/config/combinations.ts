import type { Config } from './settings.ts'

/** Returns what is wrong only with settings taken together. */
export function checkCombinations(config: Config, origins: Readonly<Record<string, string>>): string[] {
  return [...openEndpoint(config), ...schemelessEndpoints(config, origins), ...longTimeout(config, origins)]
}

/** Whether only this machine can reach what listens there. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || host.startsWith('127.')
}

function openEndpoint({ endpoint }: Config): string[] {
  const open = endpoint.enabled && !isLoopback(endpoint.host) && endpoint.token === undefined && !endpoint.trustNetwork
  if (!open) return []
  return [
    `endpoint.host is ${endpoint.host}, which other machines can reach, and no token is asked for; set MCP_OTEL_TOKEN, ` +
      'or MCP_OTEL_TRUST_NETWORK=on where the network is trusted; it is served all the same',
  ]
}

function schemelessEndpoints(config: Config, origins: Readonly<Record<string, string>>): string[] {
  return (['traces', 'metrics', 'logs'] as const).flatMap((signal) => {
    const protocol = config[signal].protocol ?? config.otlp.protocol
    const path = config[signal].endpoint === undefined ? 'otlp.endpoint' : `${signal}.endpoint`
    const endpoint = config[signal].endpoint ?? config.otlp.endpoint
    if (endpoint === undefined || protocol === 'grpc' || /^https?:/i.test(endpoint)) return []
    if (!config[signal].exporters.some((exporter) => exporter === 'otlp')) return []
    return [
      `${origins[path]} is "${endpoint}"; expected an http:// or https:// URL with ${protocol}; ${signal} will not arrive`,
    ]
  })
}

function longTimeout({ metrics }: Config, origins: Readonly<Record<string, string>>): string[] {
  const both = [origins['metrics.exportTimeoutMillis'], origins['metrics.exportIntervalMillis']]
  if (metrics.exportTimeoutMillis <= metrics.exportIntervalMillis || both.includes('default')) return []
  return [
    `${both[0]} is ${metrics.exportTimeoutMillis}; expected at most ${both[1]}, ${metrics.exportIntervalMillis}; ` +
      `using ${metrics.exportIntervalMillis}`,
  ]
}
