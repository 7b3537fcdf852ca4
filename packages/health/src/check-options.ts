import type { PluginHealth, QueueHealth } from './report.ts'
import type { Vitals } from './server-vitals.ts'
import type { HealthStatus } from './status.ts'

/** What a check may return; `undefined` and `true` mean healthy, `false` unhealthy, a throw unhealthy with its message. */
export type CheckReturn = boolean | undefined | void | HealthStatus | CheckResult

/** The outcome of one run of a check, in words and numbers of its own. */
export interface CheckResult {
  readonly status: HealthStatus
  /** One sentence that says why; scrubbed of secrets before it is shown. */
  readonly message?: string
  /** What was measured. */
  readonly observed?: number
  /** Unit of `observed`: `s`, `By`, `1`, `{job}`. */
  readonly unit?: string
  /** More to show; scrubbed, shown in the detailed view only. */
  readonly details?: Readonly<Record<string, unknown>>
}

/** What a check is given. */
export interface CheckContext {
  /** Aborted when the check's deadline passes: hand it to what can be cancelled. */
  readonly signal: AbortSignal
  /** This process, as the report shows it. */
  readonly server: () => Vitals
  /** The plugins by name, as the report shows them. */
  readonly plugins: () => Readonly<Record<string, PluginHealth>>
  /** The queues by name, as the report shows them. */
  readonly queues: () => Readonly<Record<string, QueueHealth>>
}

/** A health check. One that reaches outside the process should bear `outside: true`, which keeps it out of liveness. */
export interface CheckFn {
  (context: CheckContext): CheckReturn | PromiseLike<CheckReturn>
  readonly outside?: boolean
}

export interface CheckOptions {
  /** Whether its failure makes the whole unhealthy (503); else the whole is degraded (200). Default true. */
  readonly critical?: boolean
  /** Deadline of one run, ms. Default 5000. */
  readonly timeout?: number
  /** How often it is run in the background, ms; 0 for only when somebody asks. Default 30000. */
  readonly interval?: number
  /** How old a result may be and still be answered, ms. Default `interval` if that is given, else 1000. */
  readonly ttl?: number
  /** Worse results in a row before the state gets worse. Default 1. */
  readonly failAfter?: number
  /** Better results in a row before the state gets better. Default 1. */
  readonly recoverAfter?: number
  /** Which of `/livez`, `/readyz`, `/startupz` it counts for, or groups of your own (`/health/<group>`). Default readiness. */
  readonly groups?: readonly (ProbeGroup | (string & {}))[]
}

/** Groups with a path of their own. */
export type ProbeGroup = 'liveness' | 'readiness' | 'startup'

export type ResolvedCheckOptions = Required<CheckOptions>

const KNOWN: ReadonlySet<string> = new Set([
  'critical',
  'timeout',
  'interval',
  'ttl',
  'failAfter',
  'recoverAfter',
  'groups',
] satisfies (keyof CheckOptions)[])

const CHECK_NAME = /^[A-Za-z0-9_][\w.-]{0,63}$/
const GROUP_NAME = /^[A-Za-z0-9][\w.-]{0,63}$/
/** Longest delay that Node's timers keep; beyond it they fire at once. */
const MAX_DELAY = 2 ** 31 - 1

/** Throws when a check of the user's cannot bear this name, or is no function, or reaches outside from liveness. */
export function assertCheck(name: string, fn: CheckFn, { groups }: CheckOptions): void {
  if (typeof name !== 'string' || !CHECK_NAME.test(name) || name === 'overall') {
    throw new TypeError(
      `health check name is ${show(name)}; expected 1 to 64 letters, digits, "_", "-" or ".", and not "overall"`,
    )
  }
  if (typeof fn !== 'function') {
    throw new TypeError(`health check "${name}" is ${show(fn)}; expected a function`)
  }
  if (fn.outside === true && groups?.includes('liveness')) {
    throw new TypeError(
      `health check "${name}" reaches outside the process; expected a group other than "liveness": ` +
        `restarting this process cannot cure what it depends on`,
    )
  }
}

/** Fills in defaults; throws a TypeError or RangeError that names the check, the option, the value and what is accepted. */
export function resolveCheckOptions(
  name: string,
  options: CheckOptions,
  where: string = `health check "${name}"`,
): ResolvedCheckOptions {
  for (const key of Object.keys(options)) {
    if (!KNOWN.has(key)) {
      throw new TypeError(`${where}: unknown option "${key}"; expected one of ${[...KNOWN].join(', ')}`)
    }
  }
  const interval = delay(where, 'interval', options.interval ?? 30_000, 0)
  const groups = options.groups ?? ['readiness']
  if (!Array.isArray(groups) || !groups.every((group) => typeof group === 'string' && GROUP_NAME.test(group))) {
    throw new TypeError(`${where}: groups is ${show(groups)}; expected a list of names such as "readiness"`)
  }
  const critical = options.critical ?? true
  if (typeof critical !== 'boolean') {
    throw new TypeError(`${where}: critical is ${show(critical)}; expected true or false`)
  }
  return {
    critical,
    timeout: delay(where, 'timeout', options.timeout ?? 5000, 1),
    interval,
    ttl:
      options.ttl === Infinity ? Infinity : delay(where, 'ttl', options.ttl ?? (options.interval ? interval : 1000), 0),
    failAfter: count(where, 'failAfter', options.failAfter ?? 1),
    recoverAfter: count(where, 'recoverAfter', options.recoverAfter ?? 1),
    groups,
  }
}

function delay(where: string, key: string, value: number, least: number): number {
  if (typeof value === 'number' && value >= least && value <= MAX_DELAY) return value
  throw new RangeError(`${where}: ${key} is ${show(value)}; expected milliseconds from ${least} to ${MAX_DELAY}`)
}

function count(where: string, key: string, value: number): number {
  if (Number.isInteger(value) && value >= 1 && value <= 1000) return value
  throw new RangeError(`${where}: ${key} is ${show(value)}; expected an integer from 1 to 1000`)
}

/** Returns a value as an error message shows it. */
export function show(value: unknown): string {
  return typeof value === 'string' ? `"${value}"` : Array.isArray(value) ? JSON.stringify(value) : String(value)
}
