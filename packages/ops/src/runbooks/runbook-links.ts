import type { ResolvedOptions } from '../ops-options.ts'
import { runbookPanel } from './runbook-text.ts'

/** The dashboard that shows the runbooks: within Grafana a link to one always leads somewhere. */
export const RUNBOOKS_DASHBOARD = 'mcp-runbooks'

/** Where a runbook stands, in the repository as in an exported pack. */
export function runbookFile(alert: string): string {
  return `docs/runbooks/${alert}.md`
}

/** What an alert says of its runbook: the address given, else the one in Grafana if that is known, else the file. */
export function runbookOfAlert(alert: string, options: Pick<ResolvedOptions, 'runbooks' | 'grafana'>): string {
  const { grafana, runbooks } = options
  if (runbooks === undefined && grafana === undefined) return runbookFile(alert)
  return `${runbooks === undefined ? grafana : ''}${runbookInGrafana(alert, options)}`
}

/** Where a dashboard's link to a runbook leads. */
export function runbookInGrafana(alert: string, { runbooks }: Pick<ResolvedOptions, 'runbooks'>): string {
  if (runbooks !== undefined) return `${runbooks}/${alert}.md`
  return `/d/${RUNBOOKS_DASHBOARD}?viewPanel=panel-${runbookPanel(alert)}`
}
