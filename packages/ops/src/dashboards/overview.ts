import { USERS } from '../rules/request-rules.ts'
import { quantileBy, rateBy } from './expressions.ts'
import type { DashboardSpec } from './panel-spec.ts'

const responseTime = (labels: string, share = 0.95): string =>
  quantileBy(labels, 'mcp_request_duration_seconds', `{${USERS}}`, share)

export const overview: DashboardSpec = {
  uid: 'mcp-overview',
  title: 'MCP / Overview',
  description: 'What users of the server get: requests, errors, response times, and jobs that wait.',
  rows: [
    {
      title: 'At a glance',
      panels: [
        {
          title: 'Instances',
          kind: 'stat',
          description: 'Instances that Prometheus reaches.',
          unit: 'short',
          queries: [{ expr: 'sum by (job) (up and on (job, instance) mcp_build_info)', legend: '{{job}}' }],
          width: 4,
        },
        {
          title: 'Requests',
          kind: 'stat',
          description: 'Requests per second, without probes and scrapes.',
          unit: 'reqps',
          queries: [{ expr: `sum(rate(mcp_requests_total{${USERS}}[$__rate_interval]))`, legend: 'requests' }],
          width: 5,
        },
        {
          title: 'Errors',
          kind: 'stat',
          description: 'Share of the requests that were answered with 5xx.',
          unit: 'percentunit',
          queries: [{ expr: 'max(job:mcp_request_errors:ratio_rate5m)', legend: 'errors' }],
          limit: { threshold: 'errorRatio', alert: 'McpErrorRatioHigh' },
          width: 5,
        },
        {
          title: '95th Percentile',
          kind: 'stat',
          description: 'Response time that 95 of 100 requests stay below.',
          unit: 's',
          queries: [{ expr: responseTime(''), legend: 'p95' }],
          limit: { threshold: 'responseTime', alert: 'SlowResponses' },
          width: 5,
        },
        {
          title: 'Jobs Waiting',
          kind: 'stat',
          description: 'Jobs in all queues; those of a shared queue are counted once.',
          unit: 'short',
          queries: [{ expr: 'sum(job_plugin:mcp_queue_size:total)', legend: 'jobs' }],
          limit: { threshold: 'queueSize', alert: 'McpQueueBacklog' },
          width: 5,
        },
      ],
    },
    {
      title: 'Requests',
      panels: [
        {
          title: 'Request Rate',
          kind: 'timeseries',
          description: 'Requests per second by method, route and status.',
          unit: 'reqps',
          queries: [{ expr: 'rate(mcp_requests_total[5m])', legend: '{{method}} {{endpoint}}' }],
          asWritten: true,
        },
        {
          title: 'Error Rate',
          kind: 'timeseries',
          description: 'Answers with 5xx per second by route and status.',
          unit: 'reqps',
          queries: [
            {
              expr: rateBy('method, endpoint, status', 'mcp_requests_total', '{status=~"5.."}'),
              legend: '{{method}} {{endpoint}} {{status}}',
            },
          ],
          limit: { threshold: 'errorRate', alert: 'HighErrorRate' },
        },
        {
          title: 'Response Time',
          kind: 'timeseries',
          description: 'Half, 95 and 99 of 100 requests are faster; the points are exemplars, which name their traces.',
          unit: 's',
          queries: [
            { expr: responseTime('', 0.5), legend: 'p50' },
            { expr: responseTime(''), legend: 'p95', exemplars: true },
            { expr: responseTime('', 0.99), legend: 'p99' },
          ],
          limit: { threshold: 'responseTime', alert: 'SlowResponses' },
        },
        {
          title: 'Response Time by Route',
          kind: 'timeseries',
          description: '95th percentile by method and route.',
          unit: 's',
          queries: [{ expr: responseTime('method, endpoint'), legend: '{{method}} {{endpoint}}' }],
          limit: { threshold: 'responseTime', alert: 'SlowResponses' },
        },
        {
          title: 'Requests in Progress',
          kind: 'timeseries',
          description: 'Requests that are being handled, and open connections.',
          unit: 'short',
          queries: [
            { expr: 'sum by (instance) (mcp_active_requests)', legend: 'requests {{instance}}' },
            { expr: 'sum by (instance) (mcp_active_connections)', legend: 'connections {{instance}}' },
          ],
        },
        {
          title: 'Errors by Source',
          kind: 'timeseries',
          description: 'Errors per second by where they arose and their class.',
          unit: 'ops',
          queries: [
            {
              expr: rateBy('source, type', 'mcp_errors_total'),
              legend: '{{source}} {{type}}',
            },
          ],
        },
      ],
    },
    {
      title: 'Objectives',
      panels: [
        {
          title: 'Error Ratio',
          kind: 'timeseries',
          description: 'Share of the requests that fail.',
          unit: 'percentunit',
          queries: [
            { expr: 'job:mcp_request_errors:ratio_rate5m', legend: '{{job}} 5 minutes' },
            { expr: 'job:mcp_request_errors:ratio_rate1h', legend: '{{job}} 1 hour' },
          ],
          limit: { threshold: 'errorRatio', alert: 'McpErrorRatioHigh' },
        },
        {
          title: 'Slow Requests',
          kind: 'timeseries',
          description: 'Share of the requests that take longer than the latency objective.',
          unit: 'percentunit',
          queries: [
            { expr: 'job:mcp_slow_requests:ratio_rate5m', legend: '{{job}} 5 minutes' },
            { expr: 'job:mcp_slow_requests:ratio_rate1h', legend: '{{job}} 1 hour' },
          ],
          limit: { threshold: 'latencyBudget', alert: 'McpLatencyBudgetBurnSlow' },
        },
      ],
    },
    {
      title: 'Queues',
      panels: [
        {
          title: 'Queue Size',
          kind: 'gauge',
          description: 'Jobs that wait, by plugin.',
          unit: 'short',
          queries: [{ expr: 'mcp_queue_size', legend: '{{plugin}}' }],
          limit: { threshold: 'queueSize', alert: 'QueueBacklog' },
          asWritten: true,
          width: 24,
        },
      ],
    },
  ],
}
