import { JOB_BUCKETS, OUTCOME_STATUSES } from '@mcp/otel-core'
import type { Catalogue } from '@mcp/otel-core'

/** What is measured about plugins and the executions of their commands. */
export const pluginInstruments = {
  executions: {
    kind: 'counter',
    name: 'mcp.plugin.executions',
    unit: '{execution}',
    help: 'Total number of plugin executions',
    attributes: { plugin: 'string', command: 'string', status: OUTCOME_STATUSES },
  },
  executionDuration: {
    kind: 'histogram',
    name: 'mcp.plugin.execution.duration',
    unit: 's',
    help: 'Plugin execution duration in seconds',
    attributes: { plugin: 'string', command: 'string' },
    buckets: JOB_BUCKETS,
  },
  activeExecutions: {
    kind: 'observableGauge',
    name: 'mcp.plugin.active_executions',
    unit: '{execution}',
    help: 'Number of plugin executions in progress',
    attributes: { plugin: 'string' },
  },
  up: {
    kind: 'observableGauge',
    name: 'mcp.plugin.up',
    unit: '{plugin}',
    help: 'Whether the plugin is available (1) or not (0)',
    attributes: { plugin: 'string' },
  },
  lastExecution: {
    kind: 'observableGauge',
    name: 'mcp.plugin.last_execution_timestamp',
    unit: 's',
    help: 'Unix time at which the last plugin execution ended, in seconds',
    attributes: { plugin: 'string' },
  },
} as const satisfies Catalogue
