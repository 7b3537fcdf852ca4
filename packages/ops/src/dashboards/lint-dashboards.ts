import { lintExpression } from '../promql/lint-expression.ts'
import { parseExpression } from '../promql/parse-expression.ts'
import { recordedSeries, ruleGroups } from '../rules/build-rules.ts'
import { isAlert } from '../rules/rule.ts'
import { thresholds } from '../thresholds.ts'
import { dashboardSpecs } from './dashboard-specs.ts'
import type { DashboardSpec, PanelSpec } from './panel-spec.ts'
import { unitProblems } from './panel-unit.ts'

/**
 * Returns what is wrong with dashboards: metrics or labels that do not exist, legends of labels that a query does not
 * keep, panels without unit or with another one than what they show, without description, counters without `$__rate_interval`, limits that are not their alert's.
 */
export function lintDashboards(specs: readonly DashboardSpec[] = dashboardSpecs): string[] {
  const recorded = recordedSeries()
  return specs.flatMap(({ rows, title }) => {
    const panels = rows.flatMap((row) => row.panels)
    const titles = panels.map((panel) => panel.title)
    const twice = titles
      .filter((each, index) => titles.indexOf(each) !== index)
      .map((each) => `${title} / ${each}: is there twice`)
    const problems = panels.flatMap((panel) =>
      panelProblems(panel, recorded).map((problem) => `${title} / ${panel.title}: ${problem}`),
    )
    return [...twice, ...problems]
  })
}

function panelProblems(panel: PanelSpec, recorded: ReadonlyMap<string, readonly string[]>): string[] {
  const { asWritten = false, description, queries, unit } = panel
  const problems: string[] = []
  if (unit.trim() === '') problems.push('has no unit')
  if (!description.endsWith('.')) problems.push('has no sentence that describes it')
  if (queries.length === 0) problems.push('shows nothing')
  for (const { expr, legend } of queries) {
    problems.push(...lintExpression(expr, { recorded }), ...legendProblems(expr, legend), ...unitProblems(expr, unit))
    const fixed = parseExpression(expr).selectors.filter(({ range }) => range !== '' && !range.startsWith('$__'))
    if (!asWritten && fixed.length > 0) problems.push(`reads ${fixed[0]?.range}: use $__rate_interval`)
  }
  return [...problems, ...limitProblems(panel)]
}

/** Labels in a legend that the outermost aggregation does not keep. */
function legendProblems(expr: string, legend: string): string[] {
  const kept = /^(?:sum|min|max|count|group|histogram_quantile\([\d.]+, sum) by \(([^)]*)\)/
    .exec(expr)?.[1]
    ?.split(/,\s*/)
  const all = /^(?:sum|min|max|count)\(/.test(expr) ? [] : kept
  if (all === undefined) return []
  const named = [...legend.matchAll(/\{\{(\w+)\}\}/g)].map(([, label = '']) => label)
  return named
    .filter((label) => !all.includes(label))
    .map((label) => `the legend shows ${label}, which the query drops`)
}

/** A limit is its alert's when another limit would make another alert. */
function limitProblems({ limit }: PanelSpec): string[] {
  if (limit === undefined) return []
  const expression = (value: number): string | undefined =>
    ruleGroups({ thresholds: { [limit.threshold]: value } })
      .flatMap((group) => group.rules)
      .filter(isAlert)
      .find(({ alert }) => alert === limit.alert)?.expr
  const own = thresholds[limit.threshold].default
  if (expression(own) === undefined) return [`there is no alert ${limit.alert}`]
  return expression(own) === expression(own * 2) ? [`${limit.alert} does not use the limit ${limit.threshold}`] : []
}
