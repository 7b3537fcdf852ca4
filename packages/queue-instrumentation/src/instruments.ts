import { JOB_BUCKETS, OUTCOME_STATUSES } from '@mcp/otel-core'
import type { Catalogue } from '@mcp/otel-core'

/** What is measured about queues and their jobs; queues of one plugin are measured together. */
export const queueInstruments = {
  size: {
    kind: 'observableGauge',
    name: 'mcp.queue.size',
    unit: '{job}',
    help: 'Current size of the job queue',
    attributes: { plugin: 'string' },
  },
  wait: {
    kind: 'histogram',
    name: 'mcp.queue.wait',
    unit: 's',
    help: 'Time jobs spend in queue',
    attributes: { plugin: 'string' },
    buckets: JOB_BUCKETS,
  },
  retryWait: {
    kind: 'histogram',
    name: 'mcp.queue.retry_wait',
    unit: 's',
    help: 'Time jobs spend in queue before each attempt after the first, without the delay before it',
    attributes: { plugin: 'string' },
    buckets: JOB_BUCKETS,
  },
  run: {
    kind: 'histogram',
    name: 'mcp.queue.run',
    unit: 's',
    help: 'Time jobs run once they have left the queue',
    attributes: { plugin: 'string' },
    buckets: JOB_BUCKETS,
  },
  activeJobs: {
    kind: 'observableGauge',
    name: 'mcp.queue.active_jobs',
    unit: '{job}',
    help: 'Number of jobs that run now',
    attributes: { plugin: 'string' },
  },
  oldestJobAge: {
    kind: 'observableGauge',
    name: 'mcp.queue.oldest_job_age',
    unit: 's',
    help: 'Age of the job that has waited longest, 0 when none waits',
    attributes: { plugin: 'string' },
  },
  jobs: {
    kind: 'counter',
    name: 'mcp.queue.jobs',
    unit: '{job}',
    help: 'Total number of jobs that were processed or given up',
    attributes: { plugin: 'string', status: OUTCOME_STATUSES },
  },
  info: {
    kind: 'observableGauge',
    name: 'mcp.queue.info',
    unit: '{queue}',
    help: 'Queues by plugin, by whether they are shared between processes, and by engine; always 1',
    attributes: { plugin: 'string', scope: ['local', 'shared'], engine: 'string' },
  },
} as const satisfies Catalogue
