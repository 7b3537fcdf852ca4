import { show, type CheckResult } from './check-options.ts'
import { severityOf } from './status.ts'

/** One figure against its limits; what reaches a limit has passed it. */
export interface Threshold {
  readonly observed: number
  readonly degraded: number | undefined
  readonly unhealthy: number | undefined
  readonly unit: string
  /** Says in words that the limit is reached. */
  readonly say: (limit: number) => string
}

/** Judges one figure by its limits. */
export function judge({ observed, degraded, unhealthy, unit, say }: Threshold): CheckResult {
  if (unhealthy !== undefined && observed >= unhealthy)
    return { status: 'unhealthy', message: say(unhealthy), observed, unit }
  if (degraded !== undefined && observed >= degraded)
    return { status: 'degraded', message: say(degraded), observed, unit }
  return { status: 'healthy', observed, unit }
}

/** Judges several figures and returns the worst judgement, the first of equals. */
export function worseOf(first: Threshold, ...others: readonly Threshold[]): CheckResult {
  return others.map(judge).reduce((a, b) => (severityOf(b.status) > severityOf(a.status) ? b : a), judge(first))
}

/** Returns a ratio as `12.5 %`. */
export function percent(ratio: number): string {
  return `${Math.round(ratio * 1000) / 10} %`
}

/** What limits are accepted; a limit that is never reached by mistake would be a check that never fires. */
export type LimitKinds = Readonly<Record<string, 'share' | 'amount'>>

const ACCEPTED = { share: 'a share from 0 to 1', amount: 'a number from 0' } as const

/** Throws when a limit is wrong, or an option is neither a limit nor one of `others`; says where, the value and what is accepted. */
export function assertLimits(where: string, given: object, kinds: LimitKinds, others: readonly string[] = []): void {
  for (const [name, value] of Object.entries(given) as [string, unknown][]) {
    const kind = kinds[name]
    if (kind === undefined && !others.includes(name)) {
      const known = [...Object.keys(kinds), ...others].join(', ')
      throw new TypeError(`${where}: unknown option "${name}"; expected one of ${known}`)
    }
    if (kind === undefined || value === undefined || value === Infinity) continue
    if (typeof value !== 'number' || !(value >= 0) || (kind === 'share' && value > 1)) {
      throw new TypeError(`${where}: ${name} is ${show(value)}; expected ${ACCEPTED[kind]}, or Infinity for never`)
    }
  }
}
