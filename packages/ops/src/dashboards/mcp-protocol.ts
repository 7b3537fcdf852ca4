import type { DashboardSpec } from './panel-spec.ts'

const calls = (matchers: string): string =>
  `sum by (plugin, command) (rate(mcp_plugin_executions_total${matchers}[$__rate_interval]))`

/** A tool is a command of a plugin: a server of the Model Context Protocol, or the guide's. */
export const mcpProtocol: DashboardSpec = {
  uid: 'mcp-protocol',
  title: 'MCP / MCP Protocol',
  description:
    'The Model Context Protocol, and tools one by one: a tool that fails is a result, which no HTTP status shows.',
  rows: [
    {
      title: 'Tools',
      panels: [
        {
          title: 'Tool Calls',
          kind: 'timeseries',
          description: 'Calls per second by server and tool.',
          unit: 'ops',
          queries: [{ expr: calls(''), legend: '{{plugin}} {{command}}' }],
        },
        {
          title: 'Failing Tools',
          kind: 'timeseries',
          description: 'Share of the calls of a tool that fail or time out.',
          unit: 'percentunit',
          queries: [
            {
              expr: `${calls('{status=~"error|timeout"}')} / (${calls('{status!="cancelled"}')} > 0)`,
              legend: '{{plugin}} {{command}}',
            },
          ],
          limit: { threshold: 'toolErrorRatio', alert: 'McpToolFailing' },
          max: 1,
        },
        {
          title: 'Duration of Tool Calls',
          kind: 'timeseries',
          description: '95th percentile by server and tool; the points are exemplars.',
          unit: 's',
          queries: [
            {
              expr: 'histogram_quantile(0.95, sum by (plugin, command, le) (rate(mcp_plugin_execution_duration_seconds_bucket[$__rate_interval])))',
              legend: '{{plugin}} {{command}}',
              exemplars: true,
            },
          ],
          limit: { threshold: 'pluginDuration', alert: 'McpPluginSlow' },
        },
        {
          title: 'Calls by Outcome',
          kind: 'timeseries',
          description: 'Calls per second by how they ended.',
          unit: 'ops',
          queries: [
            {
              expr: 'sum by (status) (rate(mcp_plugin_executions_total[$__rate_interval]))',
              legend: '{{status}}',
            },
          ],
          stack: true,
        },
      ],
    },
    {
      title: 'Protocol',
      panels: [
        {
          title: 'Requests by Method',
          kind: 'timeseries',
          description: 'Requests and notifications per second that servers received, by method.',
          unit: 'ops',
          queries: [
            {
              expr: 'sum by (mcp_method_name) (rate(mcp_server_operation_duration_seconds_count[$__rate_interval]))',
              legend: '{{mcp_method_name}}',
            },
          ],
        },
        {
          title: 'Failed Requests by Method',
          kind: 'timeseries',
          description: 'Those that failed, by method and the kind of the error; `tool_error` is a result that says so.',
          unit: 'ops',
          queries: [
            {
              expr: 'sum by (mcp_method_name, error_type) (rate(mcp_server_operation_duration_seconds_count{error_type!=""}[$__rate_interval]))',
              legend: '{{mcp_method_name}} {{error_type}}',
            },
          ],
        },
        {
          title: 'Duration by Method',
          kind: 'timeseries',
          description: '95th percentile of what servers received, by method; the points are exemplars.',
          unit: 's',
          queries: [
            {
              expr: 'histogram_quantile(0.95, sum by (mcp_method_name, le) (rate(mcp_server_operation_duration_seconds_bucket[$__rate_interval])))',
              legend: '{{mcp_method_name}}',
              exemplars: true,
            },
          ],
        },
        {
          title: 'Sessions and Requests in Progress',
          kind: 'timeseries',
          description: 'Open sessions, and requests without an answer, by the side that this process is.',
          unit: 'short',
          queries: [
            { expr: 'sum by (role) (mcp_protocol_active_sessions)', legend: 'sessions as {{role}}' },
            { expr: 'sum by (role) (mcp_protocol_active_requests)', legend: 'requests as {{role}}' },
          ],
        },
        {
          title: 'Message Traffic',
          kind: 'timeseries',
          description: 'Bytes per second of messages as JSON text.',
          unit: 'Bps',
          queries: [
            {
              expr: 'sum by (role, direction) (rate(mcp_protocol_message_bytes_total[$__rate_interval]))',
              legend: '{{direction}} as {{role}}',
            },
          ],
        },
        {
          title: 'Stray Writes',
          kind: 'timeseries',
          description:
            'Writes to standard output that were no messages: they would have broken the protocol, and were moved.',
          unit: 'ops',
          queries: [
            {
              expr: 'sum by (instance) (rate(mcp_protocol_stray_writes_total[$__rate_interval]))',
              legend: '{{instance}}',
            },
          ],
        },
      ],
    },
  ],
}
