import { checkedVariables, listSettings, settings, type NamedSetting } from '@mcp/otel-core'

/** The whole of docs/CONFIGURATION.md. */
export function configurationPage(): string {
  const all = listSettings(settings)
  const ours = all.filter(({ setting }) => setting.env.some((name) => name.startsWith('MCP_OTEL_')))
  const standard = all.filter((entry) => !ours.includes(entry))
  return `# Configuration

<!-- Derived from the table of settings by \`npm run derive\`: change packages/core/src/config, not this page. -->

Options of \`start()\` beat the environment; an option is named by its path: \`start({ endpoint: { port: 0 } })\`. A value that is not
accepted is named on stderr, together with every other mistake, and the default is used instead: the app always starts.

## Ours

${settingTable(ours)}
## OpenTelemetry's, with the meaning that its specification gives them

${settingTable(standard)}
## Read by OpenTelemetry itself

We check these and say when a value is wrong.

| variable | accepts | otherwise | what it does |
| --- | --- | --- | --- |
${checkedVariables.map(({ name, kind, otherwise, doc }) => `| \`${name}\` | ${cell(kind.accepts)} | ${cell(otherwise)} | ${cell(doc)} |`).join('\n')}
`
}

function settingTable(entries: readonly NamedSetting[]): string {
  const rows = entries.map(({ path, setting }) => {
    const names = setting.env.map((name) => `\`${name}\``).join(' or ') || '–'
    return `| ${names} | \`${path}\` | ${cell(setting.kind.accepts)} | ${cell(defaultOf(setting))} | ${cell(setting.doc)} |`
  })
  return `| variable | option | accepts | default | what it does |\n| --- | --- | --- | --- | --- |\n${rows.join('\n')}\n`
}

function defaultOf({ defaultText, default: value, kind }: NamedSetting['setting']): string {
  if (defaultText !== undefined) return defaultText
  return value === undefined || value === null ? 'none' : kind.show(value) || 'none'
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|')
}
