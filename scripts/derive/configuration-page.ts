import { checkedVariables, listSettings, settings, type NamedSetting } from '@mcp/otel-core'

/** The whole of docs/CONFIGURATION.md. */
export function configurationPage(): string {
  const all = listSettings(settings)
  const ours = all.filter(({ setting }) => setting.env.some((name) => name.startsWith('MCP_OTEL_')))
  const standard = all.filter((entry) => !ours.includes(entry))
  return `# Configuration

<!-- Derived from the table of settings by \`npm run derive\`: change packages/core/src/config, not this page. -->

What counts, first to last: options of \`start()\`, OpenTelemetry's variables, ours, the configuration file, the default. An option is
named by its path: \`start({ endpoint: { port: 0 } })\`. A value that is not accepted is named on stderr with where it came from, together
with every other mistake, and the next that counts is used instead: the app always starts. \`npx mcp-otel config\` shows what is in force
and what set it.

## Configuration file

\`\`\`json
{
  "$schema": "./node_modules/@mcp/otel/schema.json",
  "endpoint": { "port": 0 },
  "metrics": { "seriesLimit": 5000 }
}
\`\`\`

\`mcp.otel.json\` beside the app's package.json (the nearest one with a name, going up from the entry file), or else in the working
directory; \`MCP_OTEL_CONFIG_FILE\` names another, and \`none\` reads none. It has the options below by their paths, and null leaves one
unset. The schema, \`@mcp/otel/schema.json\`, is also what \`npx mcp-otel config --schema\` prints: it refuses what is refused at the
start, but for hosts that no URL can have and for what is wrong only with settings taken together.

\`mcp.otel.ts\`, \`.mjs\`, \`.cjs\` and \`.js\` have the same as their default export, and what only code can give, such as
\`instrumentations\`, \`sdk\`, \`health\` and \`http.route\`:

\`\`\`ts
import type { StartOptions } from '@mcp/otel'

export default { serviceName: 'search', http: { ignore: ['/internal/*'] } } satisfies StartOptions
\`\`\`

They are loaded at once, before the app: a top-level \`await\` is refused, and what they import is loaded before the app's own modules.
Code is taken from beside the app's package.json or by \`MCP_OTEL_CONFIG_FILE\` alone, never from the working directory of whoever starts
a program. TypeScript needs a Node.js that strips types by itself: 22.18 or later.

## OpenTelemetry's own file

\`OTEL_CONFIG_FILE\` names a file of OpenTelemetry's declarative configuration, YAML of \`file_format\` 1.0 or 1.1, and it is handed to
\`startNodeSdk()\` of \`@opentelemetry/sdk-node\`, which reads a part of what the specification has. What applies: the providers of
traces, metrics and logs that it declares, its resource and its propagator; \`mcp_*\` come to its readers of metrics, and all of it is
flushed when the process ends. What does not: its \`log_level\` (\`OTEL_LOG_LEVEL\` counts), its resource on \`/metrics\` and \`/health\`, and
the test exports of \`mcp-otel doctor\`. The variables that it replaces, exporters, samplers, batches, limits, propagators, are not used
then, and those that are set are named. The endpoint, health, instrumentations and everything of ours stay as they are.

## Ours

${settingTable(ours)}
## OpenTelemetry's, with the meaning that its specification gives them

${settingTable(standard)}
## Variables that are no options

Most are read by OpenTelemetry itself; we check them and say when a value is wrong.

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
