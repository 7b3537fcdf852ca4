import {
  DashboardBuilder,
  DashboardCursorSync,
  DashboardLinkBuilder,
  DashboardLinkType,
  DatasourceVariableBuilder,
  QueryVariableBuilder,
  RowBuilder,
  VariableRefresh,
  VariableSort,
  type Dashboard,
} from '@grafana/grafana-foundation-sdk/dashboard'

import { resolveOptions, type OpsOptions, type ResolvedOptions } from '../ops-options.ts'
import { buildPanel, DATASOURCE } from './build-panel.ts'
import { dashboardSpecs } from './dashboard-specs.ts'
import type { DashboardSpec } from './panel-spec.ts'

const TAG = 'mcp'

/** Every dashboard as Grafana's JSON, by its uid. */
export function buildDashboards(options: OpsOptions = {}): Readonly<Record<string, object>> {
  const resolved = resolveOptions(options)
  return Object.fromEntries(dashboardSpecs.map((spec) => [spec.uid, buildDashboard(spec, resolved)]))
}

function buildDashboard({ description, rows, title, uid }: DashboardSpec, options: ResolvedOptions): object {
  const builder = new DashboardBuilder(title)
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
        .url(options.runbooks)
        .targetBlank(true),
      new DashboardLinkBuilder('Logs').type(DashboardLinkType.Link).icon('info').url(options.logs).keepTime(true),
    ])
    .variables(variables(options))
  let id = 0
  for (const row of rows) {
    builder.withRow(new RowBuilder(row.title).id(++id))
    for (const panel of row.panels) builder.withPanel(buildPanel(panel, options).id(++id))
  }
  return withoutIntervals(builder.build())
}

/** The SDK gives every variable what only one of intervals has, which Grafana's schema does not know of the others. */
function withoutIntervals(dashboard: Dashboard): Dashboard {
  const list = dashboard.templating?.list?.map((variable) => {
    const { auto: _auto, auto_count: _count, auto_min: _min, ...rest } = variable
    return rest
  })
  return { ...dashboard, templating: list === undefined ? {} : { list } }
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
