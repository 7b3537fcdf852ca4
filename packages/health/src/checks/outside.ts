import type { CheckFn } from '../check-options.ts'

/** Marks a check that depends on what is outside the process: liveness refuses it. */
export function outside(check: CheckFn): CheckFn {
  return Object.assign(check, { outside: true })
}
