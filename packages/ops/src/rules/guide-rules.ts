import type { RuleGroupOf } from './rule.ts'

/** The three alerts of the monitoring guide, exactly as it writes them. */
export const guideRules: RuleGroupOf = ({ errorRate, queueSize, responseTime }) => ({
  name: 'mcp-guide',
  rules: [
    {
      alert: 'HighErrorRate',
      expr: `rate(mcp_requests_total{status=~"5.."}[5m]) > ${errorRate}`,
      for: '5m',
      severity: 'critical',
      summary: 'High error rate detected',
      description:
        '{{ $labels.method }} {{ $labels.endpoint }} of {{ $labels.instance }} answers {{ $value | printf "%.2f" }} times a second with {{ $labels.status }}.',
      dashboard: 'mcp-overview',
    },
    {
      alert: 'QueueBacklog',
      expr: `mcp_queue_size > ${queueSize}`,
      for: '10m',
      severity: 'warning',
      summary: 'Job queue is backing up',
      description: '{{ $value }} jobs wait for plugin {{ $labels.plugin }} of {{ $labels.instance }}.',
      dashboard: 'mcp-plugin-performance',
    },
    {
      alert: 'SlowResponses',
      expr: `histogram_quantile(0.95, rate(mcp_request_duration_seconds_bucket[5m])) > ${responseTime}`,
      for: '5m',
      severity: 'warning',
      summary: '95th percentile of requests are slow',
      description:
        'The 95th percentile of {{ $labels.method }} {{ $labels.endpoint }} of {{ $labels.instance }} is {{ $value | humanizeDuration }}.',
      dashboard: 'mcp-overview',
    },
  ],
})
