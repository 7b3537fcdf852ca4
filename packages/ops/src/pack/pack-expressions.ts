import { dashboardSpecs } from '../dashboards/dashboard-specs.ts'
import { ruleGroups } from '../rules/build-rules.ts'
import { isAlert } from '../rules/rule.ts'

/** An expression and where it stands. */
export interface PackExpression {
  /** `HighErrorRate`, or `MCP / Overview / Error Rate`. */
  readonly name: string
  readonly expr: string
}

/** Every expression of the rules and the panels, as it is without options. */
export function packExpressions(): readonly PackExpression[] {
  const rules = ruleGroups()
    .flatMap((group) => group.rules)
    .map((rule) => ({ name: isAlert(rule) ? rule.alert : rule.record, expr: rule.expr }))
  const panels = dashboardSpecs.flatMap(({ rows, title }) =>
    rows
      .flatMap((row) => row.panels)
      .flatMap((panel) => panel.queries.map(({ expr }) => ({ name: `${title} / ${panel.title}`, expr }))),
  )
  return [...rules, ...panels]
}
