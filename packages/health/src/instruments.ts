import type { Catalogue } from '@mcp/otel-core'

/** Seconds, 1 ms to 30 s: checks are quick, or they run into their deadline. */
const CHECK_BUCKETS: readonly number[] = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30]

/** What the health package emits. `component` is a check's name, `plugin:<name>`, `queue:<name>` or `overall`. */
export const healthInstruments = {
  checkStatus: {
    kind: 'gauge',
    name: 'mcp.health.check.status',
    unit: '{status}',
    help: 'State of a component: 1 healthy, 0.5 degraded, 0 unhealthy',
    attributes: { component: 'string' },
  },
  checkDuration: {
    kind: 'histogram',
    name: 'mcp.health.check.duration',
    unit: 's',
    help: 'Duration of health checks in seconds',
    attributes: { component: 'string' },
    buckets: CHECK_BUCKETS,
  },
} as const satisfies Catalogue

/** Instrumentation scope of `healthInstruments`. */
export const HEALTH_SCOPE = '@mcp/otel-health'
