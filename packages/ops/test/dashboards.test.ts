import { describe, expect, test } from 'vitest'

import { buildDashboards } from '../src/dashboards/build-dashboards.ts'
import { layoutProblems } from '../src/dashboards/layout.ts'
import { lintDashboards } from '../src/dashboards/lint-dashboards.ts'
import type { PanelSpec } from '../src/dashboards/panel-spec.ts'
import { alertingRules } from '../src/rules/build-rules.ts'

interface Panel {
  readonly id: number
  readonly type: string
  readonly title: string
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number }
  readonly datasource?: object
  readonly targets?: readonly {
    readonly expr: string
    readonly legendFormat: string
    readonly exemplar: boolean
    readonly datasource: object
  }[]
  readonly fieldConfig?: {
    readonly defaults: { readonly unit: string; readonly thresholds: { steps: { value: number }[] } }
  }
  readonly links?: readonly { readonly url: string; readonly title: string }[]
  readonly options?: { readonly content?: string }
}
interface Dashboard {
  readonly title: string
  readonly panels: readonly Panel[]
  readonly links: readonly { readonly title: string; readonly url?: string; readonly tags: string[] }[]
  readonly tags: readonly string[]
  readonly templating: {
    readonly list: readonly { readonly name: string; readonly query: string; readonly current?: object }[]
  }
}

const built = buildDashboards() as Readonly<Record<string, Dashboard>>
const dashboards = Object.values(built)
const panels = dashboards.flatMap((dashboard) =>
  dashboard.panels.filter(({ type }) => type !== 'row' && type !== 'text'),
)

const panel = (changes: Partial<PanelSpec>): string[] => {
  const spec: PanelSpec = { title: 'P', kind: 'timeseries', description: 'A.', unit: 's', queries: [], ...changes }
  return lintDashboards([{ uid: 'u', title: 'D', description: '', rows: [{ title: 'R', panels: [spec] }] }])
}

const titles = (uid: string): string[] => built[uid]?.panels.map(({ title }) => title) ?? []
const found = (title: string): unknown => {
  const { targets, type } = panels.find((it) => it.title === title)!
  return { type, expr: targets?.[0]?.expr, legend: targets?.[0]?.legendFormat }
}
/** The runbooks ask nothing. */
const withQueriesOf = (all: Readonly<Record<string, Dashboard>>): Dashboard[] =>
  Object.entries(all).flatMap(([uid, dashboard]) => (uid === 'mcp-runbooks' ? [] : [dashboard]))
const withQueries = withQueriesOf(built)
/** The limits of the panels that show queues. */
const limits = (options: object): (number | undefined)[] =>
  Object.values(buildDashboards(options) as Readonly<Record<string, Dashboard>>)
    .flatMap((dashboard) => dashboard.panels)
    .filter(({ title }) => title === 'Jobs Waiting' || title === 'Queue Size')
    .map(({ fieldConfig }) => fieldConfig?.defaults.thresholds.steps.at(-1)?.value)

