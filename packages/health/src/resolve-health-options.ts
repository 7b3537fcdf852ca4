import { resolveCheckOptions, show } from './check-options.ts'
import type { CheckFn, CheckOptions } from './check-options.ts'
import type { TotalsSources } from './component-totals.ts'
import type { HealthOptions, PluginPolicy, QueuePolicy } from './health-options.ts'

export interface ResolvedHealthOptions {
  readonly version: string
  readonly sources: TotalsSources
  readonly window: number
  readonly sampleInterval: number
  readonly pluginPolicy: PluginPolicy
  readonly queuePolicy: QueuePolicy
  readonly checks: readonly (readonly [name: string, fn: CheckFn, options: CheckOptions])[]
  readonly manualStart: boolean
}

/** Fills in defaults; throws an error that names the option, its value and what is accepted. */
export function resolveHealthOptions(options: HealthOptions): ResolvedHealthOptions {
  const window = milliseconds('window', options.window ?? 300_000)
  const { pluginPolicy = {}, queuePolicy = {} } = options
  for (const [where, { failAfter, recoverAfter, ttl }] of Object.entries({ pluginPolicy, queuePolicy })) {
    resolveCheckOptions(where, {
      ...(failAfter && { failAfter }),
      ...(recoverAfter && { recoverAfter }),
      ...(ttl && { ttl }),
    })
  }
  return {
    version: options.version ?? process.env['npm_package_version'] ?? 'unknown',
    sources: { read: options.read ?? none, plugins: options.plugins ?? none, queues: options.queues ?? none },
    window,
    sampleInterval: milliseconds('sampleInterval', options.sampleInterval ?? Math.max(50, window / 30)),
    pluginPolicy,
    queuePolicy,
    checks: Object.entries(options.checks ?? {}).map(([name, check]) =>
      typeof check === 'function' ? [name, check, {}] : [name, ...check],
    ),
    manualStart: options.manualStart ?? false,
  }
}

function milliseconds(key: string, value: number): number {
  if (typeof value === 'number' && value >= 10 && value <= 86_400_000) return value
  throw new RangeError(`health option ${key} is ${show(value)}; expected milliseconds from 10 to 86400000`)
}

function none(): [] {
  return []
}
