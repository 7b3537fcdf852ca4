import { alertingRules, packFiles } from '@mcp/otel-ops'

/** Every runbook, with the head that follows from its alert, by its path in the repository. */
export function runbooks(): Record<string, () => string> {
  const files = Object.entries(packFiles()).filter(([file]) => file.startsWith('docs/runbooks/'))
  return Object.fromEntries(files.map(([file, text]) => [file, () => text]))
}

/** The whole of docs/runbooks/README.md. */
export function runbookIndex(): string {
  const rows = alertingRules().map(
    ({ alert, severity, summary }) => `| [${alert}](${alert}.md) | ${severity} | ${summary} |`,
  )
  return `# Runbooks

<!-- Derived from the rules by \`npm run derive\`: change packages/ops/src/rules, not this page. -->

One page for each alert: what it means, what to look at, what to do. An exported pack brings them along, with the limits that it
was exported with, and shows them in Grafana.

| alert | severity | summary |
| --- | --- | --- |
${rows.join('\n')}
`
}
