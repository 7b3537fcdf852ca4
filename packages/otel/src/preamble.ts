import { withoutCredentials, type Config } from '@mcp/otel-core'

import type { ServiceIdentity } from './identity/create-resource.ts'
import { VERSION } from './version.ts'

/** What the start-up line tells. */
export interface PreambleFacts {
  readonly config: Config
  readonly service: ServiceIdentity
  /** Where the endpoint listens; `undefined` when it does not. */
  readonly url: string | undefined
  readonly instrumentations: readonly string[]
  /** OpenTelemetry's own configuration file, where it has one. */
  readonly declared?: string | undefined
}

/** Returns the one line that says what is on, and where. */
export function preamble({ config, declared, service, url, instrumentations }: PreambleFacts): string {
  const version = service.version === undefined ? '' : ` ${service.version}`
  const served = url === undefined ? 'no endpoint of its own' : `${url}/metrics and ${url}/health`
  const exported = declared === undefined ? exportsOf(config) : `exports as ${declared} has it`
  return (
    `@mcp/otel ${VERSION} observes ${service.name}${version}: ${served}; ${exported}; ` +
    `instruments ${instrumentations.join(', ') || 'nothing'} (MCP_OTEL_BANNER=off hides this line)`
  )
}

function exportsOf(config: Config): string {
  const byTarget = new Map<string, string[]>()
  for (const signal of ['traces', 'metrics', 'logs'] as const) {
    for (const name of config[signal].exporters) {
      if (name === 'prometheus') continue
      const target = name === 'otlp' ? otlpTargetOf(config, signal) : name
      byTarget.set(target, [...(byTarget.get(target) ?? []), signal])
    }
  }
  const parts = [...byTarget].map(([target, signals]) => `${listed(signals)} to ${target}`)
  return parts.length === 0 ? 'exports nothing' : `exports ${parts.join(', ')}`
}

function listed(words: readonly string[]): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`
}

function otlpTargetOf(config: Config, signal: 'traces' | 'metrics' | 'logs'): string {
  const protocol = config[signal].protocol ?? config.otlp.protocol
  const target = config[signal].endpoint ?? config.otlp.endpoint
  return `${target === undefined ? 'localhost' : withoutCredentials(target)} (otlp, ${protocol})`
}
