import { processMeters, processWide, type Config } from '@mcp/otel-core'
import { createHealth } from '@mcp/otel-health'
import { diag, logs, metrics, trace } from '@opentelemetry/api'

import { reasonOf } from './diagnostics/diag-text.ts'
import { routeDiagnostics } from './diagnostics/stderr-diag-logger.ts'
import { writeStderrLine } from './diagnostics/stderr-line.ts'
import type { StartOptions } from './options.ts'
import { readSources } from './read-sources.ts'
import { runTelemetry, type Assemble } from './run-telemetry.ts'
import { findForeignSdk } from './sdk/foreign-sdk.ts'
import type { Telemetry } from './telemetry.ts'

/** What is running in this process, whichever build of this package has started it. */
const started = (): { telemetry?: Telemetry } => processWide('telemetry', () => ({}))

/** Returns the telemetry that runs in this process, whoever started it; `undefined` when none does. */
export function getTelemetry(): Telemetry | undefined {
  const { telemetry } = started()
  return telemetry?.state === 'running' ? telemetry : undefined
}

/**
 * Starts the telemetry of this process, once: while it runs, a second start gives the same. It never throws: what is
 * wrong is said on stderr, and the app runs on.
 */
export function startTelemetry(given: StartOptions, assemble: Assemble): Telemetry {
  const holder = started()
  const running = holder.telemetry
  if (running?.state === 'running') {
    if (!hasOptions(given)) diag.debug('@mcp/otel runs already; the second start changes nothing')
    else diag.warn('@mcp/otel runs already, so the options of start() are not used; start it once, with all options')
    return running
  }
  const { config, options, problems } = readSources(given)
  if (config.disabled) {
    // Nobody will read what is recorded: it is not to cost anything either.
    processMeters().setMode('off')
    return (holder.telemetry = idleTelemetry('disabled', config, problems))
  }
  sayProblems(config, problems)
  try {
    holder.telemetry = runTelemetry(config, problems, options, assemble)
  } catch (error) {
    diag.error(`@mcp/otel cannot start: ${reasonOf(error)}; ${remedyFor(error)}the app runs on without it`)
    holder.telemetry = idleTelemetry('failed', config, problems)
  }
  return holder.telemetry
}

/** What is installed with the package is looked for where it is, or where a bundle is that it was written into. */
function remedyFor(error: unknown): string {
  const isMissing = (error as { code?: unknown } | null)?.code === 'MODULE_NOT_FOUND'
  return isMissing ? 'leave it out of a bundle, or install it anew; ' : ''
}

function hasOptions(given: unknown): boolean {
  try {
    return typeof given === 'object' && given !== null && Object.keys(given).length > 0
  } catch {
    return true
  }
}

/** An app that has its own logger for diagnostics keeps it. */
function sayProblems(config: Config, problems: readonly string[]): void {
  const isHeard = findForeignSdk().diag !== undefined || routeDiagnostics(config.logLevel)
  for (const problem of problems) {
    if (isHeard) diag.error(problem)
    else if (config.logLevel !== 'none') writeStderrLine(problem)
  }
}

/** Looks like telemetry at work and does nothing, so that the app's code is the same with and without it. */
function idleTelemetry(state: 'disabled' | 'failed', config: Config, problems: readonly string[]): Telemetry {
  let health: Telemetry['health'] | undefined
  return {
    state,
    config,
    problems,
    endpoint: { url: undefined, ready: Promise.resolve(undefined) },
    handler: (_request, _response, next) => {
      next?.()
      return false
    },
    get health() {
      return (health ??= createHealth({ memory: false, eventLoop: false }))
    },
    meterProvider: metrics.getMeterProvider(),
    tracerProvider: trace.getTracerProvider(),
    loggerProvider: logs.getLoggerProvider(),
    forceFlush: async () => true,
    shutdown: async () => health?.stop(),
  }
}
