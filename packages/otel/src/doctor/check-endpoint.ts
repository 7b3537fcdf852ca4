import { alertingRules, missingFromPage } from '@mcp/otel-ops'

import { fail, ok, warn, type Finding } from './finding.ts'
import { reach, type Reached } from './reach.ts'
import { readPage, type MetricsPage, type PageSample } from './read-page.ts'

export interface EndpointOptions {
  /** Without path. */
  readonly url: string
  readonly token: string | undefined
  readonly seriesLimit: number
}

const FULL = 0.8
const SKEWED_MILLIS = 2000
const BADLY_SKEWED_MILLIS = 60_000

/** Looks at an endpoint from outside: its pages, and what they tell of the telemetry itself. */
export async function checkEndpoint({ seriesLimit, token, url }: EndpointOptions): Promise<Finding[]> {
  const reached = await reach(`${url}/metrics`, { token })
  if ('reason' in reached) {
    return [
      fail(
        'endpoint',
        `${url}/metrics: ${reached.reason}`,
        'see that the app runs, and listens there: MCP_OTEL_HOST, MCP_OTEL_PORT',
      ),
    ]
  }
  const scraped = checkScrape(url, reached)
  if (reached.status !== 200) return [scraped]
  const page = readPage(reached.body)
  return [
    scraped,
    checkHealth(url, await reach(`${url}/health`, { token })),
    checkClock(url, reached.skewMillis),
    checkSeries(page, seriesLimit),
    ...checkDropped(page),
    ...checkAlerts(reached.body),
  ]
}

function checkScrape(url: string, { body, contentType, status }: Exclude<Reached, { reason: string }>): Finding {
  const where = `${url}/metrics`
  if (status === 401) return fail('endpoint', `${where} asks for a token`, 'set MCP_OTEL_TOKEN to the one of the app')
  if (status !== 200) return fail('endpoint', `${where} answers ${status}`, 'see what the app says on stderr')
  const { problems, samples } = readPage(body)
  if (problems.length > 0) {
    const more = problems.length > 3 ? `, and ${problems.length - 3} more` : ''
    return fail('endpoint', `${where} is no valid page: ${problems.slice(0, 3).join('; ')}${more}`, 'please report it')
  }
  if (!/^text\/plain\b/.test(contentType))
    return fail(
      'endpoint',
      `${where} is of type ${contentType || 'unknown'}`,
      'see that it is the endpoint of @mcp/otel',
    )
  if (!samples.some(({ name }) => name === 'mcp_build_info'))
    return warn('endpoint', `${where} has no mcp_build_info`, 'see that it is the endpoint of @mcp/otel')
  return ok('endpoint', `${where} is valid: ${samples.length} samples, ${body.length} bytes`)
}

function checkHealth(url: string, reached: Reached): Finding {
  const where = `${url}/health`
  if ('reason' in reached) return fail('health', `${where}: ${reached.reason}`, 'see that the app runs')
  const status = statusOf(reached.body)
  if (status === undefined)
    return warn(
      'health',
      `${where} answers ${reached.status} without a status`,
      'see that it is the endpoint of @mcp/otel',
    )
  if (reached.status === 200 && status === 'healthy') return ok('health', `${where} is healthy`)
  return warn('health', `${where} is ${status}`, 'npx mcp-otel health shows which part')
}

function statusOf(body: string): string | undefined {
  try {
    const { status } = JSON.parse(body) as { readonly status?: unknown }
    return typeof status === 'string' ? status : undefined
  } catch {
    return undefined
  }
}

/** Compares a clock by its Date header with this machine's. */
export function checkClock(who: string, skewMillis: number | undefined): Finding {
  if (skewMillis === undefined)
    return warn('clock', `${who} tells no time`, 'compare its clock with this one by other means')
  const seconds = (Math.abs(skewMillis) / 1000).toFixed(1)
  if (Math.abs(skewMillis) <= SKEWED_MILLIS) return ok('clock', `${who} has the time of this machine`)
  const found = `the clock of ${who} is ${seconds} s ${skewMillis > 0 ? 'ahead of' : 'behind'} this one`
  const remedy = 'set both by NTP: samples and spans from the future are refused, and those from the past misplaced'
  return Math.abs(skewMillis) > BADLY_SKEWED_MILLIS ? fail('clock', found, remedy) : warn('clock', found, remedy)
}

