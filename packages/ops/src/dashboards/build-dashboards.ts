import {
  DashboardBuilder,
  DashboardCursorSync,
  DashboardLinkBuilder,
  DashboardLinkPlacement,
  DashboardLinkType,
  DatasourceVariableBuilder,
  QueryVariableBuilder,
  RowBuilder,
  VariableRefresh,
  VariableSort,
} from '@grafana/grafana-foundation-sdk/dashboard'

import { resolveOptions, type OpsOptions, type ResolvedOptions } from '../ops-options.ts'
import { alertingRules } from '../rules/build-rules.ts'
import { RUNBOOKS_DASHBOARD } from '../runbooks/runbook-links.ts'
import { buildPanel, DATASOURCE } from './build-panel.ts'
import { dashboardSpecs } from './dashboard-specs.ts'
import type { DashboardSpec } from './panel-spec.ts'
import { addRunbooks, runbooksDashboard } from './runbooks-dashboard.ts'

const TAG = 'mcp'

/** Every dashboard as Grafana's JSON, by its uid. */
export function buildDashboards(options: OpsOptions = {}): Readonly<Record<string, object>> {
  const resolved = resolveOptions(options)
  const built = Object.fromEntries(dashboardSpecs.map((spec) => [spec.uid, buildDashboard(spec, resolved)]))
  const runbooks = emptyDashboard(runbooksDashboard, resolved)
  addRunbooks(runbooks, alertingRules(options))
  return { ...built, [RUNBOOKS_DASHBOARD]: finished(runbooks) }
}

function buildDashboard(spec: DashboardSpec, options: ResolvedOptions): object {
  const builder = emptyDashboard(spec, options).variables(variables(options))
  let id = 0
  for (const row of spec.rows) {
    builder.withRow(new RowBuilder(row.title).id(++id))
    for (const panel of row.panels) builder.withPanel(buildPanel(panel, options).id(++id))
  }
  return finished(builder)
}

/** What all dashboards have: the links, and how they look. */
function emptyDashboard(
  { description, title, uid }: Omit<DashboardSpec, 'rows'>,
  options: ResolvedOptions,
): DashboardBuilder {
  return new DashboardBuilder(title)
    .uid(uid)
    .description(description)
    .tags([TAG])
    .editable()
    .tooltip(DashboardCursorSync.Crosshair)
    .time({ from: 'now-1h', to: 'now' })
    .refresh('30s')
    .timezone('browser')
    .links([
      new DashboardLinkBuilder('MCP')
        .type(DashboardLinkType.Dashboards)
        .tags([TAG])
        .asDropdown(true)
        .includeVars(true)
        .keepTime(true),
      new DashboardLinkBuilder('Runbooks')
        .type(DashboardLinkType.Link)
        .icon('doc')
        .url(options.runbooks ?? `/d/${RUNBOOKS_DASHBOARD}`)
        .targetBlank(true),
      new DashboardLinkBuilder('Logs').type(DashboardLinkType.Link).icon('info').url(options.logs).keepTime(true),
    ])
}

/**
 * What nobody asked for: the SDK gives every variable what only one of intervals has, which Grafana's schema does not know
 * of the others, and hides every link in a menu.
 */
function isUnasked(key: string, value: unknown): boolean {
  return ['auto', 'auto_count', 'auto_min'].includes(key) || value === DashboardLinkPlacement.InControlsMenu
}

function finished(builder: DashboardBuilder): object {
  const text = JSON.stringify(builder.build(), (key, value: unknown) => (isUnasked(key, value) ? undefined : value))
  return JSON.parse(text) as object
}

function variables({ datasource, selector }: ResolvedOptions) {
  const chosen = new DatasourceVariableBuilder('datasource').label('Data source').type('prometheus')
  if (datasource !== undefined) chosen.current({ text: datasource, value: datasource })
  const also = selector === '' ? '' : `, ${selector}`
  return [
    chosen,
    labelValues('job', 'Job', `mcp_build_info{job=~".+"${also}}`),
    labelValues('instance', 'Instance', `mcp_build_info{job=~"$job"${also}}`),
    labelValues('plugin', 'Plugin', `mcp_plugin_up{job=~"$job", instance=~"$instance"${also}}`),
  ]
}

function labelValues(name: string, label: string, series: string): QueryVariableBuilder {
  return (
    new QueryVariableBuilder(name)
      // oxlint-disable-next-line unicorn/no-array-sort -- it is the builder's own
      .sort(VariableSort.AlphabeticalAsc)
      .label(label)
      .datasource(DATASOURCE)
      .query(`label_values(${series}, ${name})`)
      .refresh(VariableRefresh.OnTimeRangeChanged)
      .multi(true)
      .includeAll(true)
      .allValue('.*')
      .current({ text: 'All', value: '$__all' })
  )
}
