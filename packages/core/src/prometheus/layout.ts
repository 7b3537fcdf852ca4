import type { Family, Report } from './families.ts'

/** `text` is Prometheus text 0.0.4, `openmetrics` is OpenMetrics 1.0.0. */
export type PageFormat = 'text' | 'openmetrics'

/** A family as one format writes it. */
export interface LaidOutFamily extends Family {
  /** Name in the `# TYPE` line. */
  readonly heading: string
  /** Type in that line. */
  readonly typeText: string
}

/** Every name that a family of the heading takes, so that no other may. */
const SUFFIXES = {
  text: { counter: [''], gauge: [''], histogram: ['', '_bucket', '_count', '_sum'] },
  openmetrics: {
    counter: ['', '_total', '_created'],
    gauge: [''],
    histogram: ['', '_bucket', '_count', '_sum', '_created'],
  },
} as const

/**
 * Decides how each family stands on a page, so that no two take the same name; sorted by name. OpenMetrics heads a
 * counter without its `_total`: where that name is taken, the counter keeps its values and loses its type.
 */
export function layOut(
  families: readonly Family[],
  format: PageFormat,
  taken: ReadonlySet<string>,
  report: Report,
): LaidOutFamily[] {
  const claims = new Set(taken)
  const laidOut: LaidOutFamily[] = []
  const claim = (family: LaidOutFamily, suffixes: readonly string[]): boolean => {
    const names = suffixes.map((suffix) => family.heading + suffix)
    if (names.some((name) => claims.has(name))) return false
    for (const name of names) claims.add(name)
    laidOut.push(family)
    return true
  }
  const drop = ({ name, type }: Family): void =>
    report(`the names of ${type} ${name} are taken by another metric; it is not on the page: rename one of them`)

  const later: Family[] = []
  for (const family of families) {
    if (format === 'openmetrics' && family.type === 'counter') later.push(family)
    else if (!claim({ ...family, heading: family.name, typeText: family.type }, SUFFIXES[format][family.type]))
      drop(family)
  }
  for (const family of later) {
    const heading = family.name.replace(/_total$/, '')
    const counter = { ...family, heading, typeText: 'counter' }
    if (heading !== family.name && claim(counter, SUFFIXES.openmetrics.counter)) continue
    if (!claim({ ...family, heading: family.name, typeText: 'unknown' }, [''])) drop(family)
  }
  return laidOut.toSorted((a, b) => (a.name < b.name ? -1 : 1))
}
