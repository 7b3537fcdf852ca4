import { prometheusName, type Catalogue, type InstrumentSpec } from '@mcp/otel-core'

import { catalogues } from './catalogues.ts'

export const PROMETHEUS_TYPE = {
  counter: 'counter',
  observableCounter: 'counter',
  upDownCounter: 'gauge',
  observableUpDownCounter: 'gauge',
  gauge: 'gauge',
  observableGauge: 'gauge',
  histogram: 'histogram',
} as const

/** The guide's six first metrics, which the README shows. */
const GUIDE = [
  'mcp_requests_total',
  'mcp_request_duration_seconds',
  'mcp_plugin_executions_total',
  'mcp_plugin_execution_duration_seconds',
  'mcp_queue_size',
  'mcp_queue_wait_seconds',
]

/** The whole of docs/METRICS.md. */
export function metricsPage(): string {
  const sections = catalogues.map(
    ({ title, from, catalogue }) => `## ${title}\n\nFrom \`${from}\`.\n\n${table(Object.values(catalogue))}`,
  )
  return `# Metrics

<!-- Derived from the catalogues by \`npm run derive\`: change an \`instruments.ts\`, not this page. -->

On \`/metrics\` the Prometheus name; over OTLP the OpenTelemetry name, which a collector turns into the same Prometheus name.
A label written \`a|b\` takes just these values; other labels take the names that your code or routes have. A metric keeps at most
2000 series (\`MCP_OTEL_SERIES_LIMIT\`); what exceeds them is added up in one series with \`otel_metric_overflow="true"\`.
A page also has \`target_info\`, the resource (\`MCP_OTEL_TARGET_INFO\`), what your code records by OpenTelemetry's API, and
\`http_client_request_duration_seconds\`, which OpenTelemetry's own instrumentations of HTTP clients record.

${sections.join('\n')}${buckets(catalogues.map(({ catalogue }) => catalogue))}`
}

/** The README's table: the guide's six. */
export function guideTable(): string {
  const all = catalogues.flatMap(({ catalogue }) => Object.values(catalogue))
  const specs = GUIDE.map((name) => all.find((spec) => promName(spec) === name)).filter((spec) => spec !== undefined)
  return table(specs, labelNames)
}

function table(specs: readonly InstrumentSpec[], labelsOf = labels): string {
  const rows = specs.map(
    (spec) =>
      `| \`${promName(spec)}\` | ${PROMETHEUS_TYPE[spec.kind]} | ${labelsOf(spec)} | ${escapeCell(spec.help)} | \`${spec.name}\`, \`${spec.unit}\` |`,
  )
  return `| Prometheus | type | labels | help | OpenTelemetry name, unit |\n| --- | --- | --- | --- | --- |\n${rows.join('\n')}\n`
}

function labels({ attributes }: InstrumentSpec): string {
  const entries = Object.entries(attributes)
  if (entries.length === 0) return '–'
  return entries
    .map(([name, accepted]) => `\`${name}\`${typeof accepted === 'string' ? '' : ` (${accepted.join('\\|')})`}`)
    .join(', ')
}

function labelNames({ attributes }: InstrumentSpec): string {
  return Object.keys(attributes)
    .map((name) => `\`${name}\``)
    .join(', ')
}

function buckets(all: readonly Catalogue[]): string {
  const rows = all
    .flatMap((catalogue) => Object.values(catalogue))
    .filter((spec) => spec.buckets !== undefined)
    .map((spec) => `| \`${promName(spec)}\` | ${spec.buckets?.join(' ')} |`)
  return `\n## Buckets\n\n| histogram | upper bounds |\n| --- | --- |\n${rows.join('\n')}\n`
}

function promName(spec: InstrumentSpec): string {
  return prometheusName(spec.name, spec.unit, spec.kind)
}

function escapeCell(text: string): string {
  return text.replaceAll('|', '\\|')
}
