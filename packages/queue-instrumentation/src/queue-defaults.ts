import { processWide } from '@mcp/otel-core'

import type { EngineOptions } from './engines/engine.ts'

/** How queues of libraries are measured that are given no options of their own. */
export interface QueueDefaults extends Pick<EngineOptions, 'trace'> {
  /** Plugins by the names of their queues; a name that ends in `*` stands for all that begin so. */
  readonly plugins?: Readonly<Record<string, string>> | undefined
  /** Milliseconds between two looks at a broker; default 10,000. */
  readonly pollIntervalMillis?: number | undefined
}

const POLL_INTERVAL_MS = 10_000

interface Holder {
  defaults: QueueDefaults
}

/** Sets the options of everything that is measured without any of its own, from now on. */
export function setQueueDefaults(defaults: QueueDefaults): void {
  holder().defaults = defaults
}

/** An `EngineOptions` whose parts are all there. */
export interface ResolvedOptions extends Pick<EngineOptions, 'meterProvider' | 'tracerProvider'> {
  readonly plugin: string
  readonly trace: 'parent' | 'link'
  readonly pollIntervalMillis: number
}

/** Completes the options of a queue by the defaults. */
export function resolveOptions(name: string, options: EngineOptions): ResolvedOptions {
  const { defaults } = holder()
  const { meterProvider, tracerProvider, plugin } = options
  const own = typeof plugin === 'function' ? plugin(name) : plugin
  return {
    meterProvider,
    tracerProvider,
    plugin: own ?? mapped(name, defaults.plugins) ?? name,
    trace: options.trace ?? defaults.trace ?? 'parent',
    pollIntervalMillis: options.pollIntervalMillis ?? defaults.pollIntervalMillis ?? POLL_INTERVAL_MS,
  }
}

function mapped(name: string, plugins: Readonly<Record<string, string>> = {}): string | undefined {
  if (Object.hasOwn(plugins, name)) return plugins[name]
  const pattern = Object.keys(plugins)
    .filter((key) => key.endsWith('*') && name.startsWith(key.slice(0, -1)))
    .toSorted((a, b) => b.length - a.length)[0]
  return pattern === undefined ? undefined : plugins[pattern]
}

function holder(): Holder {
  return processWide<Holder>('queue-defaults', () => ({ defaults: {} }))
}
