import { alertingRules } from '@mcp/otel-ops'

/** Every alert with what stands at the head of its runbook. */
export function runbookHeads(): ReadonlyMap<string, string> {
  return new Map(
    alertingRules().map(({ alert, dashboard, expr, for: pending, severity, summary }) => [
      alert,
      `${summary}: **${severity}** after ${pending}, on the dashboard \`${dashboard}\`.\n\n\`\`\`promql\n${expr}\n\`\`\`\n`,
    ]),
  )
}

/** The whole of docs/runbooks/README.md. */
export function runbookIndex(): string {
  const rows = alertingRules().map(
    ({ alert, severity, summary }) => `| [${alert}](${alert}.md) | ${severity} | ${summary} |`,
  )
  return `# Runbooks

<!-- Derived from the rules by \`npm run derive\`: change packages/ops/src/rules, not this page. -->

One page for each alert: what it means, what to look at, what to do. The commands are for the server's own machine; \`mcp.log\` is its log.

| alert | severity | summary |
| --- | --- | --- |
${rows.join('\n')}
`
}
