import type { Catalogue } from './catalogue.ts'

/** What the telemetry reports on itself, under the scope `ERROR_SCOPE`; the meter fills in the first three. */
export const telemetryInstruments = {
  series: {
    kind: 'observableGauge',
    name: 'mcp.telemetry.series',
    unit: '{series}',
    help: 'Series in use by instrument',
    attributes: { instrument: 'string' },
  },
  overflowedRecords: {
    kind: 'observableCounter',
    name: 'mcp.telemetry.overflowed_records',
    unit: '{record}',
    help: 'Total number of records that went to the overflow series because the series limit was reached',
    attributes: { instrument: 'string' },
  },
  refusedRecords: {
    kind: 'observableCounter',
    name: 'mcp.telemetry.refused_records',
    unit: '{record}',
    help: 'Total number of records refused by instrument and reason',
    attributes: {
      instrument: 'string',
      reason: ['value', 'attributes', 'missing_attribute', 'attribute_type', 'attribute_value'],
    },
  },
  failedExports: {
    kind: 'counter',
    name: 'mcp.telemetry.failed_exports',
    unit: '{export}',
    help: 'Total number of exports that failed by signal',
    attributes: { signal: ['traces', 'metrics', 'logs'] },
  },
  lostRecords: {
    kind: 'counter',
    name: 'mcp.telemetry.lost_records',
    unit: '{record}',
    help: 'Total number of spans and log records that were not delivered to the collector by signal',
    attributes: { signal: ['traces', 'logs'] },
  },
  droppedLogRecords: {
    kind: 'counter',
    name: 'mcp.telemetry.dropped_log_records',
    unit: '{record}',
    help: 'Total number of log records that were dropped before they reached their destination',
    attributes: {},
  },
  faults: {
    kind: 'counter',
    name: 'mcp.telemetry.faults',
    unit: '{fault}',
    help: 'Total number of errors of the telemetry itself that were kept from the application, by where they arose',
    attributes: { source: ['http', 'plugin', 'queue', 'protocol', 'modules', 'endpoint', 'sdk'] },
  },
} as const satisfies Catalogue
