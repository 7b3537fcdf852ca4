import { styleText } from 'node:util'

import type {
  CheckReport,
  HealthReport,
  PluginHealth,
  ProbeReport,
  PublicReport,
  QueueHealth,
  ServerHealth,
} from './report.ts'
import type { HealthStatus } from './status.ts'

export interface HealthTreeOptions {
  readonly url: URL
  /** ms. */
  readonly latency: number
  readonly color: boolean
}

interface Line {
  readonly mark?: HealthStatus
  readonly text: string
  readonly lines?: readonly Line[]
}

type Body = Partial<PublicReport> &
  Partial<Pick<HealthReport, 'server' | 'queues' | 'checks'>> &
  Partial<Pick<ProbeReport, 'process'>>

/** How many components at fault the first line names. */
const MOST_NAMED = 5

const MARKS = { healthy: ['✔', 'green'], degraded: ['▲', 'yellow'], unhealthy: ['✖', 'red'] } as const
// oxlint-disable-next-line no-control-regex -- what a server sends must not steer the terminal
const CONTROL = /[\u0000-\u001F\u007F-\u009F]/g

/** Returns a health body as a tree for the terminal, a line for each component, ending with a line break. */
export function renderHealthTree(body: Body & { readonly status: HealthStatus }, options: HealthTreeOptions): string {
  const { url, latency, color } = options
  const head = [
    `${body.status}${because(body)}`,
    ...(typeof body.process === 'string' && body.process !== 'running' ? [body.process] : []),
    ...(body.version === undefined ? [] : [`version ${body.version}`]),
    ...(body.uptime === undefined ? [] : [`up ${duration(body.uptime)}`]),
    ...(body.queue_size === undefined ? [] : [`${body.queue_size} jobs waiting`]),
    `${url.origin}${url.pathname} in ${Math.round(latency)} ms`,
  ]
  const lines = [
    ...(body.server ? [serverLine(body.server)] : []),
    ...group('plugins', body.plugins, pluginText),
    ...group('queues', body.queues, queueText),
    ...group('checks', body.checks, checkText),
  ]
  const rendered = render([{ mark: body.status, text: head.join(', '), lines }], color)
  return `${rendered.join('\n')}\n`
}

interface Faultable {
  readonly status: HealthStatus
  readonly critical?: boolean
}

/** What makes the whole what it is goes first. */
function rankOf(status: HealthStatus, critical = false): number {
  return (status === 'unhealthy' ? 2 : 0) + (critical ? 1 : 0)
}

/** Names what is at fault, so that nobody has to look for it in a long tree. */
function because({ server, plugins, queues, checks }: Body): string {
  const groups: [kind: string, components: Readonly<Record<string, Faultable>>][] = [
    ['', checks ?? {}],
    ['plugin ', plugins ?? {}],
    ['queue ', queues ?? {}],
  ]
  const faulty = groups.flatMap(([kind, components]) =>
    Object.entries(components)
      .filter(([, { status }]) => status !== 'healthy')
      .map(([name, { status, critical }]) => ({ name: `${kind}${name}`, rank: rankOf(status, critical) })),
  )
  if (faulty.length === 0 && server !== undefined && server.status !== 'healthy') return ' (server)'
  const worstFirst = faulty.toSorted((a, b) => b.rank - a.rank)
  const named = worstFirst.slice(0, MOST_NAMED).map(({ name }) => name)
  const more = faulty.length > MOST_NAMED ? [`${faulty.length - MOST_NAMED} more`] : []
  return faulty.length === 0 ? '' : ` (${[...named, ...more].join(', ')})`
}

function render(lines: readonly Line[], color: boolean, indent = '', isRoot = true): string[] {
  return lines.flatMap(({ mark, text, lines: below = [] }, index) => {
    const isLast = index === lines.length - 1
    const branch = isRoot ? '' : dim(`${indent}${isLast ? '└─ ' : '├─ '}`, color)
    const clean = text.replace(CONTROL, ' ')
    const shown = mark === undefined ? clean : `${paint(mark, color)} ${clean}`
    return [`${branch}${shown}`, ...render(below, color, isRoot ? '' : `${indent}${isLast ? '   ' : '│  '}`, false)]
  })
}

function paint(status: HealthStatus, color: boolean): string {
  const [mark, style] = MARKS[status] ?? ['?', 'red']
  return color ? styleText(style, mark, { validateStream: false }) : mark
}

