import { findSeries } from '../metrics.ts'
import { parseExpression, type Matcher, type Selector } from './parse-expression.ts'

/** Labels that Prometheus gives to every series. */
const TARGET_LABELS = ['job', 'instance']
/** Series that Prometheus makes for every target. */
const OF_PROMETHEUS = new Set(['up', 'scrape_duration_seconds'])
const COUNTER_FUNCTIONS = new Set(['rate', 'increase', 'irate', 'resets'])
/** Functions that only ask whether there is a series. */
const PRESENCE_FUNCTIONS = new Set(['last_over_time', 'present_over_time', 'absent', 'timestamp'])

export interface LintOptions {
  /** Series that recording rules make, with their labels. */
  readonly recorded?: ReadonlyMap<string, readonly string[]>
}

/**
 * Returns what is wrong with an expression against the catalogues: no PromQL, metrics or labels that do not exist, values
 * that a label never has, bounds that a histogram does not have, counters without a rate, rates of what is no counter.
 */
export function lintExpression(text: string, { recorded = new Map() }: LintOptions = {}): string[] {
  const { selectors, groupings, errors } = parseExpression(text)
  const known = new Set(TARGET_LABELS)
  const problems = [...errors]
  for (const selector of selectors) {
    const labels = labelsOf(selector.name, recorded)
    if (labels === undefined) {
      problems.push(`there is no metric ${selector.name}`)
      continue
    }
    for (const label of labels) known.add(label)
    problems.push(...selectorProblems(selector, labels))
  }
  for (const label of groupings) {
    if (!known.has(label)) problems.push(`no metric in it has the label ${label}`)
  }
  if (/\bhistogram_quantile\b/.test(text) && /\bby\b/.test(text) && !groupings.includes('le')) {
    problems.push('histogram_quantile needs the label le, which is aggregated away')
  }
  return problems
}

function labelsOf(name: string, recorded: ReadonlyMap<string, readonly string[]>): readonly string[] | undefined {
  if (OF_PROMETHEUS.has(name)) return []
  return recorded.get(name) ?? findSeries(name)?.labels
}

function selectorProblems({ name, matchers, within }: Selector, labels: readonly string[]): string[] {
  const series = findSeries(name)
  const problems = matchers.flatMap((matcher) => {
    if (!labels.includes(matcher.label) && !TARGET_LABELS.includes(matcher.label)) {
      return `${name} has no label ${matcher.label}; it has ${labels.join(', ') || 'none'}`
    }
    return valueProblems(name, matcher)
  })
  if (series === undefined) return problems
  const isRate = COUNTER_FUNCTIONS.has(within)
  if (series.isCounter && !isRate && !PRESENCE_FUNCTIONS.has(within)) {
    problems.push(`${name} is a counter: take its rate or its increase`)
  }
  if (!series.isCounter && isRate) problems.push(`${name} is a gauge: ${within} is for counters`)
  return problems
}

function valueProblems(name: string, { label, operator, value }: Matcher): string[] {
  const metric = findSeries(name)?.metric
  const accepted = label === 'le' ? metric?.buckets?.flatMap(bounds) : metric?.labels[label]
  if (accepted === undefined || accepted === null || value.includes('$')) return []
  const matches = operator.endsWith('~') ? new RegExp(`^(?:${value})$`) : undefined
  const hasOne = accepted.some((each) => (matches === undefined ? each === value : matches.test(each)))
  return hasOne ? [] : [`${name} never has ${label}${operator}"${value}"; it has ${accepted.join(', ')}`]
}

/** A bound as text 0.0.4 and as OpenMetrics write it. */
function bounds(bound: number): string[] {
  return Number.isInteger(bound) ? [String(bound), `${bound}.0`] : [String(bound)]
}
