import type { DashboardBuilder } from '@grafana/grafana-foundation-sdk/dashboard'
import { DashboardLinkBuilder } from '@grafana/grafana-foundation-sdk/dashboard'
import { PanelBuilder, TextMode } from '@grafana/grafana-foundation-sdk/text'

import type { AlertingRule } from '../rules/rule.ts'
import { RUNBOOKS_DASHBOARD, runbookInGrafana } from '../runbooks/runbook-links.ts'
import { runbookPanel, runbookText } from '../runbooks/runbook-text.ts'

export const runbooksDashboard = {
  uid: RUNBOOKS_DASHBOARD,
  title: 'MCP / Runbooks',
  description: 'A page for each alert: what it means, what to look at, what to do.',
}

/** Adds a panel for each alert, with its runbook. */
export function addRunbooks(builder: DashboardBuilder, alerts: readonly AlertingRule[]): void {
  for (const rule of alerts) {
    builder.withPanel(
      new PanelBuilder()
        .id(runbookPanel(rule.alert))
        .title(rule.alert)
        .description(`${rule.summary}.`)
        .mode(TextMode.Markdown)
        .content(withinGrafana(runbookText(rule)))
        .links([new DashboardLinkBuilder('Dashboard').url(`/d/${rule.dashboard}`)])
        .span(12)
        .height(18),
    )
  }
}

/** The panel has the title already, comments are for those who change the file, and other runbooks are panels, too. */
function withinGrafana(text: string): string {
  return text
    .replace(/^# .*\n/, '')
    .replaceAll(/<!--.*?-->\n*/gs, '')
    .replaceAll(/\]\((\w+)\.md\)/g, (_, alert: string) => `](${runbookInGrafana(alert, { runbooks: undefined })})`)
    .trim()
}
