import { findSeries } from '../metrics.ts'
import { parseExpression } from '../promql/parse-expression.ts'

const COUNT = ['short']
const PER_SECOND = ['ops', 'reqps', 'iops']
/** Units of Grafana by the unit of the metric: as it is, and of its rate. */
const UNITS: Readonly<Record<string, { readonly value: readonly string[]; readonly rate: readonly string[] }>> = {
  s: { value: ['s'], rate: ['short', 'percentunit'] },
  By: { value: ['bytes'], rate: ['Bps'] },
  1: { value: ['short', 'percentunit'], rate: PER_SECOND },
}

/** Returns what is wrong with a panel's unit, given what its expression computes; what divides is a share, or left alone. */
export function unitProblems(expr: string, unit: string): string[] {
  const accepted = acceptedUnits(expr)
  if (accepted === undefined || unit === '' || accepted.includes(unit)) return []
  return [`has the unit ${unit}; what it shows is in ${accepted.join(' or ')}`]
}

function acceptedUnits(expr: string): readonly string[] | undefined {
  if (expr.startsWith('time() - ')) return ['s']
  const [selector] = parseExpression(expr).selectors
  const series = selector === undefined ? undefined : findSeries(selector.name)
  if (selector === undefined || series === undefined || / (?:and|or) /.test(expr)) return undefined
  if (expr.includes(' / ')) return ['percentunit']
  // Occurrences, `{request}`, and the counts of a histogram.
  const isCount = /^\{|^$/.test(series.metric.unit) || selector.name.endsWith('_count') || /^count\b/.test(expr)
  const { rate, value } = isCount ? { value: COUNT, rate: PER_SECOND } : (UNITS[series.metric.unit] ?? {})
  if (expr.startsWith('histogram_quantile')) return UNITS[series.metric.unit]?.value
  return selector.within === 'rate' ? rate : value
}
