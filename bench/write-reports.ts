import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'

import { goalsTable } from './goals.ts'
import type { Results } from './harness/results.ts'
import { seriesPlot } from './plot.ts'

const performancePage = new URL('../docs/performance.md', import.meta.url)
const plots = new URL('plots/', import.meta.url)
const GOALS = /(?<=<!-- goals: written by npm run bench -->\n\n)[^]*?(?=\n\n<!-- end of goals -->)/

/** Writes what follows from the results: the plots, and the table of goals in docs/performance.md. */
export function writeReports(results: Results): void {
  mkdirSync(plots, { recursive: true })
  for (const [name, text] of Object.entries(plotsOf(results))) writeFileSync(new URL(name, plots), text)
  writeFileSync(performancePage, withGoals(readFileSync(performancePage, 'utf8'), results))
}

/** Returns the page with the table of goals that the results give. */
export function withGoals(page: string, results: Results): string {
  return page.replace(GOALS, () => goalsTable(results))
}

/** Returns the plots by file name. */
export function plotsOf({ suites }: Results): Record<string, string> {
  const { growth, scrape } = suites
  return {
    ...(growth !== undefined && {
      'record.svg': seriesPlot({
        title: 'Recording one event, counter and histogram',
        unit: 'ns of CPU per event',
        figure: 'nanos',
        rows: growth.rows,
      }),
    }),
    ...(scrape !== undefined && {
      'scrape.svg': seriesPlot({
        title: 'One scrape, every series changed since the last',
        unit: 'ms of CPU per scrape',
        figure: 'work',
        rows: scrape.rows,
      }),
    }),
  }
}
