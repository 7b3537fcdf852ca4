import generated from '../../generated/runbooks.json' with { type: 'json' }
import type { AlertingRule } from '../rules/rule.ts'

/** What people have written, by alert. */
const written: Readonly<Record<string, string>> = generated

/** Where the derived head of a runbook stands. */
const HEAD = /<!-- derive:alert -->.*?<!-- \/derive -->/s

/** The runbook of an alert as Markdown, with the expression and the limits that it has here. */
export function runbookText(rule: AlertingRule): string {
  const text = textOf(rule.alert)
  if (!HEAD.test(text))
    throw new Error(`docs/runbooks/${rule.alert}.md has no <!-- derive:alert --> … <!-- /derive -->`)
  return text.replace(HEAD, () => `<!-- derive:alert -->\n\n${head(rule)}\n<!-- /derive -->`)
}

/** Number of an alert's panel on the dashboard of the runbooks; the same as long as no runbook comes or goes. */
export function runbookPanel(alert: string): number {
  textOf(alert)
  return Object.keys(written).indexOf(alert) + 1
}

function textOf(alert: string): string {
  const text = written[alert]
  if (text === undefined) throw new Error(`the alert ${alert} has no runbook; expected docs/runbooks/${alert}.md`)
  return text
}

/** Whoever is woken starts here, and not on the page about all runbooks. */
const COMMANDS =
  'The commands are for the machine of the server, in the folder of its log, `mcp.log`. A server that does not serve `/metrics` and `/health` itself has\nthem on port 9464 in place of 5000.'

function head({ dashboard, expr, for: pending, severity, summary }: AlertingRule): string {
  return [
    `${summary}: **${severity}** after ${pending}, on the dashboard \`${dashboard}\`.`,
    `\`\`\`promql\n${expr}\n\`\`\``,
    `${COMMANDS}\n`,
  ].join('\n\n')
}
