/** A moment at which series have these values, and what a recorded series then is. */
export interface RecordingCase {
  readonly record: string
  readonly title: string
  /** By series, values as promtool reads them, one a minute. */
  readonly series: Readonly<Record<string, string>>
  /** By series, its value after ten minutes; nothing when the list is empty. */
  readonly is: Readonly<Record<string, number>>
}

const INSTANCES = ['a', 'b', 'c', 'd']

/** What one instance says of its queue of the plugin `words`. */
function queue(metric: string, value: number, instance: string, scopes: readonly string[], engine = 'bullmq') {
  const labels = `job="mcp",instance="${instance}:9464",plugin="words"`
  return {
    [`${metric}{${labels}}`]: `${value}x10`,
    ...Object.fromEntries(
      scopes.map((scope) => [`mcp_queue_info{${labels},scope="${scope}",engine="${engine}"}`, '1x10']),
    ),
  }
}

const seenBy = (instances: readonly string[], metric: string, value: number, scope: string): Record<string, string> =>
  Object.assign({}, ...instances.map((instance) => queue(metric, value, instance, [scope]))) as Record<string, string>

const SIZE = 'job_plugin:mcp_queue_size:total'
const ACTIVE = 'job_plugin:mcp_queue_active_jobs:total'
const words = (record: string, value: number): Record<string, number> => ({
  [`${record}{job="mcp", plugin="words"}`]: value,
})

export const recordingCases: readonly RecordingCase[] = [
  {
    record: SIZE,
    title: 'four processes that see the same 60 jobs of a shared queue see 60 jobs',
    series: seenBy(INSTANCES, 'mcp_queue_size', 60, 'shared'),
    is: words(SIZE, 60),
  },
  {
    record: SIZE,
    title: 'four processes that have 60 jobs each in local queues have 240',
    series: seenBy(INSTANCES, 'mcp_queue_size', 60, 'local'),
    is: words(SIZE, 240),
  },
  {
    record: SIZE,
    title: 'what is shared and what is local are added up: 60 jobs that two see, and 50 and 7 of two others',
    series: {
      ...seenBy(['a', 'b'], 'mcp_queue_size', 60, 'shared'),
      ...queue('mcp_queue_size', 50, 'c', ['local'], 'fastq'),
      ...queue('mcp_queue_size', 7, 'd', ['local'], 'fastq'),
    },
    is: words(SIZE, 117),
  },
  {
    record: SIZE,
    title: 'a process looks a moment later than another one: the larger figure counts',
    series: { ...queue('mcp_queue_size', 60, 'a', ['shared']), ...queue('mcp_queue_size', 58, 'b', ['shared']) },
    is: words(SIZE, 60),
  },
  {
    record: SIZE,
    title: 'a plugin has shared queues of two engines in one process',
    series: {
      ...queue('mcp_queue_size', 60, 'a', ['shared'], 'bullmq'),
      ...queue('mcp_queue_size', 60, 'a', ['shared'], 'amqplib'),
    },
    is: words(SIZE, 60),
  },
  {
    record: SIZE,
    title: 'a queue of which no scope is told is local',
    series: { ...queue('mcp_queue_size', 3, 'a', []), ...queue('mcp_queue_size', 4, 'b', []) },
    is: words(SIZE, 7),
  },
  {
    record: SIZE,
    title: 'two services have queues of one name',
    series: {
      ...queue('mcp_queue_size', 60, 'a', ['shared']),
      'mcp_queue_size{job="shop",instance="b:9464",plugin="words"}': '5x10',
      'mcp_queue_info{job="shop",instance="b:9464",plugin="words",scope="shared",engine="bullmq"}': '1x10',
    },
    is: { ...words(SIZE, 60), [`${SIZE}{job="shop", plugin="words"}`]: 5 },
  },
  {
    record: ACTIVE,
    title: 'jobs of a shared queue that run, which all four processes see, run once',
    series: seenBy(INSTANCES, 'mcp_queue_active_jobs', 8, 'shared'),
    is: words(ACTIVE, 8),
  },
  {
    record: ACTIVE,
    title: 'jobs of local queues that run are added up',
    series: seenBy(INSTANCES, 'mcp_queue_active_jobs', 8, 'local'),
    is: words(ACTIVE, 32),
  },
  {
    record: 'job_plugin:mcp_queue_oldest_job_age_seconds:max',
    title: 'the oldest job of four processes is the oldest of all',
    series: {
      ...queue('mcp_queue_oldest_job_age_seconds', 30, 'a', ['local']),
      ...queue('mcp_queue_oldest_job_age_seconds', 90, 'b', ['shared']),
    },
    is: words('job_plugin:mcp_queue_oldest_job_age_seconds:max', 90),
  },
  {
    record: 'job_plugin:mcp_plugin_errors:ratio_rate5m',
    title: 'errors and timeouts of two processes, without what callers cancelled',
    series: {
      'mcp_plugin_executions_total{job="mcp",instance="a:9464",plugin="words",command="x",status="success"}': '0+60x10',
      'mcp_plugin_executions_total{job="mcp",instance="b:9464",plugin="words",command="x",status="error"}': '0+10x10',
      'mcp_plugin_executions_total{job="mcp",instance="b:9464",plugin="words",command="y",status="timeout"}': '0+10x10',
      'mcp_plugin_executions_total{job="mcp",instance="b:9464",plugin="words",command="y",status="cancelled"}':
        '0+99x10',
    },
    is: words('job_plugin:mcp_plugin_errors:ratio_rate5m', 0.25),
  },
  {
    record: 'job:mcp_request_errors:ratio_rate5m',
    title: 'no request fails: 0, and not nothing',
    series: {
      'mcp_requests_total{job="mcp",instance="a:9464",method="GET",endpoint="/run",status="200"}': '0+60x10',
    },
    is: { 'job:mcp_request_errors:ratio_rate5m{job="mcp"}': 0 },
  },
]
