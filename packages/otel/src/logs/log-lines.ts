import { createRequire } from 'node:module'

import type { Config } from '@mcp/otel-core'
import type { RequestInfo } from '@mcp/otel-http-instrumentation'
import type * as Logging from '@mcp/otel-logging'

import { linesProvider, logHealthChanges } from './health-lines.ts'

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
  const { createLogger, logExecutions, logRequests } = require('@mcp/otel-logging') as typeof Logging
  const logger: Logging.Logger = createLogger({
    level: log.level,
    file: log.file ?? false,
    console: log.console ? 'stderr' : false,
    maxBytes: log.maxBytes,
    backupCount: log.backupCount,
    loggerProvider: linesProvider,
  })
  const stops = [logHealthChanges(logger), ...(log.plugin ? [logExecutions(logger.getLogger('mcp.plugin'))] : [])]
  return {
    onRequest: log.access ? logRequests(logger.getLogger('mcp.http')) : undefined,
    crash(error) {
      logger.error(error instanceof Error ? error : new Error(String(error)))
      logger.flush()
    },
    stop() {
      for (const stop of stops) stop()
    },
  }
}
