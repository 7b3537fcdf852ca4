import type { PackExpression } from '../pack/pack-expressions.ts'
import { parseExpression } from '../promql/parse-expression.ts'

/** Series that Prometheus itself makes, or its recording rules. */
const NOT_ON_PAGE = /^(?:up|scrape_duration_seconds|\w*:.*)$/
const TARGET_LABELS = ['job', 'instance']

/** Names what expressions read and a page of text 0.0.4 does not have: metrics, or labels. */
export function missingFromPage(expressions: readonly PackExpression[], page: string): string[] {
  const labels = labelsByName(page)
  return expressions.flatMap(({ expr, name: subject }) => {
    const { groupings, selectors } = parseExpression(expr)
    const read = selectors.filter(({ name }) => !NOT_ON_PAGE.test(name))
    const absent = read.filter(({ name }) => !labels.has(name)).map(({ name }) => `no ${name} on the page`)
    const unlabelled = read.flatMap(({ matchers, name }) =>
      matchers
        .filter(({ label }) => !TARGET_LABELS.includes(label) && labels.get(name)?.has(label) === false)
        .map(({ label }) => `${name} has no label ${label}`),
    )
    const there = new Set(read.flatMap(({ name }) => [...(labels.get(name) ?? [])]))
    const dropped = groupings.filter((label) => !TARGET_LABELS.includes(label) && !there.has(label))
    // What is recorded has the labels of its rule, which is among the expressions.
    const lost =
      read.length < selectors.length ? [] : dropped.map((label) => `nothing that it reads has the label ${label}`)
    return [...absent, ...unlabelled, ...lost].map((problem) => `${subject}: ${problem}`)
  })
}

function labelsByName(page: string): Map<string, Set<string>> {
  const labels = new Map<string, Set<string>>()
  for (const line of page.split('\n')) {
    const [, name, inner = ''] = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? \S+/.exec(line) ?? []
    if (name === undefined) continue
    const own = labels.get(name) ?? new Set()
    for (const [, label = ''] of inner.matchAll(/(\w+)="(?:[^"\\]|\\.)*"/g)) own.add(label)
    labels.set(name, own)
  }
  return labels
}