function dim(text: string, color: boolean): string {
  return color ? styleText('dim', text, { validateStream: false }) : text
}

function group<T extends { readonly status: HealthStatus }>(
  title: string,
  components: Readonly<Record<string, T>> | undefined,
  say: (component: T) => string,
): Line[] {
  const lines = Object.entries(components ?? {}).map(([name, component]) => {
    const said = say(component)
    return { mark: component.status, text: said === '' ? name : `${name}: ${said}` }
  })
  return lines.length === 0 ? [] : [{ text: title, lines }]
}

function serverLine({ status, process, pid, node, memory, cpu, event_loop, gc, handles }: ServerHealth): Line {
  const { delay, utilization } = event_loop
  const loop = [
    ...(delay === null ? [] : [`delay p99 ${seconds(delay.p99)}`]),
    ...(utilization === null ? [] : [`${percent(utilization)} busy`]),
  ]
  const limit = `${bytes(memory.limit)} of the ${memory.limit_source}`
  return {
    mark: status,
    text: `server: ${process}, pid ${pid}, Node ${node}`,
    lines: [
      {
        text: `memory: rss ${bytes(memory.rss)} (${percent(memory.rss_ratio)} of ${limit}), heap ${bytes(memory.heap_used)} (old space ${percent(memory.heap_ratio)} of ${bytes(memory.heap_limit)})`,
      },
      { text: `cpu: ${cpu.usage === null ? 'not known yet' : percent(cpu.usage)} of one core, ${cpu.cores} cores` },
      ...(loop.length === 0 ? [] : [{ text: `event loop: ${loop.join(', ')}` }]),
      { text: `gc: ${gc.count} in ${seconds(gc.seconds)}; ${handles.total} handles` },
    ],
  }
}

function pluginText(plugin: Partial<PluginHealth>): string {
  const parts = [
    ...(plugin.message === undefined ? [] : [plugin.message]),
    ...(plugin.available === false ? ['not available'] : []),
    ...(plugin.error_rate == null || plugin.message !== undefined
      ? []
      : [`${plugin.recent_executions} executions, ${percent(plugin.error_rate)} failed`]),
    ...(plugin.duration_p95 == null ? [] : [`p95 ${seconds(plugin.duration_p95)}`]),
    ...(plugin.active ? [`${plugin.active} active`] : []),
    ...(plugin.last_execution == null ? [] : [`last ${ago(plugin.last_execution)}`]),
  ]
  return [...new Set(parts)].join(', ')
}

function queueText(queue: QueueHealth): string {
  const parts = [
    ...(queue.message === undefined ? [] : [queue.message]),
    `${queue.size ?? 'unknown number'} waiting${queue.trend === null ? '' : ` (${queue.trend})`}`,
    `${queue.active} active`,
    ...(queue.processing_rate === null ? [] : [`${round(queue.processing_rate)}/s`]),
    ...(queue.wait_p95 === null ? [] : [`wait p95 ${seconds(queue.wait_p95)}`]),
    ...(queue.oldest_age === null ? [] : [`oldest ${seconds(queue.oldest_age)}`]),
  ]
  return parts.join(', ')
}

function checkText(check: CheckReport): string {
  const parts = [
    ...(check.message === undefined ? [] : [check.message]),
    ...(check.critical ? ['critical'] : []),
    `took ${seconds(check.duration)}`,
    `${seconds(check.age)} ago`,
    ...(check.last_result === undefined ? [] : [`last result ${check.last_result}`]),
  ]
  return parts.join(', ')
}

function seconds(value: number): string {
  return value >= 1 ? `${round(value)} s` : `${round(value * 1000)} ms`
}

function duration(value: number): string {
  const units = [
    ['d', 86_400],
    ['h', 3600],
    ['min', 60],
  ] as const
  const [unit, size] = units.find(([, least]) => value >= least) ?? ['s', 1]
  return `${round(value / size)} ${unit}`
}

function ago(iso: string): string {
  return `${duration(Math.max(0, (Date.now() - Date.parse(iso)) / 1000))} ago`
}

function bytes(value: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB']
  const power = Math.min(units.length - 1, Math.floor(Math.log10(Math.max(1, value)) / 3))
  return `${round(value / 1000 ** power)} ${units[power]}`
}

function percent(ratio: number): string {
  return `${round(ratio * 100)} %`
}

function round(value: number): number {
  return Math.round(value * 10) / 10
}
