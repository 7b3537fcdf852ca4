import type { Results, SuiteResult } from './results.ts'
import type { Row } from './suite.ts'
import { alignedText, markdownText, tableOf } from './table.ts'
import type { Cells } from './table.ts'

const READING = `\
Every case ran in a process of its own, contestants in turn, round after round. Shown is the median of the rounds, and the
quartiles between which half of them lie. A ratio is the median of the rounds' own ratios; **≈ 1** means that its quartiles
do not leave 1 out, so that there is no difference to speak of. The contestants of a table did the same work: their totals,
read back in the end, were equal. *undisturbed* is the share of batches that another process did not slow; the
others do not count. Compare ratios, not times, with other machines.`

/** Returns the page of all results. */
export function resultsPage(results: Results): string {
  const parts = Object.entries(results.suites).map(([name, result]) => suitePart(name, result))
  return [
    '# Results of the benchmarks',
    'Written by `npm run bench`; `npm run bench -- --compare` holds a run against it.',
    READING,
    ...parts,
    '## Versions',
    versionsOf(results),
    '',
  ].join('\n\n')
}

function suitePart(name: string, { about, date, quick, seconds, machine, figures, rows }: SuiteResult): string {
  const { cpu, cores, memoryGiB, node, loadAtStart } = machine
  const where = `${cpu}, ${cores} cores, ${memoryGiB} GiB, Node ${node}`
  const when = `${date} UTC, ${seconds} s${quick ? ', quick' : ''}; ${where}; load at the start ${loadAtStart}.`
  const tables = groupsOf(rows).map(([group, list]) => `### ${group}\n\n${markdownText(tableOf(figures, list))}`)
  return [`## ${name}`, `${capitalised(about)}.`, when, ...tables].join('\n\n')
}

/** Returns what the terminal shows of one suite. */
export function suiteText(name: string, { about, figures, rows }: SuiteResult): string {
  const tables = groupsOf(rows).map(([group, list]) => `${group}\n${alignedText(plain(tableOf(figures, list)))}`)
  return [`${name}: ${about}`, ...tables].join('\n\n')
}

/** Returns the rows by group, in the order in which the groups first come. */
export function groupsOf(rows: readonly Row[]): [group: string, rows: Row[]][] {
  return [...Map.groupBy(rows, ({ group }) => group)]
}

function plain(cells: Cells): Cells {
  return cells.map((line) => line.map((cell) => cell.replaceAll('**', '')))
}

function versionsOf({ suites }: Results): string {
  const versions: Record<string, string> = Object.assign({}, ...Object.values(suites).map((suite) => suite.versions))
  return Object.entries(versions)
    .map(([name, version]) => `- ${name} ${version}`)
    .join('\n')
}

function capitalised(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}
