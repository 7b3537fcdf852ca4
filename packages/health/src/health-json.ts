import type { CheckReport, HealthReport, PublicReport } from './report.ts'
import { publicView } from './report.ts'
import type { HealthStatus } from './status.ts'

type DraftStatus = 'pass' | 'warn' | 'fail'

/** One entry of the draft's `checks`. */
export interface DraftCheck {
  readonly componentType: 'component' | 'system'
  readonly status: DraftStatus
  readonly time: string
  readonly observedValue?: number
  readonly observedUnit?: string
  readonly output?: string
}

/** The body of `application/health+json`: the draft's words for the states, beside the usual fields. */
export interface HealthJson extends Omit<PublicReport, 'status'> {
  readonly status: DraftStatus
  readonly checks?: Readonly<Record<string, readonly DraftCheck[]>>
}

const DRAFT_STATUS: Readonly<Record<HealthStatus, DraftStatus>> = {
  healthy: 'pass',
  degraded: 'warn',
  unhealthy: 'fail',
}

/** Returns a report in the format of the IETF draft "Health Check Response Format for HTTP APIs" (draft-inadarei-api-health-check-06). */
export function reportToHealthJson(report: HealthReport | PublicReport): HealthJson {
  const { status, ...rest } = publicView(report)
  if (!('checks' in report)) return { status: DRAFT_STATUS[status], ...rest }
  const now = Date.now()
  const checks = new Map<string, DraftCheck[]>()
  const add = (name: string, { status: state, message, observed, unit, age = 0 }: Entry): void => {
    checks.set(name, [
      {
        componentType: SYSTEM.has(name) ? 'system' : 'component',
        status: DRAFT_STATUS[state],
        time: new Date(now - age * 1000).toISOString(),
        ...(observed !== undefined && { observedValue: observed }),
        ...(unit !== undefined && { observedUnit: unit }),
        ...(message !== undefined && { output: message }),
      },
    ])
  }
  for (const [name, plugin] of Object.entries(report.plugins)) add(`plugin:${name}`, plugin)
  for (const [name, queue] of Object.entries(report.queues)) add(`queue:${name}`, queue)
  for (const [name, check] of Object.entries(report.checks)) add(name, check)
  return { status: DRAFT_STATUS[status], ...rest, checks: Object.fromEntries(checks) }
}

type Entry = Pick<CheckReport, 'status'> & Partial<Pick<CheckReport, 'message' | 'observed' | 'unit' | 'age'>>

const SYSTEM: ReadonlySet<string> = new Set(['memory', 'event_loop'])
