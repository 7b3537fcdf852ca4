import type { RuleGroupOf } from './rule.ts'

/** Alerts on the telemetry itself: what is shown elsewhere may be missing something. */
export const telemetryRules: RuleGroupOf = () => ({
  name: 'mcp-telemetry',
  rules: [
    {
      alert: 'McpTelemetryExportFailing',
      expr: 'increase(mcp_telemetry_failed_exports_total[10m]) > 0',
      for: '10m',
      severity: 'warning',
      summary: 'Telemetry does not reach the collector',
      description:
        '{{ $value | printf "%.0f" }} exports of {{ $labels.signal }} of {{ $labels.instance }} failed within 10 minutes.',
      dashboard: 'mcp-telemetry',
    },
    {
      alert: 'McpTelemetryRecordsLost',
      // A collector that is slow fails no export, and still what exceeds the queue before it is dropped.
      expr: 'increase(mcp_telemetry_lost_records_total[10m]) > 0',
      for: '10m',
      severity: 'warning',
      summary: 'Spans or log records are lost',
      description:
        '{{ $value | printf "%.0f" }} records of {{ $labels.signal }} of {{ $labels.instance }} were lost within 10 minutes.',
      dashboard: 'mcp-telemetry',
    },
    {
      alert: 'McpTelemetryOverflow',
      expr: 'increase(mcp_telemetry_overflowed_records_total[1h]) > 0',
      for: '5m',
      severity: 'warning',
      summary: 'A metric has more series than the limit',
      description:
        '{{ $labels.instrument }} of {{ $labels.instance }} has reached the limit: {{ $value | printf "%.0f" }} records of the last hour went to the overflow series.',
      dashboard: 'mcp-telemetry',
    },
    {
      alert: 'McpTelemetryRecordsRefused',
      expr: 'increase(mcp_telemetry_refused_records_total[1h]) > 0',
      for: '5m',
      severity: 'info',
      summary: 'Measurements are refused',
      description:
        '{{ $value | printf "%.0f" }} records of {{ $labels.instrument }} of {{ $labels.instance }} were refused within an hour: {{ $labels.reason }}.',
      dashboard: 'mcp-telemetry',
    },
    {
      alert: 'McpTelemetryFaults',
      expr: 'increase(mcp_telemetry_faults_total[1h]) > 0',
      for: '5m',
      severity: 'info',
      summary: 'The telemetry itself has failed at something',
      description:
        '{{ $value | printf "%.0f" }} errors of the telemetry of {{ $labels.instance }} were caught within an hour, at {{ $labels.source }}: not all that happens is seen.',
      dashboard: 'mcp-telemetry',
    },
    {
      alert: 'McpLogRecordsDropped',
      expr: 'increase(mcp_telemetry_dropped_log_records_total[10m]) > 0',
      for: '5m',
      severity: 'warning',
      summary: 'Log records are lost',
      description: '{{ $labels.instance }} dropped {{ $value | printf "%.0f" }} log records within 10 minutes.',
      dashboard: 'mcp-telemetry',
    },
  ],
})
