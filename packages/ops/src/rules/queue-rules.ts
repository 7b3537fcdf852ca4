import type { RecordingRule, RuleGroupOf } from './rule.ts'

/** Series of queues that all instances see alike, and series of queues that each instance has of its own. */
const shared = (metric: string): string => `${metric} and on (job, instance, plugin) mcp_queue_info{scope="shared"}`
const local = (metric: string): string => `${metric} unless on (job, instance, plugin) mcp_queue_info{scope="shared"}`

/** Queues as a whole: the jobs of a shared queue are counted once, those of local ones are added up. */
const recordings: readonly RecordingRule[] = [
  {
    record: 'job_plugin:mcp_queue_size:total',
    expr: `max by (job, plugin) (${shared('mcp_queue_size')}) or sum by (job, plugin) (${local('mcp_queue_size')})`,
    by: ['job', 'plugin'],
  },
  {
    record: 'job_plugin:mcp_queue_oldest_job_age_seconds:max',
    // The oldest job of all is the oldest one of either kind.
    expr: 'max by (job, plugin) (mcp_queue_oldest_job_age_seconds)',
    by: ['job', 'plugin'],
  },
]

/** Alerts on queues as a whole. */
export const queueRules: RuleGroupOf = ({ queueAge, queueSize }) => ({
  name: 'mcp-queues',
  rules: [
    ...recordings,
    {
      alert: 'McpQueueBacklog',
      expr: `job_plugin:mcp_queue_size:total > ${queueSize}`,
      for: '10m',
      severity: 'warning',
      summary: 'Jobs of a plugin are backing up',
      description:
        '{{ $value }} jobs wait for plugin {{ $labels.plugin }} of {{ $labels.job }}, all instances together.',
      dashboard: 'mcp-plugin-performance',
    },
    {
      alert: 'McpQueueStuck',
      expr: `job_plugin:mcp_queue_oldest_job_age_seconds:max > ${queueAge}`,
      for: '5m',
      severity: 'critical',
      summary: 'A queue does not move',
      description:
        'The oldest job for plugin {{ $labels.plugin }} of {{ $labels.job }} has waited for {{ $value | humanizeDuration }}.',
      dashboard: 'mcp-plugin-performance',
    },
  ],
})