function checkSeries({ samples }: MetricsPage, limit: number): Finding {
  const used = samples.filter(({ name }) => name === 'mcp_telemetry_series').toSorted((a, b) => b.value - a.value)
  const total = used.reduce((sum, { value }) => sum + value, 0)
  const full = used.filter(({ value }) => value >= FULL * limit)
  if (full.length === 0) {
    const most = used[0] === undefined ? '' : `, at most ${used[0].value} of one metric`
    return ok('series', `${total} in use${most}; the limit is ${limit}`)
  }
  return warn(
    'series',
    `near the limit of ${limit}: ${full.map(({ labels, value }) => `${labels['instrument']} has ${value}`).join(', ')}`,
    'have fewer values of its labels, or raise MCP_OTEL_SERIES_LIMIT',
  )
}

const LOSSES: readonly {
  readonly name: string
  readonly what: string
  readonly by: string
  readonly remedy: string
}[] = [
  {
    name: 'mcp_telemetry_overflowed_records_total',
    what: 'records went to the overflow series',
    by: 'instrument',
    remedy: 'have fewer values of its labels, or raise MCP_OTEL_SERIES_LIMIT',
  },
  {
    name: 'mcp_telemetry_refused_records_total',
    what: 'records were refused',
    by: 'instrument',
    remedy: 'see the lines of [mcp-otel] on stderr: each says once what was wrong',
  },
  {
    name: 'mcp_telemetry_failed_exports_total',
    what: 'exports failed',
    by: 'signal',
    remedy: 'see that the collector answers',
  },
  {
    name: 'mcp_telemetry_lost_records_total',
    what: 'spans or log records were lost',
    by: 'signal',
    remedy: 'see that the collector answers, and keeps up',
  },
  {
    name: 'mcp_telemetry_dropped_log_records_total',
    what: 'log records were dropped',
    by: '',
    remedy: 'see that the log file can be written, and keeps up',
  },
  {
    name: 'mcp_telemetry_faults_total',
    what: 'errors of the telemetry itself were caught',
    by: 'source',
    remedy: 'see the lines of [mcp-otel] on stderr: each says once what was wrong',
  },
]

function checkDropped({ samples }: MetricsPage): Finding[] {
  const findings = LOSSES.flatMap(({ by, name, remedy, what }) => {
    const lost = samples.filter((sample) => sample.name === name && sample.value > 0)
    if (lost.length === 0) return []
    const total = lost.reduce((sum, { value }) => sum + value, 0)
    return [warn('dropped', `${total} ${what}${whose(lost, by)}`, remedy)]
  })
  return findings.length === 0 ? [ok('dropped', 'nothing')] : findings
}

function whose(lost: readonly PageSample[], by: string): string {
  const names = lost.map(({ labels }) => labels[by]).filter((name) => name !== undefined)
  return names.length === 0 ? '' : ` (${names.join(', ')})`
}

/** Whether the alerts of the ops pack can fire on what is on the page. */
function checkAlerts(page: string): Finding[] {
  const alerts = alertingRules().map(({ alert, expr }) => ({ name: alert, expr }))
  const waiting = new Map<string, string[]>()
  const faulty: string[] = []
  for (const alert of alerts) {
    const problems = missingFromPage([alert], page)
    const absent = problems.flatMap((problem) => /: no (\S+) on the page$/.exec(problem)?.[1] ?? [])
    // Labels can be told only of what is there.
    if (absent.length > 0) waiting.set(alert.name, absent)
    else faulty.push(...problems)
  }
  if (faulty.length > 0)
    return [
      fail(
        'alerts',
        `rules that cannot fire: ${faulty.join('; ')}`,
        'use the rules of this version: npx mcp-otel ops export DIR',
      ),
    ]
  const there = alerts.length - waiting.size
  if (waiting.size === 0) return [ok('alerts', `all ${there} have their metrics`)]
  const names = [...new Set([...waiting.values()].flat())].join(', ')
  const found = `${there} of ${alerts.length} have their metrics; the others wait for something of theirs to happen: ${names}`
  return [ok('alerts', found)]
}
