import type { Catalogue } from '@mcp/otel-core'

/** What this process uses, by the names that Node's Prometheus users know. */
export const processInstruments = {
  cpu: {
    kind: 'observableCounter',
    name: 'process.cpu',
    unit: 's',
    help: 'Total user and system CPU time spent in seconds',
    attributes: {},
  },
  cpuUser: {
    kind: 'observableCounter',
    name: 'process.cpu.user',
    unit: 's',
    help: 'Total user CPU time spent in seconds',
    attributes: {},
  },
  cpuSystem: {
    kind: 'observableCounter',
    name: 'process.cpu.system',
    unit: 's',
    help: 'Total system CPU time spent in seconds',
    attributes: {},
  },
  startTime: {
    kind: 'observableGauge',
    name: 'process.start_time',
    unit: 's',
    help: 'Start time of the process since unix epoch in seconds',
    attributes: {},
  },
  residentMemory: {
    kind: 'observableGauge',
    name: 'process.resident_memory',
    unit: 'By',
    help: 'Resident memory size in bytes',
    attributes: {},
  },
  openFds: {
    kind: 'observableGauge',
    name: 'process.open_fds',
    unit: '{fd}',
    help: 'Number of open file descriptors',
    attributes: {},
  },
  maxFds: {
    kind: 'observableGauge',
    name: 'process.max_fds',
    unit: '{fd}',
    help: 'Maximum number of open file descriptors',
    attributes: {},
  },
  heapTotal: {
    kind: 'observableGauge',
    name: 'nodejs.heap_size_total',
    unit: 'By',
    help: 'Process heap size from Node.js in bytes',
    attributes: {},
  },
  heapUsed: {
    kind: 'observableGauge',
    name: 'nodejs.heap_size_used',
    unit: 'By',
    help: 'Process heap size used from Node.js in bytes',
    attributes: {},
  },
  externalMemory: {
    kind: 'observableGauge',
    name: 'nodejs.external_memory',
    unit: 'By',
    help: 'Node.js external memory size in bytes',
    attributes: {},
  },
  eventLoopLag: {
    kind: 'observableGauge',
    name: 'nodejs.eventloop_lag',
    unit: 's',
    help: 'Mean of the event loop delays since the last collection',
    attributes: {},
  },
  eventLoopLagMax: {
    kind: 'observableGauge',
    name: 'nodejs.eventloop_lag_max',
    unit: 's',
    help: 'Longest event loop delay since the last collection',
    attributes: {},
  },
  eventLoopLagP50: {
    kind: 'observableGauge',
    name: 'nodejs.eventloop_lag_p50',
    unit: 's',
    help: 'Median of the event loop delays since the last collection',
    attributes: {},
  },
  eventLoopLagP99: {
    kind: 'observableGauge',
    name: 'nodejs.eventloop_lag_p99',
    unit: 's',
    help: '99th percentile of the event loop delays since the last collection',
    attributes: {},
  },
  eventLoopUtilization: {
    kind: 'observableGauge',
    name: 'nodejs.eventloop.utilization',
    unit: '1',
    help: 'Share of the time since the start in which the event loop was busy',
    attributes: {},
  },
  gcDuration: {
    kind: 'histogram',
    name: 'nodejs.gc.duration',
    unit: 's',
    help: 'Garbage collection duration by kind',
    attributes: { kind: ['major', 'minor', 'incremental', 'weakcb'] },
    buckets: [0.001, 0.01, 0.1, 1, 2, 5],
  },
  version: {
    kind: 'observableGauge',
    name: 'nodejs.version_info',
    unit: '',
    help: 'Node.js version info',
    attributes: { version: 'string', major: 'string', minor: 'string', patch: 'string' },
  },
} as const satisfies Catalogue

/** What this package says of itself. */
export const buildInstruments = {
  buildInfo: {
    kind: 'observableGauge',
    name: 'mcp.build_info',
    unit: '',
    help: 'Version of @mcp/otel that observes this process',
    attributes: { version: 'string' },
  },
} as const satisfies Catalogue
