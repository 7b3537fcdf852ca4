import type { Results } from './harness/results.ts'
import { differencesOf, ratioOf, summaryOf } from './harness/statistics.ts'
import type { Samples } from './harness/statistics.ts'
import type { Figure, Row } from './harness/suite.ts'
import { bestPeer, limitOf, numberText } from './harness/table.ts'

/** One thing to be reached, and where in the results it is to be seen. */
interface Goal {
  readonly what: string
  readonly suite: string
  readonly group: string
  readonly contestant: string
  readonly figure: string
  /** The figure itself, its ratio to the limit or to the best peer, what it is above the limit, or its ratio to another group's. */
  readonly as:
    | 'itself'
    | 'times the limit'
    | 'times the best peer'
    | 'above the limit'
    | { readonly timesGroup: string }
  readonly unit: string
  readonly atMost?: number
  readonly atLeast?: number
}

const record = { suite: 'record', group: 'clock excluded', figure: 'nanos', as: 'itself', unit: 'ns' } as const
const http = { suite: 'http', contestant: 'ours', figure: 'cpu', as: 'times the limit', unit: '×' } as const
const scrape = { suite: 'scrape', contestant: 'ours', as: 'itself', unit: 'ms' } as const
const toolCall = { suite: 'protocol', figure: 'cpu', as: 'times the limit', unit: '×' } as const
const startUp = { suite: 'start-up', as: 'above the limit' } as const
const METRICS_ONLY = 'node:http, metrics only'

const goals: readonly Goal[] = [
  { ...record, what: 'record an event, two API calls', contestant: 'ours, two calls', atMost: 40 },
  { ...record, what: 'record an event, both instruments in one call', contestant: 'ours, fused', atMost: 30 },
  { ...record, what: 'record an event on bound handles', contestant: 'ours, bound', atMost: 10 },
  {
    what: 'count an event with a string made at run time',
    suite: 'record-strings',
    group: 'counter, string from bytes',
    contestant: 'ours',
    figure: 'nanos',
    as: 'itself',
    unit: 'ns',
    atMost: 190,
  },
  { ...scrape, what: 'scrape 100,000 series: work', group: '100,000 series', figure: 'work', atMost: 30 },
  { ...scrape, what: 'scrape 100,000 series: longest stall', group: '100,000 series', figure: 'stall', atMost: 10 },
  { ...scrape, what: 'scrape 10,000 series: work', group: '10,000 series', figure: 'work', atMost: 3 },
  { ...scrape, what: 'scrape 1,000 series: longest stall', group: '1,000 series', figure: 'stall', atMost: 2 },
  {
    what: 'memory of a label set, page text included',
    suite: 'memory',
    group: 'a label set',
    contestant: 'ours',
    figure: 'scraped',
    as: 'itself',
    unit: 'B',
    atMost: 270,
  },
  { ...http, what: 'node:http, metrics only: CPU', group: METRICS_ONLY, atMost: 1.06 },
  { ...http, what: 'node:http, metrics only: throughput', group: METRICS_ONLY, figure: 'rate', atLeast: 0.95 },
  { ...http, what: 'node:http, metrics only: p99', group: METRICS_ONLY, figure: 'p99', atMost: 1.1 },
  {
    ...http,
    what: 'node:http, spans, none sampled: CPU',
    group: 'node:http, metrics and spans, none sampled',
    atMost: 1.25,
  },
  { ...http, what: 'node:http, 1 % sampled: CPU', group: 'node:http, metrics and spans, 1 % sampled', atMost: 1.3 },
  {
    ...http,
    what: 'node:http, all spans exported: CPU',
    group: 'node:http, metrics and spans, all exported',
    atMost: 1.9,
  },
  {
    ...http,
    what: 'Express 5, everything on: CPU',
    group: 'Express 5, everything on, all spans exported',
    atMost: 1.4,
  },
  {
    ...http,
    what: 'Fastify 5, everything on: CPU',
    group: 'Fastify 5, everything on, all spans exported',
    atMost: 1.9,
  },
  {
    ...startUp,
    what: 'start-up, CommonJS: CPU',
    group: 'CommonJS app',
    contestant: 'ours, --require',
    figure: 'cpu',
    unit: 'ms',
    atMost: 60,
  },
  {
    ...startUp,
    what: 'start-up, ESM: CPU',
    group: 'ESM app',
    contestant: 'ours, --import',
    figure: 'cpu',
    unit: 'ms',
    atMost: 140,
  },
  {
    ...startUp,
    what: 'start-up, CommonJS: until the first line of the app',
    group: 'CommonJS app',
    contestant: 'ours, --require',
    figure: 'wall',
    unit: 'ms',
    atMost: 60,
  },
  {
    ...startUp,
    what: 'start-up, ESM: until the first line of the app',
    group: 'ESM app',
    contestant: 'ours, --import',
    figure: 'wall',
    unit: 'ms',
    atMost: 140,
  },
  {
    ...startUp,
    what: 'start-up, RSS',
    group: 'CommonJS app',
    contestant: 'ours, --require',
    figure: 'rss',
    unit: 'MiB',
    atMost: 20,
  },
  {
    what: 'an idle process: CPU',
    suite: 'idle',
    group: 'a server without requests',
    contestant: 'ours, --require',
    figure: 'busy',
    as: 'itself',
    unit: '%',
    atMost: 0.1,
  },
  {
    ...toolCall,
    what: 'a tool call, metrics of the server: CPU',
    group: 'metrics',
    contestant: 'ours, server',
    atMost: 1.15,
  },
  {
    ...toolCall,
    what: 'a tool call, metrics of both sides: CPU',
    group: 'metrics',
    contestant: 'ours, both sides',
    atMost: 1.15,
  },
  {
    ...toolCall,
    what: 'a tool call, spans of the server, too: CPU',
    group: 'spans, and metrics where there are any',
    contestant: 'ours, server with spans',
    atMost: 1.5,
  },
  {
    ...toolCall,
    what: 'a tool call, spans of the client: CPU beside the cheapest peer, which sends no trace',
    group: 'spans, and metrics where there are any',
    contestant: 'ours, client with spans that it keeps to itself',
    as: 'times the best peer',
    atMost: 1,
  },
  {
    ...toolCall,
    what: 'a tool call, spans of both sides, too: CPU',
    group: 'spans, and metrics where there are any',
    contestant: 'ours, both sides with spans',
    atMost: 1.5,
  },
  {
    what: 'a log line, written through',
    suite: 'log-line',
    group: 'written through: in the file when the call returns',
    contestant: 'ours',
    figure: 'cpu',
    as: 'itself',
    unit: 'µs',
    atMost: 7,
  },
  {
    what: 'a log line, batched',
    suite: 'log-line',
    group: 'gathered, or written in the background',
    contestant: 'ours, batch: true',
    figure: 'cpu',
    as: 'itself',
    unit: 'µs',
    atMost: 3.5,
  },
  {
    what: 'an event with 100,000 series instead of 100',
    suite: 'growth',
    group: '100,000 series',
    contestant: 'ours, two calls',
    figure: 'nanos',
    as: { timesGroup: '100 series' },
    unit: '×',
    atMost: 1.15,
  },
  {
    what: 'an event with 100,000 series, on the same 100 of them',
    suite: 'growth',
    group: '100,000 series, all events on the same 100',
    contestant: 'ours, two calls',
    figure: 'nanos',
    as: { timesGroup: '100 series' },
    unit: '×',
    atMost: 1.15,
  },
  {
    what: 'a simulated day: growth of the heap in an hour',
    suite: 'growth',
    group: 'a day of ten events and a scrape every 15 s, plugins coming and going',
    contestant: 'ours',
    figure: 'growth',
    as: 'itself',
    unit: 'KiB',
    atMost: 10,
  },
]

