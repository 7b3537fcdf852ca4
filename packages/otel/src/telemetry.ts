import type { Config } from '@mcp/otel-core'
import type { Health } from '@mcp/otel-health'
import type { LoggerProvider, MeterProvider, TracerProvider } from '@opentelemetry/api'

import type { EndpointHandler } from './endpoint/create-handler.ts'

/** What `start()` gives: the telemetry of this process, at work. */
export interface Telemetry {
  /** `disabled` by OTEL_SDK_DISABLED, `failed` when it could not start (the reason is on stderr), `stopped` after `shutdown()`. */
  readonly state: 'running' | 'disabled' | 'failed' | 'stopped'
  /** The settings in force, frozen. */
  readonly config: Config
  /** What was wrong with options and environment, as it was said on stderr. */
  readonly problems: readonly string[]
  /** The endpoint on its own port. */
  readonly endpoint: {
    /** Where it listens, `http://127.0.0.1:9464`; `undefined` until it does, and when it does not. */
    readonly url: string | undefined
    /** Resolves with `url` once it is known; never rejects. */
    readonly ready: Promise<string | undefined>
  }
  /** Serves /metrics, /health, /livez, /readyz and /startupz on a server of the app's. */
  readonly handler: EndpointHandler
  /** The health of this process: add checks, drain, report. */
  readonly health: Health
  /** Provider of all meters: catalogued ones get our cells, all others the SDK's. */
  readonly meterProvider: MeterProvider
  readonly tracerProvider: TracerProvider
  readonly loggerProvider: LoggerProvider
  /**
   * Sends everything pending. Resolves to whether all of it was delivered within `flushTimeoutMillis`; never rejects.
   */
  forceFlush(): Promise<boolean>
  /** Sends everything pending, within `flushTimeoutMillis`, and stops; never rejects. A later call does nothing. */
  shutdown(): Promise<void>
}
