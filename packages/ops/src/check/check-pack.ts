import { dashboardSpecs } from '../dashboards/dashboard-specs.ts'
import { panelExpression } from '../dashboards/panel-expression.ts'
import { resolveOptions, type OpsOptions } from '../ops-options.ts'
import { parseExpression } from '../promql/parse-expression.ts'
import { ruleGroups } from '../rules/build-rules.ts'
import { isAlert } from '../rules/rule.ts'
import { diagnoseSelector, type Diagnosis } from './diagnose-selector.ts'
import type { PrometheusClient } from './prometheus-client.ts'

/** One expression of the pack, and what it finds in a Prometheus. */
export interface Finding {
  readonly kind: 'alert' | 'recording' | 'panel'
  /** `HighErrorRate`, or `Overview / Error Rate`. */
  readonly name: string
  readonly expr: string
  /** Empty when there is data. */
  readonly problems: readonly Diagnosis[]
}

/** An expression to check; `isQuiet` when having no result is what is hoped for. */
interface Subject {
  readonly kind: Finding['kind']
  readonly name: string
  readonly expr: string
  readonly isQuiet: boolean
}

/** Asks a Prometheus whether every rule and every panel has data, and where not, why. */
export async function checkPack(client: PrometheusClient, options: OpsOptions = {}): Promise<readonly Finding[]> {
  const findings: Finding[] = []
  const known = new Map<string, Promise<Diagnosis | undefined>>()
  for (const subject of [...rules(options), ...panels(options)]) {
    const { expr, isQuiet, kind, name } = subject
    const problems: Diagnosis[] = []
    const { errors, selectors } = parseExpression(expr)
    for (const error of errors) problems.push({ reason: 'mismatch', detail: error })
    for (const selector of selectors) {
      const key = `${selector.text}[${selector.range}]`
      const asked = known.get(key) ?? diagnoseSelector(selector, client)
      known.set(key, asked)
      const diagnosis = await asked
      if (diagnosis !== undefined && !problems.some(({ detail }) => detail === diagnosis.detail))
        problems.push(diagnosis)
    }
    // One side of `or` may be empty; what counts is the whole.
    const hasData = !isQuiet && (await client.query(expr)).length > 0
    if (!isQuiet && !hasData && problems.length === 0) problems.push(IDLE)
    findings.push({ kind, name, expr, problems: hasData ? problems.filter(isFault) : problems })
  }
  return findings
}

const IDLE: Diagnosis = {
  reason: 'idle',
  detail: 'every series is there, and the expression has no result: too few samples yet, or nothing has happened',
}

/** What should not be, whatever the traffic. */
export function isFault({ reason }: Diagnosis): boolean {
  return reason !== 'idle'
}

function rules(options: OpsOptions): Subject[] {
  return ruleGroups(options)
    .flatMap((group) => group.rules)
    .map((rule) =>
      isAlert(rule)
        ? { kind: 'alert', name: rule.alert, expr: rule.expr, isQuiet: true }
        : { kind: 'recording', name: rule.record, expr: rule.expr, isQuiet: false },
    )
}

function panels(options: OpsOptions): Subject[] {
  const { selector } = resolveOptions(options)
  return dashboardSpecs.flatMap(({ rows, title }) =>
    rows
      .flatMap((row) => row.panels)
      .flatMap((panel) =>
        panel.queries.map(({ expr, legend }) => ({
          kind: 'panel' as const,
          name: `${title.replace('MCP / ', '')} / ${panel.title}${panel.queries.length > 1 ? ` (${legend})` : ''}`,
          expr: withoutVariables(panelExpression(expr, panel, selector)),
          isQuiet: false,
        })),
      ),
  )
}

/** What Grafana would ask: all jobs, instances and plugins, and a usual range. */
function withoutVariables(expr: string): string {
  return expr
    .replaceAll(/\w+=~"\$(?:job|instance|plugin)"(?:, )?/g, '')
    .replaceAll(/, (?=\})/g, '')
    .replaceAll('$__rate_interval', '5m')
    .replaceAll('$__range', '1h')
}
