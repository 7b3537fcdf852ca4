/** One alert that is expected. */
export interface ExpectedAlert {
  readonly labels: Readonly<Record<string, string>>
  readonly description: string
}

/** A history of series, and what of one alert fires at its end; nothing when the list is empty. */
export interface AlertCase {
  readonly alert: string
  readonly title: string
  /** By series, values as promtool reads them: `0+60x20` is 0, 60, 120 … in 20 steps. */
  readonly series: Readonly<Record<string, string>>
  readonly at: string
  /** Length of a step of the history. Default `1m`. */
  readonly step?: string
  readonly fires: readonly ExpectedAlert[]
}

const TARGET = { job: 'mcp', instance: 'a:9464' }
const at = (labels: string): string => `{job="mcp",instance="a:9464"${labels === '' ? '' : `,${labels}`}}`
const requests = (status: string, rest = ''): string =>
  `mcp_requests_total${at(`method="POST",endpoint="/run",status="${status}"${rest}`)}`
const duration = (le: string): string =>
  `mcp_request_duration_seconds_bucket${at(`method="POST",endpoint="/run",le="${le}"`)}`
const executions = (status: string): string =>
  `mcp_plugin_executions_total${at(`plugin="words",command="count",status="${status}"`)}`
const execution = (le: string): string =>
  `mcp_plugin_execution_duration_seconds_bucket${at(`plugin="words",command="count",le="${le}"`)}`
const queue = (metric: string, instance: string): string => `${metric}{job="mcp",instance="${instance}",plugin="words"}`
const queueInfo = (scope: string, instance: string): string =>
  `mcp_queue_info{job="mcp",instance="${instance}",plugin="words",scope="${scope}",engine="p-queue"}`
const build = `mcp_build_info${at('version="1.0.0"')}`

/** Requests per minute and, of these, failed ones: 5 %, 1 %, 0.1 %. */
const load = (good: string, bad: string): Record<string, string> => ({
  [requests('200')]: good,
  [requests('500')]: bad,
})
const latency = (fast: string, all: string): Record<string, string> => ({
  [duration('1')]: fast,
  [duration('+Inf')]: all,
  [`mcp_request_duration_seconds_count${at('method="POST",endpoint="/run"')}`]: all,
  [requests('200')]: all,
})

