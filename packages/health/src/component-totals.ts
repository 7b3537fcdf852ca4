import { mergeHistograms } from './histogram-quantile.ts'
import type { HistogramReading, PluginFacts, QueueFacts, ReadSeries, SeriesReading } from './read-series.ts'

/** The cells of one plugin, summed over its commands. */
export interface PluginTotals {
  executions: Record<string, number>
  duration: HistogramReading | undefined
  up: number | undefined
  active: number | undefined
  /** Unix time, s. */
  lastExecution: number | undefined
  consecutiveFailures: number | undefined
}

/** The cells of one queue. */
export interface QueueTotals {
  size: number | undefined
  active: number | undefined
  oldestAge: number | undefined
  finished: number | undefined
  wait: HistogramReading | undefined
}

/** All plugins and queues at one moment. */
export interface Totals {
  /** `performance.now()`. */
  readonly at: number
  readonly plugins: ReadonlyMap<string, PluginTotals>
  readonly queues: ReadonlyMap<string, QueueTotals>
}

export interface TotalsSources {
  readonly read: ReadSeries
  readonly plugins: () => Iterable<PluginFacts>
  readonly queues: () => Iterable<QueueFacts>
}

/** Reads every plugin's and queue's cells; what the cells do not have comes from the facts. */
export function readTotals({ read, plugins, queues }: TotalsSources): Totals {
  const pluginTotals = new Map<string, PluginTotals>()
  const queueTotals = new Map<string, QueueTotals>()
  const plugin = entryOf(pluginTotals, () => ({
    executions: {},
    duration: undefined,
    up: undefined,
    active: undefined,
    lastExecution: undefined,
    consecutiveFailures: undefined,
  }))
  const queue = entryOf(queueTotals, () => ({
    size: undefined,
    active: undefined,
    oldestAge: undefined,
    finished: undefined,
    wait: undefined,
  }))

  each(read('mcp.plugin.executions'), plugin, (totals, value, { status }) => {
    const key = String(status)
    totals.executions[key] = (totals.executions[key] ?? 0) + value
  })
  eachHistogram(read('mcp.plugin.execution.duration'), plugin, (totals, cell) => {
    totals.duration = mergeHistograms(totals.duration, cell)
  })
  each(read('mcp.plugin.up'), plugin, (totals, value) => (totals.up = value))
  each(read('mcp.plugin.active_executions'), plugin, (totals, value) => (totals.active = (totals.active ?? 0) + value))
  each(read('mcp.plugin.last_execution_timestamp'), plugin, (totals, value) => {
    totals.lastExecution = Math.max(totals.lastExecution ?? 0, value)
  })
  each(read('mcp.queue.size'), queue, (totals, value) => (totals.size = value))
  each(read('mcp.queue.active_jobs'), queue, (totals, value) => (totals.active = value))
  each(read('mcp.queue.oldest_job_age'), queue, (totals, value) => (totals.oldestAge = value))
  each(read('mcp.queue.jobs'), queue, (totals, value) => (totals.finished = (totals.finished ?? 0) + value))
  eachHistogram(read('mcp.queue.wait'), queue, (totals, cell) => (totals.wait = mergeHistograms(totals.wait, cell)))

  for (const { name, up, active, lastExecution, executions, consecutiveFailures } of plugins()) {
    const totals = plugin(name)
    if (up !== undefined) totals.up = up ? 1 : 0
    totals.active = active ?? totals.active
    if (lastExecution !== undefined) totals.lastExecution = lastExecution.getTime() / 1000
    if (executions !== undefined && sumOf(totals.executions) === 0) totals.executions = { ...executions }
    totals.consecutiveFailures = consecutiveFailures
  }
  for (const { plugin: name, size, active, oldestJobAge, jobs } of queues()) {
    const totals = queue(name)
    totals.size = size ?? totals.size
    totals.active = active ?? totals.active
    totals.oldestAge = oldestJobAge ?? totals.oldestAge
    if (jobs !== undefined && (totals.finished ?? 0) === 0) totals.finished = sumOf(jobs)
  }
  return { at: performance.now(), plugins: pluginTotals, queues: queueTotals }
}

/** Reads no more than which plugins and queues there are on the page. */
export function readNames({ read }: Pick<TotalsSources, 'read'>): { plugins: string[]; queues: string[] } {
  const named = (metric: string): string[] =>
    [...read(metric)].map(({ attributes }) => attributes['plugin']).filter((name) => typeof name === 'string')
  return { plugins: named('mcp.plugin.up'), queues: named('mcp.queue.size') }
}

function entryOf<T>(map: Map<string, T>, create: () => T): (name: string) => T {
  return (name) => {
    let entry = map.get(name)
    if (entry === undefined) map.set(name, (entry = create()))
    return entry
  }
}

/** Calls back for each number; the overflow series bears no plugin and is left out. */
function each<T>(
  series: Iterable<SeriesReading>,
  entry: (name: string) => T,
  take: (totals: T, value: number, attributes: SeriesReading['attributes']) => void,
): void {
  for (const { attributes, value } of series) {
    if (typeof attributes['plugin'] === 'string' && typeof value === 'number') {
      take(entry(attributes['plugin']), value, attributes)
    }
  }
}

function eachHistogram<T>(
  series: Iterable<SeriesReading>,
  entry: (name: string) => T,
  take: (totals: T, cell: HistogramReading) => void,
): void {
  for (const { attributes, value } of series) {
    if (typeof attributes['plugin'] === 'string' && typeof value === 'object') take(entry(attributes['plugin']), value)
  }
}

function sumOf(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0)
}
