import type { DashboardSpec } from './panel-spec.ts'

const calls = (matchers: string): string =>
  `sum by (plugin, command) (rate(mcp_plugin_executions_total${matchers}[$__rate_interval]))`

/** A tool is a command of a plugin: a server of the Model Context Protocol, or the guide's. */
export const mcpProtocol: DashboardSpec = {
  uid: 'mcp-protocol',
  title: 'MCP / MCP Protocol',
  description: 'Tools one by one: a tool that fails is a result of the protocol, which no HTTP status shows.',
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
  ],
}
