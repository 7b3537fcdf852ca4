import type { RecordingRule, RuleGroupOf } from './rule.ts'

/** Instances and plugins whose queue all instances see alike, each once, however many engines it has. */
const SHARED = 'max by (job, instance, plugin, scope) (mcp_queue_info{scope="shared"})'

/** A queue as a whole: what all instances see alike counts once, what each has of its own is added up. */
function total(metric: string): string {
  const shared = `max by (job, plugin, scope) (${metric} * on (job, instance, plugin) group_left (scope) ${SHARED})`
  const local = `sum by (job, plugin) (${metric} unless on (job, instance, plugin) ${SHARED})`
  return `sum by (job, plugin) (${shared} or ${local})`
}

const recordings: readonly RecordingRule[] = [
  { record: 'job_plugin:mcp_queue_size:total', expr: total('mcp_queue_size'), by: ['job', 'plugin'] },
  { record: 'job_plugin:mcp_queue_active_jobs:total', expr: total('mcp_queue_active_jobs'), by: ['job', 'plugin'] },
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
