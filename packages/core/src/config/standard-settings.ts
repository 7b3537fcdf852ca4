import { headerPairs, integer, listOrNone, milliseconds, oneOf, onOff, otlpEndpoint, ratio } from './kinds.ts'
import { optional, setting, type Setting } from './setting.ts'

/** OpenTelemetry's own variables that also are options of `start()`: names and meanings are the specification's. */

const MOST = 2 ** 31 - 1
const positive = integer(1, MOST)
const count = integer(0, MOST)
const protocol = oneOf('http/protobuf', 'http/json', 'grpc')

/** An export is on as soon as somebody says where to; OpenTelemetry's default would send to localhost unasked. */
function exporters<const W extends string>(signal: 'TRACES' | 'METRICS' | 'LOGS', ...words: readonly W[]) {
  const targets = ['OTEL_EXPORTER_OTLP_ENDPOINT', `OTEL_EXPORTER_OTLP_${signal}_ENDPOINT`]
  const derived = (isSet: (variable: string) => boolean) => (targets.some(isSet) ? (['otlp'] as W[]) : [])
  return setting<readonly W[]>(listOrNone(...words), {
    env: `OTEL_${signal}_EXPORTER`,
    default: [],
    derivedDefault: derived,
    defaultText: 'otlp where an OTLP endpoint is set, else none',
    doc: `Exporters of ${signal.toLowerCase()}; \`console\` prints to stdout.`,
  })
}

function target(signal: 'TRACES' | 'METRICS' | 'LOGS') {
  return {
    protocol: optional(protocol, {
      env: `OTEL_EXPORTER_OTLP_${signal}_PROTOCOL`,
      defaultText: 'otlp.protocol',
      doc: `Protocol that ${signal.toLowerCase()} are exported with.`,
    }),
    endpoint: optional(otlpEndpoint, {
      env: `OTEL_EXPORTER_OTLP_${signal}_ENDPOINT`,
      defaultText: 'otlp.endpoint, with its path',
      doc: `URL that ${signal.toLowerCase()} are exported to, used as it is.`,
    }),
  }
}

function batch(prefix: 'OTEL_BSP' | 'OTEL_BLRP', what: string, scheduledDelayMillis: number) {
  return {
    maxQueueSize: setting(positive, {
      env: `${prefix}_MAX_QUEUE_SIZE`,
      default: 2048,
      doc: `Most ${what} that wait for export; what exceeds it is dropped and counted.`,
    }),
    maxExportBatchSize: setting(positive, {
      env: `${prefix}_MAX_EXPORT_BATCH_SIZE`,
      default: 512,
      doc: `Most ${what} in one export.`,
    }),
    scheduledDelayMillis: setting(milliseconds, {
      env: `${prefix}_SCHEDULE_DELAY`,
      default: scheduledDelayMillis,
      doc: `Longest wait of ${what} for their export.`,
    }),
    exportTimeoutMillis: setting(milliseconds, {
      env: `${prefix}_EXPORT_TIMEOUT`,
      default: 30_000,
      doc: `How long an export of ${what} may take.`,
    }),
  }
}

function limit(env: readonly string[], doc: string): Setting<number> {
  return setting(count, { env, default: 128, doc })
}

function lengthLimit(env: readonly string[], doc: string): Setting<number | undefined> {
  return optional(count, { env, defaultText: 'no limit', doc })
}

export const otlp = {
  endpoint: optional(otlpEndpoint, {
    env: 'OTEL_EXPORTER_OTLP_ENDPOINT',
    defaultText: 'none: nothing is exported',
    doc: 'Where the OTLP collector is; a value switches the export of all three signals on.',
  }),
  protocol: setting(protocol, {
    env: 'OTEL_EXPORTER_OTLP_PROTOCOL',
    default: 'http/protobuf',
    doc: 'Protocol of the export.',
  }),
  headers: optional(headerPairs, {
    env: 'OTEL_EXPORTER_OTLP_HEADERS',
    defaultText: 'none',
    doc: 'Headers that go with each export, such as a key; `key=value` pairs separated by commas.',
  }),
  timeoutMillis: setting(milliseconds, {
    env: 'OTEL_EXPORTER_OTLP_TIMEOUT',
    default: 10_000,
    doc: 'How long one export may take, retries included.',
  }),
  compression: setting(oneOf('none', 'gzip'), {
    env: 'OTEL_EXPORTER_OTLP_COMPRESSION',
    default: 'none',
    doc: 'Compression of the export.',
  }),
}

