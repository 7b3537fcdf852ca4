import { quantileBy, rateBy } from './expressions.ts'
import type { DashboardSpec } from './panel-spec.ts'

const executions = (matchers: string): string => rateBy('plugin', 'mcp_plugin_executions_total', matchers)

export const pluginPerformance: DashboardSpec = {
  uid: 'mcp-plugin-performance',
  title: 'MCP / Plugin Performance',
  description: 'Plugins and their queues: how often, how well, how fast, and how long jobs wait.',
  rows: [
    {
      title: 'Executions',
      panels: [
        {
          title: 'Execution Count',
          kind: 'stat',
          description: 'Executions in the chosen range, by plugin.',
          unit: 'short',
          queries: [
            {
              expr: 'sum by (plugin) (increase(mcp_plugin_executions_total[$__range]))',
              legend: '{{plugin}}',
              instant: true,
            },
          ],
          width: 12,
        },
        {
          title: 'Plugins Available',
          kind: 'stat',
          description: '1 when every instance has the plugin available, 0 when one has not.',
          unit: 'short',
          queries: [{ expr: 'min by (plugin) (mcp_plugin_up)', legend: '{{plugin}}' }],
          width: 12,
        },
        {
          title: 'Plugin Execution Rate',
          kind: 'timeseries',
          description: 'Executions per second by plugin, command and status.',
          unit: 'ops',
          queries: [{ expr: 'rate(mcp_plugin_executions_total[5m])', legend: '{{plugin}} {{command}}' }],
          asWritten: true,
        },
        {
          title: 'Success Rate',
          kind: 'timeseries',
          description: 'Share of the executions that succeed; those that callers cancelled are left out.',
          unit: 'percentunit',
          queries: [
            {
              expr: `${executions('{status="success"}')} / (${executions('{status!="cancelled"}')} > 0)`,
              legend: '{{plugin}}',
            },
          ],
          max: 1,
        },
        {
          title: 'Failures',
          kind: 'timeseries',
          description: 'Share of the executions that fail or time out.',
          unit: 'percentunit',
          queries: [{ expr: 'job_plugin:mcp_plugin_errors:ratio_rate5m', legend: '{{job}} {{plugin}}' }],
          limit: { threshold: 'pluginErrorRatio', alert: 'McpPluginErrorRatioHigh' },
        },
        {
          title: 'Duration',
          kind: 'timeseries',
          description: '95th percentile of the executions by plugin; the points are exemplars.',
          unit: 's',
          queries: [
            {
              expr: quantileBy('plugin', 'mcp_plugin_execution_duration_seconds'),
              legend: '{{plugin}}',
              exemplars: true,
            },
          ],
          limit: { threshold: 'pluginDuration', alert: 'McpPluginSlow' },
        },
        {
          title: 'Executions in Progress',
          kind: 'timeseries',
          description: 'Executions that run now, by plugin.',
          unit: 'short',
          queries: [{ expr: 'sum by (plugin) (mcp_plugin_active_executions)', legend: '{{plugin}}' }],
        },
        {
          title: 'Since Last Execution',
          kind: 'timeseries',
          description: 'Time since the last execution of the plugin ended.',
          unit: 's',
          queries: [
            {
              expr: 'time() - max by (plugin) (mcp_plugin_last_execution_timestamp_seconds)',
              legend: '{{plugin}}',
            },
          ],
        },
      ],
    },
    {
      title: 'Queues',
      panels: [
        {
          title: 'Queue Wait',
          kind: 'timeseries',
          description: '95th percentile of the time that jobs waited before they started.',
          unit: 's',
          queries: [{ expr: quantileBy('plugin', 'mcp_queue_wait_seconds'), legend: '{{plugin}}', exemplars: true }],
        },
        {
          title: 'Retry Wait',
          kind: 'timeseries',
          description:
            '95th percentile of the time that jobs waited for an attempt after the first, without the delay before it; empty where none is tried again.',
          unit: 's',
          queries: [
            { expr: quantileBy('plugin', 'mcp_queue_retry_wait_seconds'), legend: '{{plugin}}', exemplars: true },
          ],
        },
        {
          title: 'Oldest Job',
          kind: 'timeseries',
          description:
            'Age of the job that has waited longest: it grows while nothing is processed, when waits fall silent.',
          unit: 's',
          queries: [{ expr: 'job_plugin:mcp_queue_oldest_job_age_seconds:max', legend: '{{job}} {{plugin}}' }],
          limit: { threshold: 'queueAge', alert: 'McpQueueStuck' },
        },
        {
          title: 'Jobs Waiting',
          kind: 'timeseries',
          description: 'Jobs of all instances together; those of a shared queue are counted once.',
          unit: 'short',
          queries: [{ expr: 'job_plugin:mcp_queue_size:total', legend: '{{job}} {{plugin}}' }],
          limit: { threshold: 'queueSize', alert: 'McpQueueBacklog' },
        },
        {
          title: 'Processing Rate',
          kind: 'timeseries',
          description: 'Jobs per second that ended, by plugin and status.',
          unit: 'ops',
          queries: [
            {
              expr: rateBy('plugin, status', 'mcp_queue_jobs_total'),
              legend: '{{plugin}} {{status}}',
            },
          ],
        },
        {
          title: 'Run Time',
          kind: 'timeseries',
          description: '95th percentile of the time that jobs ran once they had left the queue.',
          unit: 's',
          queries: [{ expr: quantileBy('plugin', 'mcp_queue_run_seconds'), legend: '{{plugin}}' }],
        },
        {
          title: 'Jobs Running',
          kind: 'timeseries',
          description: 'Jobs that run now, all instances together; those of a shared queue are counted once.',
          unit: 'short',
          queries: [{ expr: 'job_plugin:mcp_queue_active_jobs:total', legend: '{{job}} {{plugin}}' }],
          width: 24,
        },
      ],
    },
  ],
}
