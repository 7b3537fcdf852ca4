/** How bad a finding is: `fail` makes the doctor's exit code 1. */
export type Status = 'ok' | 'warn' | 'fail'

/** One thing that the doctor looked at. */
export interface Finding {
  /** What was looked at, such as `load order` or `export traces`. */
  readonly check: string
  readonly status: Status
  /** What was found, in one sentence without a full stop. */
  readonly found: string
  /** What to do; only where something is not ok. */
  readonly remedy?: string
}

export function ok(check: string, found: string): Finding {
  return { check, status: 'ok', found }
}

export function warn(check: string, found: string, remedy: string): Finding {
  return { check, status: 'warn', found, remedy }
}

export function fail(check: string, found: string, remedy: string): Finding {
  return { check, status: 'fail', found, remedy }
}
