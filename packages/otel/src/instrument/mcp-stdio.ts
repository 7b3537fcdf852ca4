import { subscribe, unsubscribe } from 'node:diagnostics_channel'

import type { Config, ConfigOptions } from '@mcp/otel-core'
import { STDIO_CHANNEL } from '@mcp/otel-protocol-instrumentation'
import { diag } from '@opentelemetry/api'

const PORT_VARIABLES = ['OTEL_EXPORTER_PROMETHEUS_PORT', 'MCP_OTEL_PORT'] as const

/**
 * Calls back when a server of the Model Context Protocol speaks on standard output, and again when its client has closed
 * the pipe; returns what stops it.
 */
export function onMcpStdio(started: () => void, closed: () => void): () => void {
  const listener = (): void => {
    stop()
    started()
    // A listener for the end does not make the stream flow.
    process.stdin.once('end', closed)
  }
  const stop = (): void => void unsubscribe(STDIO_CHANNEL, listener)
  subscribe(STDIO_CHANNEL, listener)
  return stop
}

/** Was the port left to us? Then a server over stdio, of which a client starts several at once, takes any that is free. */
export function isPortOpen(
  options: { readonly endpoint?: ConfigOptions['endpoint'] },
  env: NodeJS.ProcessEnv,
): boolean {
  return options.endpoint?.port === undefined && PORT_VARIABLES.every((name) => (env[name] ?? '') === '')
}

/** Says where exporters print to the stdout on which a server speaks: that is what they are for, and breaks its protocol. */
export function warnOfConsoleExporters(config: Pick<Config, 'traces' | 'metrics' | 'logs' | 'mcp'>): void {
  const signals = (['traces', 'metrics', 'logs'] as const).filter((signal) =>
    config[signal].exporters.some((name) => name === 'console'),
  )
  if (signals.length === 0 || config.mcp.guardStdout) return
  diag.warn(
    `the console exporter of ${signals.join(', ')} prints to the stdout on which an MCP server speaks, and its client reads ` +
      'what is no message; take console out of the exporters, or set MCP_OTEL_MCP_GUARD_STDOUT=on, which moves it to stderr',
  )
}