/** Returns the table of the goals beside what the results say. */
export function goalsTable(results: Results): string {
  const lines = goals.map((goal) => {
    const { what, unit, atMost, atLeast } = goal
    const wished = atLeast === undefined ? `≤ ${atMost} ${unit}` : `≥ ${atLeast} ${unit}`
    const summary = summaryOf(samplesOf(goal, results))
    if (summary === undefined) return `| ${what} | ${wished} | – | not measured |`
    const { median } = summary
    const isReached = atLeast === undefined ? median <= (atMost ?? 0) : median >= atLeast
    return `| ${what} | ${wished} | ${numberText(median)} ${unit} | ${isReached ? 'reached' : '**missed**'} |`
  })
  return ['| | goal | today | |', '| --- | --: | --: | --- |', ...lines].join('\n')
}

function samplesOf({ suite, group, contestant, figure, as }: Goal, { suites }: Results): Samples {
  const { figures = {}, rows = [] } = suites[suite] ?? {}
  const inGroup = (name: string): Row[] => rows.filter((row) => row.group === name)
  const samplesIn = (name: string): Samples =>
    inGroup(name).find((row) => row.contestant === contestant)?.samples[figure] ?? []
  const samples = samplesIn(group)
  if (as === 'itself') return samples
  const base = typeof as === 'object' ? samplesIn(as.timesGroup) : baseOf(as, figure, figures[figure], inGroup(group))
  if (base === undefined) return []
  if (as === 'above the limit') return differencesOf(samples, base)
  const ratio = ratioOf(samples, base)
  return ratio === undefined ? [] : [ratio.median]
}

function baseOf(as: Goal['as'], name: string, figure: Figure | undefined, rows: readonly Row[]): Samples | undefined {
  const row = as === 'times the best peer' ? figure && bestPeer(name, figure, rows) : limitOf(name, rows)
  return row?.samples[name]
}
