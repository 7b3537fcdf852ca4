import type { RecordingRule, RuleGroupOf } from './rule.ts'

const FAILED = 'status=~"error|timeout"'
/** A caller that goes away says nothing about the plugin. */
const ENDED = 'status!="cancelled"'

/** Executions by plugin, computed ahead for alerts and dashboards. */
function recordings(): RecordingRule[] {
  const ended = `sum by (job, plugin) (rate(mcp_plugin_executions_total{${ENDED}}[5m]))`
  const failed = `sum by (job, plugin) (rate(mcp_plugin_executions_total{${FAILED}}[5m]))`
  return [
    {
      record: 'job_plugin:mcp_plugin_errors:ratio_rate5m',
      expr: `(${failed} or 0 * ${ended}) / (${ended} > 0)`,
      by: ['job', 'plugin'],
    },
    {
      record: 'job_plugin:mcp_plugin_execution_duration_seconds:p95_5m',
      expr: 'histogram_quantile(0.95, sum by (job, plugin, le) (rate(mcp_plugin_execution_duration_seconds_bucket[5m])))',
      by: ['job', 'plugin'],
    },
  ]
}

/** Alerts on plugins and their commands; a tool that fails is a result, which no HTTP status shows. */
export const pluginRules: RuleGroupOf = ({ minExecutions, pluginDuration, pluginErrorRatio, toolErrorRatio }) => {
  const tool = 'sum by (job, plugin, command) (increase(mcp_plugin_executions_total'
  return {
    name: 'mcp-plugins',
    rules: [
      ...recordings(),
      {
        alert: 'McpPluginErrorRatioHigh',
        expr: `job_plugin:mcp_plugin_errors:ratio_rate5m > ${pluginErrorRatio} and sum by (job, plugin) (increase(mcp_plugin_executions_total{${ENDED}}[15m])) >= ${minExecutions}`,
        for: '5m',
        severity: 'warning',
        summary: 'A plugin fails often',
        description:
          '{{ $value | humanizePercentage }} of the executions of plugin {{ $labels.plugin }} of {{ $labels.job }} fail.',
        dashboard: 'mcp-plugin-performance',
      },
      {
        alert: 'McpToolFailing',
        expr: `${tool}{${FAILED}}[15m])) / (${tool}{${ENDED}}[15m])) >= ${minExecutions}) > ${toolErrorRatio}`,
        for: '5m',
        severity: 'warning',
        summary: 'A tool fails most of the time',
        description:
          '{{ $value | humanizePercentage }} of the calls of {{ $labels.command }} of plugin {{ $labels.plugin }} of {{ $labels.job }} fail.',
        dashboard: 'mcp-protocol',
      },
      {
        alert: 'McpPluginSlow',
        expr: `job_plugin:mcp_plugin_execution_duration_seconds:p95_5m > ${pluginDuration}`,
        for: '10m',
        severity: 'warning',
        summary: 'A plugin is slow',
        description:
          'The 95th percentile of the executions of plugin {{ $labels.plugin }} of {{ $labels.job }} is {{ $value | humanizeDuration }}.',
        dashboard: 'mcp-plugin-performance',
      },
      {
        alert: 'McpPluginDown',
        expr: 'mcp_plugin_up == 0',
        for: '5m',
        severity: 'critical',
        summary: 'A plugin is not available',
        description: 'Plugin {{ $labels.plugin }} of {{ $labels.instance }} is down: mcp_plugin_up is {{ $value }}.',
        dashboard: 'mcp-plugin-performance',
      },
    ],
  }
}