describe('the lint', () => {
  test('finds nothing wrong with the dashboards', () => {
    expect(lintDashboards()).toEqual([])
  })

  test.each([
    [
      'a metric that was renamed',
      'sum(rate(mcp_request_total[$__rate_interval]))',
      'there is no metric mcp_request_total',
    ],
    [
      'a label that was renamed',
      'sum by (route) (rate(mcp_requests_total[$__rate_interval]))',
      'no metric in it has the label route',
    ],
    [
      'a matcher on a label that is not there',
      'mcp_queue_size{queue="x"}',
      'mcp_queue_size has no label queue; it has plugin',
    ],
    [
      'a value that a label never has',
      'sum(rate(mcp_plugin_executions_total{status="failed"}[$__rate_interval]))',
      'mcp_plugin_executions_total never has status="failed"; it has success, error, timeout, cancelled',
    ],
    [
      'a counter without its rate',
      'sum(mcp_requests_total)',
      'mcp_requests_total is a counter: take its rate or its increase',
    ],
    [
      'the rate of a gauge',
      'rate(mcp_queue_size[$__rate_interval])',
      'mcp_queue_size is a gauge: rate is for counters',
    ],
    ['a fixed range', 'sum(rate(mcp_requests_total[5m]))', 'reads 5m: use $__rate_interval'],
    [
      'a quantile without its buckets',
      'histogram_quantile(0.9, sum by (method) (rate(mcp_request_duration_seconds_bucket[$__rate_interval])))',
      'histogram_quantile needs the label le, which is aggregated away',
    ],
    ['no PromQL', 'sum(rate(mcp_requests_total[$__rate_interval])', 'no PromQL at ""'],
  ])('says that a query has %s', (_what, expr, problem) => {
    expect(panel({ queries: [{ expr, legend: 'x' }] })).toContain(`D / P: ${problem}`)
  })

  test('says that a unit is missing, a legend shows what is dropped, and a limit is not the alert’s', () => {
    const queries = [{ expr: 'sum by (plugin) (mcp_queue_size)', legend: '{{instance}}' }]
    const limit = { threshold: 'errorRate', alert: 'QueueBacklog' } as const
    expect(panel({ unit: '', queries, limit })).toEqual([
      'D / P: has no unit',
      'D / P: the legend shows instance, which the query drops',
      'D / P: QueueBacklog does not use the limit errorRate',
    ])
  })

  test('says that nothing is shown, nothing describes it, and that a title is there twice', () => {
    expect(panel({ description: 'Requests' })).toEqual([
      'D / P: has no sentence that describes it',
      'D / P: shows nothing',
    ])
    const spec: PanelSpec = { title: 'P', kind: 'stat', description: 'A.', unit: 's', queries: [] }
    const twice = { uid: 'u', title: 'D', description: '', rows: [{ title: 'R', panels: [spec, spec] }] }
    expect(lintDashboards([twice])).toContain('D / P: is there twice')
  })

  test.each([
    ['s', 'sum(rate(mcp_requests_total[$__rate_interval]))', 'ops or reqps or iops'],
    ['ms', 'histogram_quantile(0.9, sum by (le) (rate(mcp_queue_wait_seconds_bucket[$__rate_interval])))', 's'],
    ['short', 'sum(rate(mcp_protocol_message_bytes_total[$__rate_interval]))', 'Bps'],
    ['Bps', 'process_resident_memory_bytes', 'bytes'],
    ['s', 'mcp_queue_size', 'short'],
    ['short', 'sum(process_open_fds) / sum(process_max_fds)', 'percentunit'],
    ['short', 'time() - process_start_time_seconds', 's'],
  ])('says that %s is not the unit of %s', (unit, expr, expected) => {
    expect(panel({ unit, queries: [{ expr, legend: 'x' }] })).toEqual([
      `D / P: has the unit ${unit}; what it shows is in ${expected}`,
    ])
  })
})

