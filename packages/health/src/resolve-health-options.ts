import { resolveCheckOptions, show } from './check-options.ts'
import type { CheckFn, CheckOptions } from './check-options.ts'
import type { TotalsSources } from './component-totals.ts'
import type { HealthOptions, PluginPolicy, QueuePolicy } from './health-options.ts'
import { DEFAULT_PATHS } from './http-contract.ts'
import type { HealthPaths } from './http-contract.ts'
import { pluginLimits } from './plugin-component.ts'
import { queueLimits } from './queue-component.ts'
import { createSources } from './sources.ts'
import { assertLimits } from './thresholds.ts'

export interface ResolvedHealthOptions {
  readonly version: string
  readonly sources: TotalsSources
  readonly window: number
  readonly sampleInterval: number
  readonly pluginPolicy: PluginPolicy
  readonly queuePolicy: QueuePolicy
  readonly checks: readonly (readonly [name: string, fn: CheckFn, options: CheckOptions])[]
  readonly manualStart: boolean
  readonly paths: HealthPaths
}

/** What a policy has beside its limits. */
const POLICY = ['critical', 'failAfter', 'recoverAfter', 'ttl']

/** Fills in defaults; throws an error that names the option, its value and what is accepted. */
export function resolveHealthOptions(options: HealthOptions): ResolvedHealthOptions {
  const window = milliseconds('window', options.window ?? 300_000)
  const { pluginPolicy = {}, queuePolicy = {}, version, details, token } = options
  checkPolicy('pluginPolicy', pluginPolicy)
  assertLimits('health option pluginPolicy', pluginPolicy, pluginLimits, [...POLICY, 'timeout', 'probes'])
  checkPolicy('queuePolicy', queuePolicy)
  assertLimits('health option queuePolicy', queuePolicy, queueLimits, POLICY)
  if (version !== undefined && typeof version !== 'string') throw wrong('version', show(version), 'a string')
  if (details !== undefined && !['loopback', 'always', 'never'].includes(details)) {
    throw wrong('details', show(details), '"loopback", "always" or "never"')
  }
  if (token !== undefined && !(typeof token === 'string' && /^[A-Za-z0-9._~+/-]+=*$/.test(token))) {
    const given = typeof token === 'string' ? `a string of ${token.length} characters` : typeof token
    throw wrong('token', given, 'letters, digits and -._~+/=')
  }
  return {
    version: version ?? process.env['npm_package_version'] ?? 'unknown',
    sources: createSources(options),
    window,
    sampleInterval: milliseconds('sampleInterval', options.sampleInterval ?? Math.max(50, window / 30)),
    pluginPolicy,
    queuePolicy,
    checks: Object.entries(options.checks ?? {}).map(([name, check]) =>
      typeof check === 'function' ? [name, check, {}] : [name, ...check],
    ),
    manualStart: options.manualStart ?? false,
    paths: resolvePaths(options.paths),
  }
}

function checkPolicy(key: string, policy: PluginPolicy & QueuePolicy): void {
  const { failAfter = 1, recoverAfter = 1, ttl = 0, timeout = 1 } = policy
  resolveCheckOptions(key, { failAfter, recoverAfter, ttl, timeout }, `health option ${key}`)
  const { critical = false, probes = {} } = policy
  if (
    typeof critical !== 'boolean' &&
    !(Array.isArray(critical) && critical.every((name) => typeof name === 'string'))
  ) {
    throw wrong(`${key}: critical`, show(critical), 'true, false or a list of names')
  }
  for (const [name, probe] of Object.entries(probes)) {
    if (typeof probe !== 'function') throw wrong(`${key}: probes.${name}`, show(probe), 'a function')
  }
}

function resolvePaths(paths: Partial<HealthPaths> = {}): HealthPaths {
  const resolved = { ...DEFAULT_PATHS, ...paths }
  const taken = new Set<string>()
  for (const [key, path] of Object.entries(resolved)) {
    if (typeof path !== 'string' || !/^\/[^\s?#]*[^\s?#/]$/.test(path)) {
      throw wrong(`paths.${key}`, show(path), 'a path such as "/health"')
    }
    if (taken.has(path)) throw wrong(`paths.${key}`, show(path), 'a path of its own')
    taken.add(path)
  }
  return resolved
}

function milliseconds(key: string, value: number): number {
  if (typeof value === 'number' && value >= 10 && value <= 86_400_000) return value
  throw wrong(key, show(value), 'milliseconds from 10 to 86400000')
}

function wrong(key: string, given: string, accepted: string): TypeError {
  return new TypeError(`health option ${key} is ${given}; expected ${accepted}`)
}
