import type { CheckResult } from '../check-options.ts'
import { severityOf } from '../status.ts'

/** Judges the named components, or all of them, and returns the worst judgement with the component's name in it. */
export function worstOf<T>(
  components: Readonly<Record<string, T>>,
  names: readonly string[] = Object.keys(components),
  judge: (component: T) => CheckResult,
): CheckResult {
  let worst: CheckResult = { status: 'healthy' }
  for (const name of names) {
    const component = components[name]
    const result: CheckResult =
      component === undefined ? { status: 'unhealthy', message: 'does not exist' } : judge(component)
    if (severityOf(result.status) > severityOf(worst.status))
      worst = { ...result, message: `${name}: ${result.message}` }
  }
  return worst
}
