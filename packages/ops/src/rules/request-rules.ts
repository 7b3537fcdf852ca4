import type { Thresholds } from '../thresholds.ts'
import type { AlertingRule, RecordingRule, RuleGroup } from './rule.ts'

/** Probes and scrapes are no users: a 503 of `/health` is an answer, not an error. */
export const USERS = 'endpoint!~"/metrics|/health.*|/livez|/readyz|/startupz"'

const WINDOWS = ['5m', '30m', '1h', '2h', '6h', '1d', '3d'] as const

/** Error ratio and latency of requests: what Prometheus computes ahead for the objectives. */
function recordings({ latencyObjective }: Thresholds): RecordingRule[] {
  // Text 0.0.4 writes the bound 1, OpenMetrics 1.0.
  const bound = Number.isInteger(latencyObjective)
    ? `le=~"${latencyObjective}|${latencyObjective}.0"`
    : `le="${latencyObjective}"`
  return WINDOWS.flatMap((window): RecordingRule[] => {
    const requests = `sum by (job) (rate(mcp_requests_total{${USERS}}[${window}]))`
    const errors = `sum by (job) (rate(mcp_requests_total{status=~"5..", ${USERS}}[${window}]))`
    const fast = `sum by (job) (rate(mcp_request_duration_seconds_bucket{${bound}, ${USERS}}[${window}]))`
    const timed = `sum by (job) (rate(mcp_request_duration_seconds_count{${USERS}}[${window}]))`
    return [
      { record: `job:mcp_requests:rate${window}`, expr: requests, by: ['job'] },
      {
        record: `job:mcp_request_errors:ratio_rate${window}`,
        // Without a single 5xx there is no such series, and the ratio is 0.
        expr: `(${errors} or 0 * ${requests}) / ${requests}`,
        by: ['job'],
      },
      { record: `job:mcp_slow_requests:ratio_rate${window}`, expr: `1 - ${fast} / ${timed}`, by: ['job'] },
    ]
  })
}

/** Alerts on what users of the server get: a ratio, and how fast the budgets of the objectives are used up. */
export function requestRules(thresholds: Thresholds): RuleGroup {
  const { errorBudget, errorRatio, latencyBudget, latencyObjective, minRequestRate } = thresholds
  const errors = {
    ratio: 'job:mcp_request_errors:ratio_rate',
    budget: errorBudget,
    minRequestRate,
    what: 'of the requests to {{ $labels.job }} fail',
    dashboard: 'mcp-overview',
  }
  const latency = {
    ...errors,
    ratio: 'job:mcp_slow_requests:ratio_rate',
    budget: latencyBudget,
    what: `of the requests to {{ $labels.job }} take longer than ${latencyObjective} s`,
  }
  return {
    name: 'mcp-requests',
    rules: [
      ...recordings(thresholds),
      {
        alert: 'McpErrorRatioHigh',
        expr: `job:mcp_request_errors:ratio_rate5m > ${errorRatio} and job:mcp_requests:rate5m > ${minRequestRate}`,
        for: '10m',
        severity: 'warning',
        summary: 'A high share of requests fails',
        description: '{{ $value | humanizePercentage }} of the requests to {{ $labels.job }} fail.',
        dashboard: 'mcp-overview',
      },
      fastBurn('McpErrorBudgetBurnFast', 'The error budget will be gone in days', errors),
      slowBurn('McpErrorBudgetBurnSlow', 'The error budget is being used up', errors),
      fastBurn('McpLatencyBudgetBurnFast', 'The latency budget will be gone in days', latency),
      slowBurn('McpLatencyBudgetBurnSlow', 'The latency budget is being used up', latency),
    ],
  }
}

interface Burn {
  readonly ratio: string
  readonly budget: number
  readonly minRequestRate: number
  readonly what: string
  readonly dashboard: string
}

/** 2 % of a 30-day budget in an hour, or 5 % in six. */
function fastBurn(alert: string, summary: string, burn: Burn): AlertingRule {
  const expr = `${pair(burn, '1h', '5m', 14.4)} or ${pair(burn, '6h', '30m', 6)}`
  return { alert, expr, for: '2m', severity: 'critical', summary, ...words(burn) }
}

/** 10 % of a 30-day budget in one day, or in three. */
function slowBurn(alert: string, summary: string, burn: Burn): AlertingRule {
  const expr = `${pair(burn, '1d', '2h', 3)} or ${pair(burn, '3d', '6h', 1)}`
  return { alert, expr, for: '15m', severity: 'warning', summary, ...words(burn) }
}

/** The long window says that it matters, the short one that it still goes on; the guard keeps few requests from paging. */
function pair({ ratio, budget, minRequestRate }: Burn, long: string, short: string, factor: number): string {
  const limit = Number((factor * budget).toPrecision(6))
  return `(${ratio}${long} > ${limit} and ${ratio}${short} > ${limit} and job:mcp_requests:rate${long} > ${minRequestRate})`
}

function words({ what, budget, dashboard }: Burn): Pick<AlertingRule, 'description' | 'dashboard'> {
  const allowed = `${Number((budget * 100).toPrecision(6))}%`
  return { description: `{{ $value | humanizePercentage }} ${what}; ${allowed} may.`, dashboard }
}