describe('the dashboards', () => {
  test('are the guide’s three with what it lists, and one each for the protocol, the telemetry and the runbooks', () => {
    expect(dashboards.map(({ title }) => title.replace('MCP / ', ''))).toEqual([
      'Overview',
      'Plugin Performance',
      'System Health',
      'MCP Protocol',
      'Telemetry',
      'Runbooks',
    ])
    expect(titles('mcp-overview')).toEqual(
      expect.arrayContaining(['Request Rate', 'Error Rate', 'Response Time', 'Queue Size']),
    )
    expect(titles('mcp-plugin-performance')).toEqual(
      expect.arrayContaining(['Execution Count', 'Success Rate', 'Duration', 'Queue Wait']),
    )
    expect(titles('mcp-system-health')).toEqual(
      expect.arrayContaining([
        'CPU Usage of the Process',
        'Memory Usage of the Process',
        'CPU Usage of the Machine',
        'Memory Usage of the Machine',
        'Disk I/O',
        'Network Traffic',
      ]),
    )
  })

  test('have the guide’s three panels with its titles, expressions and legends', () => {
    // Grafana has retired `graph`; `timeseries` is what it turned into.
    expect(found('Request Rate')).toEqual({
      type: 'timeseries',
      expr: 'rate(mcp_requests_total[5m])',
      legend: '{{method}} {{endpoint}}',
    })
    expect(found('Plugin Execution Rate')).toEqual({
      type: 'timeseries',
      expr: 'rate(mcp_plugin_executions_total[5m])',
      legend: '{{plugin}} {{command}}',
    })
    expect(found('Queue Size')).toEqual({ type: 'gauge', expr: 'mcp_queue_size', legend: '{{plugin}}' })
  })

  test('have variables for data source, job, instance and plugin, and every other query heeds them', () => {
    for (const { templating, title } of withQueries) {
      expect(
        templating.list.map(({ name }) => name),
        title,
      ).toEqual(['datasource', 'job', 'instance', 'plugin'])
    }
    const asWritten = new Set(['Request Rate', 'Plugin Execution Rate', 'Queue Size'])
    const deaf = panels.filter(
      ({ targets = [], title }) => !asWritten.has(title) && targets.some(({ expr }) => !expr.includes('job=~"$job"')),
    )
    expect(deaf.map(({ title }) => title)).toEqual([])
  })

  test('lead to each other, to the runbooks and to the logs', () => {
    for (const { links, tags } of dashboards) {
      expect(links.map(({ title, url }) => [title, url])).toEqual([
        ['MCP', undefined],
        ['Runbooks', '/d/mcp-runbooks'],
        ['Logs', '/explore'],
      ])
      expect(links[0]?.tags).toEqual(tags)
    }
  })

  test('lead from each limit to the runbook of its alert, and from the runbook back to the dashboard', () => {
    const runbooks = built['mcp-runbooks']?.panels ?? []
    const alerts = alertingRules()
    expect(runbooks.map(({ title }) => title)).toEqual(alerts.map(({ alert }) => alert))
    expect(runbooks.map(({ links }) => links?.[0]?.url)).toEqual(alerts.map(({ dashboard }) => `/d/${dashboard}`))
    const limited = panels.filter(({ links = [] }) => links.length > 0)
    expect(limited.length).toBeGreaterThan(10)
    for (const { links = [] } of limited) {
      const id = /^\/d\/mcp-runbooks\?viewPanel=panel-(\d+)$/.exec(links[0]?.url ?? '')?.[1]
      expect(links[0]?.title).toBe(`Runbook: ${runbooks.find((it) => it.id === Number(id))?.title}`)
    }
  })

  test('show the runbooks as they are written, with the limits that the alerts have and links among themselves', () => {
    const shown = (options: object): string[] =>
      (buildDashboards(options) as Readonly<Record<string, Dashboard>>)['mcp-runbooks']?.panels.map(
        (it) => it.options?.content ?? '',
      ) ?? []
    expect(shown({}).filter((text) => /\.md\)|<!--|^# /.test(text) || !text.includes('## What to do'))).toEqual([])
    expect(shown({ thresholds: { queueSize: 7 } }).filter((text) => text.includes('mcp_queue_size > 7'))).toHaveLength(
      1,
    )
    const elsewhere = buildDashboards({ runbooks: 'https://wiki/r/' }) as Readonly<Record<string, Dashboard>>
    const links = elsewhere['mcp-overview']?.panels.flatMap((it) => it.links ?? []).map(({ url }) => url)
    expect(links).toContain('https://wiki/r/HighErrorRate.md')
  })

  test('show exemplars where there are histograms of durations', () => {
    const shown = panels
      .filter(({ targets = [] }) => targets.some(({ exemplar }) => exemplar))
      .map(({ title }) => title)
    expect(shown).toEqual([
      'Response Time',
      'Duration',
      'Queue Wait',
      'Retry Wait',
      'Duration of Tool Calls',
      'Duration of Requests by Method',
      'Duration of Calls by Method',
    ])
  })

  test('draw the limits that the alerts have, also other ones', () => {
    expect(limits({})).toEqual([100, 100, 100])
    expect(limits({ thresholds: { queueSize: 7 } })).toEqual([7, 7, 7])
  })

  test('have no panels that overlap, leave the grid or share an id, and such ones are found', () => {
    expect(dashboards.flatMap(layoutProblems)).toEqual([])
    const gridPos = { x: 0, y: 0, w: 12, h: 8 }
    const planted = [
      { id: 1, title: 'A', gridPos },
      { id: 2, title: 'B', gridPos: { ...gridPos, x: 11 } },
      { id: 1, title: 'C', gridPos: { ...gridPos, y: 8 } },
      { id: 4, title: 'D', gridPos: { ...gridPos, x: 13, y: 8 } },
    ]
    expect(layoutProblems({ title: 'X', panels: planted })).toEqual([
      'X / B: stands where A is',
      'X / C: has the id of A',
      'X / D: leaves the grid',
    ])
  })

  test('ask the data source that the reader has chosen, in each panel and query', () => {
    const chosen = { type: 'prometheus', uid: '${datasource}' }
    for (const { datasource, targets = [], title } of panels) {
      expect([datasource, ...targets.map((target) => target.datasource)], title).toEqual(
        Array.from({ length: targets.length + 1 }, () => chosen),
      )
    }
  })

  test('take a selector into every query and variable, and a data source', () => {
    const selected = buildDashboards({ selector: 'env="prod"', datasource: 'p1' }) as Readonly<
      Record<string, Dashboard>
    >
    for (const { panels: all, templating } of withQueriesOf(selected)) {
      const [source, ...variables] = templating.list
      expect(source?.current).toMatchObject({ value: 'p1' })
      for (const { query } of variables) expect(query).toContain('env="prod"')
      const exprs = all.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr))
      expect(exprs.filter((expr) => !/env="prod"|job(?:_plugin)?:/.test(expr))).toEqual([])
    }
  })
})