export const metrics = {
  exporters: exporters('METRICS', 'otlp', 'console', 'prometheus'),
  ...target('METRICS'),
  temporality: setting(oneOf('cumulative', 'delta', 'lowmemory'), {
    env: 'OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE',
    default: 'cumulative',
    doc: 'Whether OTLP sends totals or what came since the last export.',
  }),
  exportIntervalMillis: setting(milliseconds, {
    env: 'OTEL_METRIC_EXPORT_INTERVAL',
    default: 60_000,
    doc: 'Time between two exports of metrics.',
  }),
  exportTimeoutMillis: setting(milliseconds, {
    env: 'OTEL_METRIC_EXPORT_TIMEOUT',
    default: 30_000,
    doc: 'How long an export of metrics may take; at most the interval.',
  }),
  seriesLimit: setting(integer(1, 1_000_000), {
    env: 'MCP_OTEL_SERIES_LIMIT',
    default: 2000,
    doc: 'Most series of one metric; what exceeds it is counted in the overflow series.',
  }),
  process: setting(onOff, {
    env: 'MCP_OTEL_PROCESS_METRICS',
    default: true,
    doc: 'Adds the process_*, nodejs_* and system_* metrics.',
  }),
  targetInfo: setting(onOff, {
    env: 'MCP_OTEL_TARGET_INFO',
    default: true,
    doc: 'Shows the resource on /metrics as target_info.',
  }),
}

export const traces = {
  exporters: exporters('TRACES', 'otlp', 'console', 'zipkin'),
  ...target('TRACES'),
  sampler: setting(
    oneOf(
      'always_on',
      'always_off',
      'traceidratio',
      'parentbased_always_on',
      'parentbased_always_off',
      'parentbased_traceidratio',
    ),
    {
      env: 'OTEL_TRACES_SAMPLER',
      default: 'parentbased_always_on',
      doc: 'Which traces are recorded.',
    },
  ),
  samplerRatio: setting(ratio, {
    env: 'OTEL_TRACES_SAMPLER_ARG',
    default: 1,
    doc: 'Share of traces that the traceidratio samplers record.',
  }),
  batch: batch('OTEL_BSP', 'spans', 5000),
  limits: {
    attributeCountLimit: limit(
      ['OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT', 'OTEL_ATTRIBUTE_COUNT_LIMIT'],
      'Most attributes of a span.',
    ),
    attributeValueLengthLimit: lengthLimit(
      ['OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT', 'OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT'],
      'Most characters of an attribute of a span.',
    ),
    eventCountLimit: limit(['OTEL_SPAN_EVENT_COUNT_LIMIT'], 'Most events of a span.'),
    linkCountLimit: limit(['OTEL_SPAN_LINK_COUNT_LIMIT'], 'Most links of a span.'),
    attributePerEventCountLimit: limit(
      ['OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT', 'OTEL_SPAN_ATTRIBUTE_PER_EVENT_COUNT_LIMIT'],
      'Most attributes of an event.',
    ),
    attributePerLinkCountLimit: limit(
      ['OTEL_LINK_ATTRIBUTE_COUNT_LIMIT', 'OTEL_SPAN_ATTRIBUTE_PER_LINK_COUNT_LIMIT'],
      'Most attributes of a link.',
    ),
  },
}

export const logs = {
  exporters: exporters('LOGS', 'otlp', 'console'),
  ...target('LOGS'),
  batch: batch('OTEL_BLRP', 'log records', 1000),
  limits: {
    attributeCountLimit: limit(
      ['OTEL_LOGRECORD_ATTRIBUTE_COUNT_LIMIT', 'OTEL_ATTRIBUTE_COUNT_LIMIT'],
      'Most attributes of a log record.',
    ),
    attributeValueLengthLimit: lengthLimit(
      ['OTEL_LOGRECORD_ATTRIBUTE_VALUE_LENGTH_LIMIT', 'OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT'],
      'Most characters of an attribute of a log record.',
    ),
  },
}

export const propagators = setting(listOrNone('tracecontext', 'baggage', 'b3', 'b3multi'), {
  env: 'OTEL_PROPAGATORS',
  default: ['tracecontext', 'baggage'],
  doc: 'Headers that a trace is passed on by.',
})

export const resourceDetectors = setting(listOrNone('env', 'host', 'os', 'process', 'serviceinstance', 'all'), {
  env: 'OTEL_NODE_RESOURCE_DETECTORS',
  default: ['env', 'host', 'os', 'serviceinstance'],
  doc: 'What describes this process in all that is exported; `process` and `all` show the command line.',
})
