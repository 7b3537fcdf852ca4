import { findSeries } from '../metrics.ts'
import type { Matcher, Selector } from '../promql/parse-expression.ts'
import { recordedSeries } from '../rules/build-rules.ts'
import type { PrometheusClient } from './prometheus-client.ts'

/**
 * Why there is no data: the metric is `missing`, a label has another name or never that value (`mismatch`), or nothing of
 * the kind has happened (`idle`), which is no fault.
 */
export interface Diagnosis {
  readonly reason: 'missing' | 'mismatch' | 'idle'
  readonly detail: string
}

/** As far back as a series counts as there. */
const WINDOW = '10m'

/** Says why a selector finds no series; `undefined` when it finds some. */
export async function diagnoseSelector(selector: Selector, client: PrometheusClient): Promise<Diagnosis | undefined> {
  const { matchers, name, range } = selector
  const window = range === '' || range.startsWith('$') ? WINDOW : range
  const count = async (some: readonly Matcher[]): Promise<number> => {
    const text = some.map(({ label, operator, value }) => `${label}${operator}${JSON.stringify(value)}`).join(',')
    return (await client.query(`count(last_over_time(${name}{${text}}[${window}]))`))[0]?.value ?? 0
  }
  if ((await count(matchers)) > 0) return undefined
  if ((await count([])) === 0) return absent(name)
  for (const matcher of matchers) {
    if ((await count([matcher])) > 0) continue
    return unmatched(matcher, name, await valuesOf(matcher.label, name, window, client))
  }
  return { reason: 'mismatch', detail: `${name} has no series with ${selector.text} as a whole` }
}

function absent(name: string): Diagnosis {
  if (recordedSeries().has(name)) {
    return { reason: 'missing', detail: `${name} is made by a recording rule: load prometheus/mcp.rules.yaml` }
  }
  const metric = findSeries(name)?.metric
  if (metric === undefined) return { reason: 'missing', detail: `there is no ${name}` }
  const isOpen = Object.values(metric.labels).includes(null)
  return isOpen && metric.type !== 'gauge'
    ? { reason: 'idle', detail: `there is no ${name} yet: it begins with the first event of its kind` }
    : { reason: 'missing', detail: `there is no ${name}: is the server scraped, and its version the one of this pack?` }
}

function unmatched(matcher: Matcher, name: string, present: readonly string[]): Diagnosis {
  const { label, operator, value } = matcher
  const condition = `${label}${operator}"${value}"`
  if (present.length === 0) return { reason: 'mismatch', detail: `${name} has no label ${label}` }
  const detail = `no series of ${name} has ${condition}; there are ${present.slice(0, 10).join(', ')}`
  return { reason: canCome(matcher, name) ? 'idle' : 'mismatch', detail }
}

/** A status or a route comes with its first event; a job that is called otherwise, or a bound, never comes. */
function canCome({ label, operator, value }: Matcher, name: string): boolean {
  const accepted = findSeries(name)?.metric.labels[label]
  if (accepted === undefined) return false
  if (accepted === null || operator.startsWith('!')) return true
  const pattern = operator === '=~' ? new RegExp(`^(?:${value})$`) : undefined
  return accepted.some((each) => (pattern === undefined ? each === value : pattern.test(each)))
}

async function valuesOf(label: string, name: string, window: string, client: PrometheusClient): Promise<string[]> {
  const groups = await client.query(`group by (${label}) (last_over_time(${name}[${window}]))`)
  return groups.map(({ metric }) => metric[label] ?? '').filter((value) => value !== '')
}
