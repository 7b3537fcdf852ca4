import { rateBy } from './expressions.ts'
import type { DashboardSpec } from './panel-spec.ts'

export const telemetry: DashboardSpec = {
  uid: 'mcp-telemetry',
  title: 'MCP / Telemetry',
  description: 'The telemetry itself: whether what the other dashboards show is complete.',
  rows: [
    {
      title: 'Metrics',
      panels: [
        {
          title: 'Series by Metric',
          kind: 'timeseries',
          description: 'Series in use; a metric that grows without end has a label with too many values.',
          unit: 'short',
          queries: [{ expr: 'sum by (instrument) (mcp_telemetry_series) > 0', legend: '{{instrument}}' }],
        },
        {
          title: 'Overflowed Records',
          kind: 'timeseries',
          description: 'Records per second that went to the overflow series, since the metric has reached its limit.',
          unit: 'ops',
          queries: [
            {
              expr: rateBy('instrument', 'mcp_telemetry_overflowed_records_total'),
              legend: '{{instrument}}',
            },
          ],
        },
        {
          title: 'Refused Records',
          kind: 'timeseries',
          description: 'Records per second that were refused, by metric and reason; empty when none ever was.',
          unit: 'ops',
          queries: [
            {
              expr: rateBy('instrument, reason', 'mcp_telemetry_refused_records_total'),
              legend: '{{instrument}} {{reason}}',
            },
          ],
        },
        {
          title: 'Duration of Scrapes',
          kind: 'timeseries',
          description: 'How long Prometheus takes to read the page.',
          unit: 's',
          queries: [
            {
              expr: 'scrape_duration_seconds and on (job, instance) mcp_build_info',
              legend: '{{instance}}',
            },
          ],
        },
      ],
    },
    {
      title: 'Export',
      panels: [
        {
          title: 'Failed Exports',
          kind: 'timeseries',
          description: 'Exports per second to the collector that failed, by signal.',
          unit: 'ops',
          queries: [
            {
              expr: rateBy('signal', 'mcp_telemetry_failed_exports_total'),
              legend: '{{signal}}',
            },
          ],
        },
        {
          title: 'Lost Records',
          kind: 'timeseries',
          description:
            'Spans and log records per second that did not reach the collector: their export failed, or the queue before it was full.',
          unit: 'ops',
          queries: [
            {
              expr: rateBy('signal', 'mcp_telemetry_lost_records_total'),
              legend: '{{signal}}',
            },
          ],
        },
        {
          title: 'Dropped Log Records',
          kind: 'timeseries',
          description: 'Log records per second that were dropped before they reached their destination.',
          unit: 'ops',
          queries: [
            {
              expr: rateBy('instance', 'mcp_telemetry_dropped_log_records_total'),
              legend: '{{instance}}',
            },
          ],
        },
        {
          title: 'Faults',
          kind: 'timeseries',
          description:
            'Errors per second of the telemetry itself, by where they arose; the application does not notice.',
          unit: 'ops',
          queries: [
            {
              expr: rateBy('source', 'mcp_telemetry_faults_total'),
              legend: '{{source}}',
            },
          ],
        },
        {
          title: 'Version',
          kind: 'stat',
          description: 'Instances by the version of @mcp/otel that observes them.',
          unit: 'short',
          queries: [{ expr: 'count by (version) (mcp_build_info)', legend: '{{version}}' }],
          width: 24,
        },
      ],
    },
  ],
}
