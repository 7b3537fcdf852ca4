import { resolveOptions, type OpsOptions, type ResolvedOptions } from '../ops-options.ts'
import { withSelector } from '../promql/with-selector.ts'
import { runbookOfAlert } from '../runbooks/runbook-links.ts'
import { guideRules } from './guide-rules.ts'
import { healthRules } from './health-rules.ts'
import { pluginRules } from './plugin-rules.ts'
import { queueRules } from './queue-rules.ts'
import { requestRules } from './request-rules.ts'
import { isAlert, type AlertingRule, type Rule, type RuleGroup, type RuleGroupOf } from './rule.ts'
import { telemetryRules } from './telemetry-rules.ts'

/** What a group records stands before the alerts that read it: a group's rules are evaluated one after the other. */
const GROUPS: readonly RuleGroupOf[] = [guideRules, requestRules, pluginRules, queueRules, healthRules, telemetryRules]

/** A rule file as Prometheus reads it. */
export interface RuleFile {
  readonly groups: readonly { readonly name: string; readonly rules: readonly PrometheusRule[] }[]
}

interface PrometheusRule {
  readonly record?: string
  readonly alert?: string
  readonly expr: string
  readonly for?: string
  readonly labels?: Readonly<Record<string, string>>
  readonly annotations?: Readonly<Record<string, string>>
}

/** Every group with its rules, for these options. */
export function ruleGroups(options: OpsOptions = {}): readonly RuleGroup[] {
  const { selector, thresholds } = resolveOptions(options)
  return GROUPS.map((group) => group(thresholds)).map(({ name, rules }) => ({
    name,
    rules: rules.map((rule) => ({ ...rule, expr: selected(rule.expr, selector) })),
  }))
}

/** Every alert, for these options. */
export function alertingRules(options: OpsOptions = {}): readonly AlertingRule[] {
  return ruleGroups(options).flatMap((group) => group.rules.filter(isAlert))
}

/** Series that recording rules make, with their labels. */
export function recordedSeries(): Map<string, readonly string[]> {
  const rules = ruleGroups().flatMap((group) => group.rules)
  return new Map(rules.flatMap((rule) => (isAlert(rule) ? [] : [[rule.record, rule.by]])))
}

/** The content of the rule file. */
export function buildRules(options: OpsOptions = {}): RuleFile {
  const resolved = resolveOptions(options)
  return {
    groups: ruleGroups(options).map(({ name, rules }) => ({
      name,
      rules: rules.map((rule) => prometheusRule(rule, resolved)),
    })),
  }
}

function prometheusRule(rule: Rule, options: ResolvedOptions): PrometheusRule {
  if (!isAlert(rule)) return { record: rule.record, expr: rule.expr }
  const { alert, dashboard, description, expr, for: pending, severity, summary } = rule
  const { grafana } = options
  return {
    alert,
    expr,
    for: pending,
    labels: { severity },
    annotations: {
      summary,
      description,
      runbook_url: runbookOfAlert(alert, options),
      ...(grafana === undefined ? {} : { dashboard_url: `${grafana}/d/${dashboard}?var-job={{ $labels.job }}` }),
    },
  }
}

/** A recorded series has the labels of its own rule only: what selects is in there already. */
function selected(expr: string, selector: string): string {
  return withSelector(expr, selector, (name) => !name.includes(':'))
}
