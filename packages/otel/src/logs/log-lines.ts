import { createRequire } from 'node:module'

import type { Config } from '@mcp/otel-core'
import type { RequestInfo } from '@mcp/otel-http-instrumentation'
import type * as Logging from '@mcp/otel-logging'
import { onExecution } from '@mcp/otel-plugin-instrumentation'

const require = createRequire(import.meta.url)

/** The log lines that are written without the app's doing. */
export interface LogLines {
  /** Writes an access line. */
  readonly onRequest: ((request: RequestInfo) => void) | undefined
  /** Writes what ends the process, before it ends. */
  crash(error: unknown): void
  stop(): void
}

/** Starts the log lines that the configuration asks for; without a file and a console there are none. */
export function startLogLines({ log }: Config): LogLines {
  if (log.file === undefined && !log.console) return { onRequest: undefined, crash: () => {}, stop: () => {} }
  // Loaded only here: winston takes as long to load as the whole of a small app.
  const { createLogger } = require('@mcp/otel-logging') as typeof Logging
  const logger: Logging.Logger = createLogger({
    level: log.level,
    file: log.file ?? false,
    console: log.console ? 'stderr' : false,
    maxBytes: log.maxBytes,
    backupCount: log.backupCount,
  })
  const http = logger.getLogger('mcp.http')
  const plugins = logger.getLogger('mcp.plugin')
  const stop = log.plugin
    ? onExecution(({ plugin, command, status, durationMs, context }) => {
        plugins.plugin({ plugin, command, status, duration_ms: durationMs }, context)
      })
    : () => {}
  return {
    onRequest: log.access
      ? ({ method, path, status, durationMs, context }) => {
          http.access({ method, path, status, duration_ms: durationMs }, context)
        }
      : undefined,
    crash(error) {
      logger.error(error instanceof Error ? error : new Error(String(error)))
      logger.flush()
    },
    stop,
  }
}
