import { subscribe, unsubscribe } from 'node:diagnostics_channel'

import { describeChange, HEALTH_CHANGE_CHANNEL, type HealthChange } from '@mcp/otel-health'
import type { Logger } from '@mcp/otel-logging'
import { logs, type LoggerProvider } from '@opentelemetry/api'

const HEALTH_LOGGER = 'mcp.health'
const LEVELS = { healthy: 'info', degraded: 'warning', unhealthy: 'error' } as const

/**
 * Writes a line for each change of health, by the name `mcp.health`; returns what stops it. Where `MCP_OTEL_LOG_FILE` or
 * `MCP_OTEL_LOG_CONSOLE` is set, it is done already.
 */
export function logHealthChanges(logger: Logger): () => void {
  const lines = logger.getLogger(HEALTH_LOGGER)
  const onChange = (message: unknown): void => {
    const change = message as HealthChange
    const { component, from = null, process: life, to } = change
    const fields = { type: 'health', component, status: to, previous_status: from }
    lines.log(life === undefined ? LEVELS[to] : 'info', describeChange(change), fields)
  }
  subscribe(HEALTH_CHANGE_CHANNEL, onChange)
  return () => void unsubscribe(HEALTH_CHANGE_CHANNEL, onChange)
}

/** The global provider but for lines of health: health itself has made a record of each, and one is enough. */
export const linesProvider: LoggerProvider = {
  getLogger: (name, version, options) =>
    name === HEALTH_LOGGER ? { enabled: () => false, emit() {} } : logs.getLogger(name, version, options),
}
