import type { RuleGroupOf } from './rule.ts'

/** Alerts on targets and their health; only what has been ours within a day is missed. */
export const healthRules: RuleGroupOf = () => ({
  name: 'mcp-health',
  rules: [
    {
      alert: 'McpServiceDown',
      // A server that pushes its metrics has no `up`, and is not missed here.
      expr: 'count by (job) (last_over_time(up[1d]) and on (job, instance) last_over_time(mcp_build_info[1d])) unless on (job) (up == 1)',
      for: '2m',
      severity: 'critical',
      summary: 'No instance of the service can be reached',
      description:
        'Prometheus reaches none of the instances of {{ $labels.job }}; within a day there were {{ $value }}.',
      dashboard: 'mcp-overview',
    },
    {
      alert: 'McpTargetDown',
      expr: 'up == 0 and on (job, instance) last_over_time(mcp_build_info[1d])',
      for: '2m',
      severity: 'critical',
      summary: 'An instance cannot be reached',
      description: 'Prometheus does not reach {{ $labels.instance }} of {{ $labels.job }}: up is {{ $value }}.',
      dashboard: 'mcp-system-health',
    },
    {
      alert: 'McpUnhealthy',
      expr: 'mcp_health_check_status{component="overall"} == 0',
      for: '2m',
      severity: 'critical',
      summary: 'An instance reports that it is unhealthy',
      description:
        '{{ $labels.instance }} of {{ $labels.job }} answers 503 on /health: its status is {{ $value }}, where 1 is healthy.',
      dashboard: 'mcp-system-health',
    },
    {
      alert: 'McpHealthCheckFailing',
      expr: 'mcp_health_check_status{component!="overall"} == 0',
      for: '5m',
      severity: 'warning',
      summary: 'A health check fails',
      description:
        'The check {{ $labels.component }} of {{ $labels.instance }} fails: its status is {{ $value }}, where 1 is healthy.',
      dashboard: 'mcp-system-health',
    },
  ],
})
