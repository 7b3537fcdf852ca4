import {
  BigValueTextMode,
  GraphThresholdsStyleMode,
  LegendDisplayMode,
  LegendPlacement,
  StackingMode,
  TooltipDisplayMode,
} from '@grafana/grafana-foundation-sdk/common'
import {
  GraphThresholdsStyleConfigBuilder,
  StackingConfigBuilder,
  VizLegendOptionsBuilder,
  VizTooltipOptionsBuilder,
} from '@grafana/grafana-foundation-sdk/common'
import {
  DashboardLinkBuilder,
  ThresholdsConfigBuilder,
  ThresholdsMode,
} from '@grafana/grafana-foundation-sdk/dashboard'
import { PanelBuilder as GaugeBuilder } from '@grafana/grafana-foundation-sdk/gauge'
import { DataqueryBuilder } from '@grafana/grafana-foundation-sdk/prometheus'
import { PanelBuilder as StatBuilder } from '@grafana/grafana-foundation-sdk/stat'
import { PanelBuilder as TimeseriesBuilder } from '@grafana/grafana-foundation-sdk/timeseries'

import type { ResolvedOptions } from '../ops-options.ts'
import { runbookInGrafana } from '../runbooks/runbook-links.ts'
import { panelExpression } from './panel-expression.ts'
import type { PanelSpec } from './panel-spec.ts'

/** Whatever the reader has chosen above the dashboard. */
export const DATASOURCE = { type: 'prometheus', uid: '${datasource}' }

/** A builder of a panel, of whichever kind. */
export type PanelBuilder = TimeseriesBuilder | StatBuilder | GaugeBuilder

/** One panel of Grafana. */
export function buildPanel(spec: PanelSpec, options: ResolvedOptions): PanelBuilder {
  const { description, limit, max, queries, title, unit, width = 12 } = spec
  const panel = visualization(spec)
    .title(title)
    .description(description)
    .datasource(DATASOURCE)
    .unit(unit)
    .min(0)
    .span(width)
    .height(8)
  if (max !== undefined) panel.max(max)
  for (const [index, { exemplars = false, expr, instant = false, legend }] of queries.entries()) {
    const query = new DataqueryBuilder()
      .datasource(DATASOURCE)
      .refId(String.fromCodePoint('A'.codePointAt(0)! + index))
      .expr(panelExpression(expr, spec, options.selector))
      .legendFormat(legend)
      .exemplar(exemplars)
    panel.withTarget(instant ? query.instant() : query.range())
  }
  const steps = [{ value: null, color: 'green' }]
  if (limit === undefined)
    return panel.thresholds(new ThresholdsConfigBuilder().mode(ThresholdsMode.Absolute).steps(steps))
  const { alert, threshold } = limit
  return panel
    .thresholds(
      new ThresholdsConfigBuilder()
        .mode(ThresholdsMode.Absolute)
        .steps([...steps, { value: options.thresholds[threshold], color: 'red' }]),
    )
    .links([new DashboardLinkBuilder(`Runbook: ${alert}`).url(runbookInGrafana(alert, options)).targetBlank(true)])
}

function visualization({ kind, limit, stack = false }: PanelSpec): PanelBuilder {
  if (kind === 'gauge') return new GaugeBuilder()
  if (kind === 'stat') return new StatBuilder().textMode(BigValueTextMode.ValueAndName)
  const panel = new TimeseriesBuilder()
    .fillOpacity(stack ? 30 : 5)
    .legend(
      new VizLegendOptionsBuilder()
        .displayMode(LegendDisplayMode.Table)
        .placement(LegendPlacement.Bottom)
        .showLegend(true)
        .calcs(['lastNotNull', 'max']),
    )
    .tooltip(new VizTooltipOptionsBuilder().mode(TooltipDisplayMode.Multi))
  if (stack) panel.stacking(new StackingConfigBuilder().mode(StackingMode.Normal))
  if (limit !== undefined) {
    panel.thresholdsStyle(new GraphThresholdsStyleConfigBuilder().mode(GraphThresholdsStyleMode.Dashed))
  }
  return panel
}
