import { metrics } from './metrics.ts'

/** A limit that users may set, by `--threshold name=value`. */
export interface Threshold {
  readonly default: number
  readonly unit: string
  readonly doc: string
  /** The largest value that is accepted. */
  readonly max?: number
  /** Values that are accepted, where not every positive number is. */
  readonly oneOf?: readonly number[]
}

/** Bounds of the histogram at which a latency objective can be measured. */
const REQUEST_BOUNDS = metrics['mcp_request_duration_seconds']?.buckets ?? []

/** A larger budget could not burn fast: six times as much would be more than everything. */
const MAX_BUDGET = 0.16

/** Every limit of the rules and the dashboards. */
export const thresholds = {
  errorRate: {
    default: 0.1,
    unit: 'errors/s',
    doc: 'Rate of 5xx answers of one route that is too high (HighErrorRate).',
  },
  queueSize: { default: 100, unit: 'jobs', doc: 'Jobs in a queue that are too many (QueueBacklog, McpQueueBacklog).' },
  responseTime: { default: 1, unit: 's', doc: '95th percentile of one route that is too slow (SlowResponses).' },
  errorRatio: {
    default: 0.05,
    unit: 'ratio',
    max: 1,
    doc: 'Share of 5xx answers that is too high (McpErrorRatioHigh).',
  },
  errorBudget: {
    default: 0.005,
    unit: 'ratio',
    max: MAX_BUDGET,
    doc: 'Share of requests that may fail: 1 minus the objective.',
  },
  latencyBudget: {
    default: 0.05,
    unit: 'ratio',
    max: MAX_BUDGET,
    doc: 'Share of requests that may be slower than the latency objective.',
  },
  latencyObjective: {
    default: 1,
    unit: 's',
    doc: 'Duration that the latency budget counts from; a bound of the histogram.',
    oneOf: REQUEST_BOUNDS,
  },
  minRequestRate: { default: 0.02, unit: 'requests/s', doc: 'Traffic below which no ratio of requests alerts.' },
  pluginErrorRatio: {
    default: 0.1,
    unit: 'ratio',
    max: 1,
    doc: 'Share of failed executions of a plugin that is too high.',
  },
  pluginDuration: { default: 30, unit: 's', doc: '95th percentile of the executions of a plugin that is too slow.' },
  toolErrorRatio: {
    default: 0.5,
    unit: 'ratio',
    max: 1,
    doc: 'Share of failed executions of one tool that is too high.',
  },
  minExecutions: {
    default: 10,
    unit: 'executions',
    doc: 'Executions in 15 minutes below which no ratio of executions alerts.',
  },
  queueAge: { default: 600, unit: 's', doc: 'Age of the oldest job that waits at which a queue is stuck.' },
} as const satisfies Record<string, Threshold>

export type ThresholdName = keyof typeof thresholds

/** A value for every threshold. */
export type Thresholds = Readonly<Record<ThresholdName, number>>

/** The defaults, with the given ones in their place. */
export function resolveThresholds(given: Partial<Thresholds> = {}): Thresholds {
  return Object.fromEntries(
    Object.entries(thresholds).map(([name, { default: value }]) => [name, given[name as ThresholdName] ?? value]),
  ) as Thresholds
}

/** Reads `name=value` pairs; throws for a name or value that is not accepted. */
export function parseThresholds(pairs: readonly string[]): Partial<Thresholds> {
  return Object.fromEntries(pairs.map(parsePair))
}

function parsePair(pair: string): [ThresholdName, number] {
  const at = pair.indexOf('=')
  const [name, text] = [pair.slice(0, Math.max(at, 0)), pair.slice(at + 1)]
  if (!Object.hasOwn(thresholds, name)) {
    const known = Object.keys(thresholds).join(', ')
    throw new Error(`--threshold is ${JSON.stringify(pair)}; expected name=value with a name of ${known}`)
  }
  const threshold: Threshold = thresholds[name as ThresholdName]
  const value = Number(text)
  if (text.trim() === '' || !Number.isFinite(value) || value <= 0) {
    throw new Error(`--threshold ${name} is ${JSON.stringify(text)}; expected a number above 0 (${threshold.unit})`)
  }
  if (threshold.max !== undefined && value > threshold.max) {
    throw new Error(
      `--threshold ${name} is ${text}; expected a number above 0, up to ${threshold.max} (${threshold.unit})`,
    )
  }
  if (threshold.oneOf !== undefined && !threshold.oneOf.includes(value)) {
    throw new Error(`--threshold ${name} is ${text}; expected one of ${threshold.oneOf.join(', ')}`)
  }
  return [name as ThresholdName, value]
}
