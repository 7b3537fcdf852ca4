import type { MeterProvider, TracerProvider } from '@opentelemetry/api'

import type { CheckFn, CheckOptions } from './check-options.ts'
import type { EventLoopDelayThresholds } from './checks/event-loop-delay-check.ts'
import type { MemoryThresholds } from './checks/memory-check.ts'
import type { PluginThresholds } from './plugin-component.ts'
import type { QueueThresholds } from './queue-component.ts'
import type { PluginFacts, QueueFacts, ReadSeries } from './read-series.ts'
import type { ResponderOptions } from './responder.ts'
import type { HealthChange } from './state-change.ts'

/** How a kind of component is judged. */
export interface ComponentPolicy {
  /** Names of those whose failure makes the whole unhealthy; true for all, false (default) for none. */
  readonly critical?: boolean | readonly string[]
  /** Worse results in a row before the state gets worse. Default 1. */
  readonly failAfter?: number
  /** Better results in a row before the state gets better. Default 2. */
  readonly recoverAfter?: number
  /** How often it is judged anew when asked, ms. Default 1000. */
  readonly ttl?: number
}

export interface PluginPolicy extends ComponentPolicy, PluginThresholds {
  /** Deadline of a probe, ms. Default 5000. */
  readonly timeout?: number
  /** Asks a plugin whether it is there, by its name; judged together with its figures. */
  readonly probes?: Readonly<Record<string, CheckFn>>
}

export interface QueuePolicy extends ComponentPolicy, QueueThresholds {}

export interface HealthOptions extends ResponderOptions {
  /** Of the application, as the body shows it. Default: `npm_package_version`, else `unknown`. */
  readonly version?: string
  /** Reads the meter's cells; default: those of the global provider if it is ours, else nothing is known. */
  readonly read?: ReadSeries
  /** What is known of plugins beside their metrics. */
  readonly plugins?: () => Iterable<PluginFacts>
  /** What is known of queues beside their metrics. */
  readonly queues?: () => Iterable<QueueFacts>
  /** What rates, quantiles and trends cover, ms. Default 300000. */
  readonly window?: number
  /** How often components are sampled and judged in the background, ms, while the process does anything; an idle one is once a minute. Default a thirtieth of the window. */
  readonly sampleInterval?: number
  readonly pluginPolicy?: PluginPolicy
  readonly queuePolicy?: QueuePolicy
  /** The built-in check `memory`, or false for none. Not critical unless said so. */
  readonly memory?: { readonly thresholds?: MemoryThresholds; readonly check?: CheckOptions } | false
  /** The built-in check `event_loop`, or false for none. Not critical unless said so. */
  readonly eventLoop?: { readonly thresholds?: EventLoopDelayThresholds; readonly check?: CheckOptions } | false
  /** Checks from the start, by name. */
  readonly checks?: Readonly<Record<string, CheckFn | readonly [CheckFn, CheckOptions]>>
  /** true: not ready, and `/startupz` 503, until `started()` is called. Default false. */
  readonly manualStart?: boolean
  /** Called at every change of state, after the log record and the span event. */
  readonly onChange?: (change: HealthChange) => void
  readonly meterProvider?: MeterProvider
  readonly tracerProvider?: TracerProvider
}
