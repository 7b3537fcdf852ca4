import { buildDashboards } from '../dashboards/build-dashboards.ts'
import { layoutProblems } from '../dashboards/layout.ts'
import { lintDashboards } from '../dashboards/lint-dashboards.ts'
import { lintExpression } from '../promql/lint-expression.ts'
import { recordedSeries, ruleGroups } from '../rules/build-rules.ts'
import { isAlert } from '../rules/rule.ts'

/** What is wrong with rules and dashboards against the catalogues, each with where it stands; empty when all is well. */
export function packProblems(): readonly string[] {
  const recorded = recordedSeries()
  const rules = ruleGroups()
    .flatMap((group) => group.rules)
    .flatMap((rule) => lintExpression(rule.expr, { recorded }).map((problem) => `${nameOf(rule)}: ${problem}`))
  const layouts = Object.values(buildDashboards() as Record<string, Parameters<typeof layoutProblems>[0]>)
  return [...rules, ...lintDashboards(), ...layouts.flatMap(layoutProblems)]
}

function nameOf(rule: Parameters<typeof isAlert>[0]): string {
  return isAlert(rule) ? rule.alert : rule.record
}