export const alertCases: readonly AlertCase[] = [
  {
    alert: 'HighErrorRate',
    title: '0.2 errors a second for more than five minutes',
    series: load('0+60x20', '0+12x20'),
    at: '12m',
    fires: [
      {
        labels: { ...TARGET, method: 'POST', endpoint: '/run', status: '500' },
        description: 'POST /run of a:9464 answers 0.20 times a second with 500.',
      },
    ],
  },
  {
    alert: 'HighErrorRate',
    title: 'exactly 0.1 errors a second, and any rate of errors of clients',
    series: { ...load('0+60x20', '0+6x20'), [requests('404')]: '0+60x20' },
    at: '20m',
    fires: [],
  },
  {
    alert: 'HighErrorRate',
    title: 'errors that began less than five minutes ago',
    series: load('0+60x20', '0+0x10 0+12x3'),
    at: '13m',
    fires: [],
  },
  {
    alert: 'QueueBacklog',
    title: 'more than 100 jobs for more than ten minutes',
    series: { [queue('mcp_queue_size', 'a:9464')]: '101x12' },
    at: '11m',
    fires: [{ labels: { ...TARGET, plugin: 'words' }, description: '101 jobs wait for plugin words of a:9464.' }],
  },
  {
    alert: 'QueueBacklog',
    title: '100 jobs, or more of them for a shorter time',
    series: {
      [queue('mcp_queue_size', 'a:9464')]: '100x20',
      [queue('mcp_queue_size', 'b:9464')]: '500x8 0x12',
    },
    at: '11m',
    fires: [],
  },
  {
    alert: 'SlowResponses',
    title: 'a tenth of the requests takes more than a second',
    series: { ...latency('0+54x20', '0+60x20'), [duration('2.5')]: '0+60x20' },
    at: '12m',
    fires: [
      {
        labels: { ...TARGET, method: 'POST', endpoint: '/run' },
        description: 'The 95th percentile of POST /run of a:9464 is 1.75s.',
      },
    ],
  },
  {
    alert: 'SlowResponses',
    title: 'two in a hundred take more than a second',
    series: latency('0+98x20', '0+100x20'),
    at: '20m',
    fires: [],
  },
  {
    alert: 'McpErrorRatioHigh',
    title: 'a tenth of the requests fails',
    series: load('0+54x40', '0+6x40'),
    at: '20m',
    fires: [{ labels: { job: 'mcp' }, description: '10% of the requests to mcp fail.' }],
  },
  {
    alert: 'McpErrorRatioHigh',
    title: 'the only request in a quarter of an hour fails',
    series: { [requests('500')]: '0x5 1x35' },
    at: '20m',
    fires: [],
  },
  {
    alert: 'McpErrorRatioHigh',
    title: 'only probes get a 503',
    series: {
      ...load('0+60x40', '0+0x40'),
      [`mcp_requests_total${at('method="GET",endpoint="/health",status="503"')}`]: '0+60x40',
      [`mcp_requests_total${at('method="GET",endpoint="/readyz",status="503"')}`]: '0+60x40',
    },
    at: '30m',
    fires: [],
  },
  {
    alert: 'McpErrorBudgetBurnFast',
    title: 'a tenth of the requests has failed for an hour',
    series: load('0+108x45', '0+12x45'),
    at: '70m',
    step: '2m',
    fires: [{ labels: { job: 'mcp' }, description: '10% of the requests to mcp fail; 0.5% may.' }],
  },
  {
    alert: 'McpErrorBudgetBurnFast',
    title: 'all failed once, an hour ago, and none does now',
    series: load('0+0x5 0+120x40', '0+120x5 600+0x40'),
    at: '70m',
    step: '2m',
    fires: [],
  },
  {
    alert: 'McpErrorBudgetBurnFast',
    title: 'a request a minute, of which all fail, is too little traffic to page',
    series: { [requests('500')]: '0+2x45' },
    at: '70m',
    step: '2m',
    fires: [],
  },
  {
    alert: 'McpErrorBudgetBurnSlow',
    title: 'two in a hundred have failed for a day',
    series: load('0+980x150', '0+20x150'),
    at: '1480m',
    step: '10m',
    fires: [{ labels: { job: 'mcp' }, description: '2% of the requests to mcp fail; 0.5% may.' }],
  },
  {
    alert: 'McpErrorBudgetBurnSlow',
    title: 'as many fail as the budget allows',
    series: load('0+9950x150', '0+50x150'),
    at: '1480m',
    step: '10m',
    fires: [],
  },
  {
    alert: 'McpLatencyBudgetBurnFast',
    title: 'nine in ten requests have been slow for an hour',
    series: latency('0+12x45', '0+120x45'),
    at: '70m',
    step: '2m',
    fires: [{ labels: { job: 'mcp' }, description: '90% of the requests to mcp take longer than 1 s; 5% may.' }],
  },
  {
    alert: 'McpLatencyBudgetBurnFast',
    title: 'one in ten has been slow for an hour, which the bound 1.0 of OpenMetrics says',
    series: Object.fromEntries(
      Object.entries(latency('0+108x45', '0+120x45')).map(([name, values]) => [
        name.replace('le="1"', 'le="1.0"'),
        values,
      ]),
    ),
    at: '70m',
    step: '2m',
    fires: [],
  },
  {
    alert: 'McpLatencyBudgetBurnSlow',
    title: 'a fifth has been slow for a day',
    series: latency('0+800x150', '0+1000x150'),
    at: '1480m',
    step: '10m',
    fires: [{ labels: { job: 'mcp' }, description: '20% of the requests to mcp take longer than 1 s; 5% may.' }],
  },
  {
    alert: 'McpLatencyBudgetBurnSlow',
    title: 'four in a hundred are slow',
    series: latency('0+960x150', '0+1000x150'),
    at: '1480m',
    step: '10m',
    fires: [],
  },
  {
    alert: 'McpPluginErrorRatioHigh',
    title: 'errors and timeouts are a fifth of the executions',
    series: { [executions('success')]: '0+48x40', [executions('error')]: '0+6x40', [executions('timeout')]: '0+6x40' },
    at: '20m',
    fires: [
      { labels: { job: 'mcp', plugin: 'words' }, description: '20% of the executions of plugin words of mcp fail.' },
    ],
  },
  {
    alert: 'McpPluginErrorRatioHigh',
    title: 'callers go away, which is no error of the plugin',
    series: {
      [executions('success')]: '0+48x40',
      [executions('error')]: '0+1x40',
      [executions('cancelled')]: '0+60x40',
    },
    at: '20m',
    fires: [],
  },
  {
    alert: 'McpPluginErrorRatioHigh',
    title: 'both of two executions fail',
    series: { [executions('success')]: '0x40', [executions('error')]: '0x10 2x30' },
    at: '13m',
    fires: [],
  },
  {
    alert: 'McpToolFailing',
    title: 'every call of the tool fails, and every request is answered with 200',
    series: { [executions('success')]: '0x40', [executions('error')]: '0+2x40', [requests('200')]: '0+2x40' },
    at: '30m',
    fires: [
      {
        labels: { job: 'mcp', plugin: 'words', command: 'count' },
        description: '100% of the calls of count of plugin words of mcp fail.',
      },
    ],
  },
  {
    alert: 'McpToolFailing',
    title: 'a third of the calls fails',
    series: { [executions('success')]: '0+4x40', [executions('error')]: '0+2x40' },
    at: '30m',
    fires: [],
  },
  {
    alert: 'McpPluginSlow',
    title: 'a tenth of the executions takes more than 30 seconds',
    series: { [execution('30')]: '0+54x40', [execution('60')]: '0+60x40', [execution('+Inf')]: '0+60x40' },
    at: '30m',
    fires: [
      {
        labels: { job: 'mcp', plugin: 'words' },
        description: 'The 95th percentile of the executions of plugin words of mcp is 45s.',
      },
    ],
  },
  {
    alert: 'McpPluginSlow',
    title: 'all executions take between 10 and 30 seconds',
    series: { [execution('10')]: '0x40', [execution('30')]: '0+60x40', [execution('+Inf')]: '0+60x40' },
    at: '30m',
    fires: [],
  },
  {
    alert: 'McpPluginDown',
    title: 'the plugin has been down for more than five minutes',
    series: { [`mcp_plugin_up${at('plugin="words"')}`]: '1x3 0x10' },
    at: '12m',
    fires: [
      { labels: { ...TARGET, plugin: 'words' }, description: 'Plugin words of a:9464 is down: mcp_plugin_up is 0.' },
    ],
  },
  {
    alert: 'McpPluginDown',
    title: 'the plugin is up again before five minutes are over',
    series: { [`mcp_plugin_up${at('plugin="words"')}`]: '1x3 0x4 1x10' },
    at: '12m',
    fires: [],
  },
  {
    alert: 'McpQueueBacklog',
    title: 'local queues of two instances have 60 jobs each',
    series: {
      [queue('mcp_queue_size', 'a:9464')]: '60x20',
      [queue('mcp_queue_size', 'b:9464')]: '60x20',
      [queueInfo('local', 'a:9464')]: '1x20',
      [queueInfo('local', 'b:9464')]: '1x20',
    },
    at: '11m',
    fires: [
      {
        labels: { job: 'mcp', plugin: 'words' },
        description: '120 jobs wait for plugin words of mcp, all instances together.',
      },
    ],
  },
  {
    alert: 'McpQueueBacklog',
    title: 'two instances see the same 60 jobs of a shared queue',
    series: {
      [queue('mcp_queue_size', 'a:9464')]: '60x20',
      [queue('mcp_queue_size', 'b:9464')]: '60x20',
      [queueInfo('shared', 'a:9464')]: '1x20',
      [queueInfo('shared', 'b:9464')]: '1x20',
    },
    at: '11m',
    fires: [],
  },
  {
    alert: 'McpQueueBacklog',
    title: 'two instances see the same 110 jobs of a shared queue, and it is one alert',
    series: {
      [queue('mcp_queue_size', 'a:9464')]: '110x20',
      [queue('mcp_queue_size', 'b:9464')]: '110x20',
      [queueInfo('shared', 'a:9464')]: '1x20',
      [queueInfo('shared', 'b:9464')]: '1x20',
    },
    at: '11m',
    fires: [
      {
        labels: { job: 'mcp', plugin: 'words' },
        description: '110 jobs wait for plugin words of mcp, all instances together.',
      },
    ],
  },
  {
    alert: 'McpQueueStuck',
    title: 'a few jobs wait, and the oldest one gets older and older',
    series: {
      [queue('mcp_queue_oldest_job_age_seconds', 'a:9464')]: '0+60x30',
      [queue('mcp_queue_size', 'a:9464')]: '3x30',
    },
    at: '20m',
    fires: [
      {
        labels: { job: 'mcp', plugin: 'words' },
        description: 'The oldest job for plugin words of mcp has waited for 20m 0s.',
      },
    ],
  },
  {
    alert: 'McpQueueStuck',
    title: 'the queue is long, but moves',
    series: {
      [queue('mcp_queue_oldest_job_age_seconds', 'a:9464')]: '590x30',
      [queue('mcp_queue_size', 'a:9464')]: '90x30',
    },
    at: '20m',
    fires: [],
  },
  {
    alert: 'McpServiceDown',
    title: 'the only instance is down',
    series: { [`up${at('')}`]: '1x3 0x10', [build]: '1x3 _x10' },
    at: '10m',
    fires: [
      {
        labels: { job: 'mcp' },
        description: 'Prometheus reaches none of the instances of mcp; within a day there were 1.',
      },
    ],
  },
  {
    alert: 'McpServiceDown',
    title: 'service discovery has lost every instance',
    series: { [`up${at('')}`]: '1x3 _x30', [build]: '1x3 _x30' },
    at: '20m',
    fires: [
      {
        labels: { job: 'mcp' },
        description: 'Prometheus reaches none of the instances of mcp; within a day there were 1.',
      },
    ],
  },
  {
    alert: 'McpServiceDown',
    title: 'one of two instances is down, and so is a job that is none of ours',
    series: {
      [`up${at('')}`]: '1x3 0x10',
      [build]: '1x3 _x10',
      'up{job="mcp",instance="b:9464"}': '1x20',
      'mcp_build_info{job="mcp",instance="b:9464",version="1.0.0"}': '1x20',
      'up{job="node",instance="c:9100"}': '0x20',
    },
    at: '10m',
    fires: [],
  },
  {
    alert: 'McpServiceDown',
    title: 'a server pushes its metrics, and nothing scrapes it',
    series: { [build]: '1x20' },
    at: '10m',
    fires: [],
  },
  {
    alert: 'McpTargetDown',
    title: 'one of two instances is down',
    series: {
      [`up${at('')}`]: '1x3 0x10',
      [build]: '1x3 _x10',
      'up{job="mcp",instance="b:9464"}': '1x20',
      'mcp_build_info{job="mcp",instance="b:9464",version="1.0.0"}': '1x20',
    },
    at: '10m',
    fires: [{ labels: TARGET, description: 'Prometheus does not reach a:9464 of mcp: up is 0.' }],
  },
  {
    alert: 'McpTargetDown',
    title: 'a target that is none of ours is down',
    series: { 'up{job="node",instance="c:9100"}': '0x20', [`up${at('')}`]: '1x20', [build]: '1x20' },
    at: '10m',
    fires: [],
  },
  {
    alert: 'McpUnhealthy',
    title: 'the whole is unhealthy',
    series: { [`mcp_health_check_status${at('component="overall"')}`]: '1x3 0x10' },
    at: '10m',
    fires: [
      {
        labels: { ...TARGET, component: 'overall' },
        description: 'a:9464 of mcp answers 503 on /health: its status is 0, where 1 is healthy.',
      },
    ],
  },
  {
    alert: 'McpUnhealthy',
    title: 'the whole is degraded, and a check is unhealthy',
    series: {
      [`mcp_health_check_status${at('component="overall"')}`]: '1x3 0.5x10',
      [`mcp_health_check_status${at('component="redis"')}`]: '1x3 0x10',
    },
    at: '10m',
    fires: [],
  },
  {
    alert: 'McpHealthCheckFailing',
    title: 'a check is unhealthy',
    series: { [`mcp_health_check_status${at('component="redis"')}`]: '1x3 0x10' },
    at: '10m',
    fires: [
      {
        labels: { ...TARGET, component: 'redis' },
        description: 'The check redis of a:9464 fails: its status is 0, where 1 is healthy.',
      },
    ],
  },
  {
    alert: 'McpHealthCheckFailing',
    title: 'a check is degraded, and the whole, which has an alert of its own, unhealthy',
    series: {
      [`mcp_health_check_status${at('component="overall"')}`]: '0x13',
      [`mcp_health_check_status${at('component="redis"')}`]: '0.5x13',
    },
    at: '10m',
    fires: [],
  },
  {
    alert: 'McpTelemetryExportFailing',
    title: 'exports go on failing',
    series: { [`mcp_telemetry_failed_exports_total${at('signal="traces"')}`]: '0+1x40' },
    at: '30m',
    fires: [
      {
        labels: { ...TARGET, signal: 'traces' },
        description: '10 exports of traces of a:9464 failed within 10 minutes.',
      },
    ],
  },
  {
    alert: 'McpTelemetryExportFailing',
    title: 'one export failed, and the next ones did not',
    series: { [`mcp_telemetry_failed_exports_total${at('signal="traces"')}`]: '0x5 1x40' },
    at: '18m',
    fires: [],
  },
  {
    alert: 'McpTelemetryRecordsLost',
    title: 'spans go on being dropped, though no export fails',
    series: {
      [`mcp_telemetry_lost_records_total${at('signal="traces"')}`]: '0+7x40',
      [`mcp_telemetry_failed_exports_total${at('signal="traces"')}`]: '0x40',
    },
    at: '30m',
    fires: [
      {
        labels: { ...TARGET, signal: 'traces' },
        description: '70 records of traces of a:9464 were lost within 10 minutes.',
      },
    ],
  },
  {
    alert: 'McpTelemetryRecordsLost',
    title: 'a burst was too much once',
    series: { [`mcp_telemetry_lost_records_total${at('signal="logs"')}`]: '0x5 500x40' },
    at: '18m',
    fires: [],
  },
  {
    alert: 'McpTelemetryOverflow',
    title: 'records go to the overflow series',
    series: { [`mcp_telemetry_overflowed_records_total${at('instrument="mcp.requests"')}`]: '0+50x18' },
    at: '80m',
    step: '5m',
    fires: [
      {
        labels: { ...TARGET, instrument: 'mcp.requests' },
        description:
          'mcp.requests of a:9464 has reached the limit: 600 records of the last hour went to the overflow series.',
      },
    ],
  },
  {
    alert: 'McpTelemetryOverflow',
    title: 'nothing overflows, or nothing has for an hour',
    series: {
      [`mcp_telemetry_overflowed_records_total${at('instrument="mcp.requests"')}`]: '0x18',
      [`mcp_telemetry_overflowed_records_total${at('instrument="mcp.errors"')}`]: '7x18',
    },
    at: '80m',
    step: '5m',
    fires: [],
  },
  {
    alert: 'McpTelemetryRecordsRefused',
    title: 'records are refused',
    series: { [`mcp_telemetry_refused_records_total${at('instrument="mcp.requests",reason="value"')}`]: '0+5x18' },
    at: '80m',
    step: '5m',
    fires: [
      {
        labels: { ...TARGET, instrument: 'mcp.requests', reason: 'value' },
        description: '60 records of mcp.requests of a:9464 were refused within an hour: value.',
      },
    ],
  },
  {
    alert: 'McpTelemetryRecordsRefused',
    title: 'no record is refused',
    series: { [`mcp_telemetry_refused_records_total${at('instrument="mcp.requests",reason="value"')}`]: '4x18' },
    at: '80m',
    step: '5m',
    fires: [],
  },
  {
    alert: 'McpTelemetryFaults',
    title: 'something goes wrong with each request',
    series: { [`mcp_telemetry_faults_total${at('source="http"')}`]: '0+5x18' },
    at: '80m',
    step: '5m',
    fires: [
      {
        labels: { ...TARGET, source: 'http' },
        description:
          '60 errors of the telemetry of a:9464 were caught within an hour, at http: not all that happens is seen.',
      },
    ],
  },
  {
    alert: 'McpTelemetryFaults',
    title: 'nothing has gone wrong for an hour',
    series: { [`mcp_telemetry_faults_total${at('source="http"')}`]: '0 3x18' },
    at: '80m',
    step: '5m',
    fires: [],
  },
  {
    alert: 'McpLogRecordsDropped',
    title: 'log records are dropped',
    series: { [`mcp_telemetry_dropped_log_records_total${at('')}`]: '0+5x40' },
    at: '30m',
    fires: [{ labels: TARGET, description: 'a:9464 dropped 50 log records within 10 minutes.' }],
  },
  {
    alert: 'McpLogRecordsDropped',
    title: 'some were dropped long ago',
    series: { [`mcp_telemetry_dropped_log_records_total${at('')}`]: '5x40' },
    at: '30m',
    fires: [],
  },
]
