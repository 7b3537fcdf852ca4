import { quantileBy, rateBy } from './expressions.ts'
import type { DashboardSpec, PanelSpec } from './panel-spec.ts'

const calls = (matchers: string): string => rateBy('plugin, command', 'mcp_plugin_executions_total', matchers)

/** What one side sees of its requests: how many, how many fail, and how long they take. */
function operations(noun: string, metric: string, seen: string): PanelSpec[] {
  return [
    {
      title: `${noun} by Method`,
      kind: 'timeseries',
      description: `Requests and notifications per second that ${seen}, by method.`,
      unit: 'ops',
      queries: [{ expr: rateBy('mcp_method_name', `${metric}_count`), legend: '{{mcp_method_name}}' }],
    },
    {
      title: `Failed ${noun} by Method`,
      kind: 'timeseries',
      description: 'Those that failed, by method and the kind of the error; `tool_error` is a result that says so.',
      unit: 'ops',
      queries: [
        {
          expr: rateBy('mcp_method_name, error_type', `${metric}_count`, '{error_type!=""}'),
          legend: '{{mcp_method_name}} {{error_type}}',
        },
      ],
    },
    {
      title: `Duration of ${noun} by Method`,
      kind: 'timeseries',
      description: `95th percentile of what ${seen}, by method; the points are exemplars.`,
      unit: 's',
      queries: [{ expr: quantileBy('mcp_method_name', metric), legend: '{{mcp_method_name}}', exemplars: true }],
    },
  ]
}

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
              expr: quantileBy('plugin, command', 'mcp_plugin_execution_duration_seconds'),
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
              expr: rateBy('status', 'mcp_plugin_executions_total'),
              legend: '{{status}}',
            },
          ],
          stack: true,
        },
      ],
    },
    {
      title: 'As Server',
      panels: operations('Requests', 'mcp_server_operation_duration_seconds', 'servers received'),
    },
    {
      title: 'As Client',
      panels: [
        ...operations('Calls', 'mcp_client_operation_duration_seconds', 'clients sent'),
        {
          title: 'Duration of Calls by Server',
          kind: 'timeseries',
          description: '95th percentile by the server that was called; one over standard input has no address.',
          unit: 's',
          queries: [
            {
              expr: quantileBy('server_address, server_port', 'mcp_client_operation_duration_seconds'),
              legend: '{{server_address}} {{server_port}}',
            },
          ],
        },
      ],
    },
    {
      title: 'Sessions and Messages',
      panels: [
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
          title: 'Sessions by Peer',
          kind: 'stat',
          description: 'Sessions that began in the chosen range, by what the other side calls itself.',
          unit: 'short',
          queries: [
            {
              expr: 'sum by (role, peer_name, peer_version) (increase(mcp_protocol_sessions_total[$__range]))',
              legend: '{{peer_name}} {{peer_version}}, this is the {{role}}',
              instant: true,
            },
          ],
        },
        {
          title: 'Duration of Sessions',
          kind: 'timeseries',
          description: '95th percentile of sessions that have ended, by the side that this process is.',
          unit: 's',
          queries: [
            { expr: quantileBy('', 'mcp_server_session_duration_seconds'), legend: 'as server' },
            { expr: quantileBy('', 'mcp_client_session_duration_seconds'), legend: 'as client' },
          ],
        },
        {
          title: 'Message Traffic',
          kind: 'timeseries',
          description: 'Bytes per second of messages as JSON text.',
          unit: 'Bps',
          queries: [
            {
              expr: rateBy('role, direction', 'mcp_protocol_message_bytes_total'),
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
              expr: rateBy('instance', 'mcp_protocol_stray_writes_total'),
              legend: '{{instance}}',
            },
          ],
        },
      ],
    },
  ],
}
