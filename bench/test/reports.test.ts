import { readFileSync } from 'node:fs'

import { expect, test } from 'vitest'

import { resultsPage } from '../harness/results-page.ts'
import { readResults } from '../harness/results.ts'
import type { Results } from '../harness/results.ts'
import { plotsOf, withGoals } from '../write-reports.ts'

const results = readResults('RESULTS') as Results

function textOf(file: string): string {
  return readFileSync(new URL(file, import.meta.url), 'utf8')
}

test('what was written from the committed results still follows from them', () => {
  expect(textOf('../RESULTS.md')).toBe(resultsPage(results))
  const page = textOf('../../docs/performance.md')
  expect(withGoals(page, results)).toBe(page)
  for (const [name, svg] of Object.entries(plotsOf(results))) expect(textOf(`../plots/${name}`)).toBe(svg)
})

test('every goal is measured', () => {
  const page = textOf('../../docs/performance.md')
  expect(page).toContain('| scrape 10,000 series: work | ≤ 3 ms | ')
  expect(page).not.toContain('not measured')
})
