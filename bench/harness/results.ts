import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'

import { contestantVersions, describeMachine } from './machine.ts'
import type { Machine } from './machine.ts'
import { resultsPage } from './results-page.ts'
import type { Figure, Row, Suite } from './suite.ts'

/** One suite as it ran. */
export interface SuiteResult {
  readonly about: string
  readonly date: string
  readonly quick: boolean
  readonly seconds: number
  readonly machine: Machine
  readonly versions: Readonly<Record<string, string>>
  readonly figures: Readonly<Record<string, Figure>>
  readonly rows: readonly Row[]
}

/** What is in RESULTS.json. */
export interface Results {
  readonly suites: Readonly<Record<string, SuiteResult>>
}

const folder = new URL('../', import.meta.url)

/** Runs a suite and returns what it gave, with when and on what. */
export async function runSuite(suite: Suite, quick: boolean, progress: (text: string) => void): Promise<SuiteResult> {
  const machine = describeMachine()
  const start = performance.now()
  const rows = await suite.run({ quick, progress: (text) => progress(`${suite.name}: ${text}`) })
  return {
    about: suite.about,
    date: new Date().toISOString().slice(0, 16).replace('T', ' '),
    quick,
    seconds: Math.round((performance.now() - start) / 1000),
    machine,
    versions: contestantVersions(),
    figures: suite.figures,
    rows,
  }
}

/** Returns the results as they were committed last, or else as they lie there; `undefined` when there are none. */
export function committedResults(): Results | undefined {
  try {
    const text = execFileSync('git', ['show', 'HEAD:./RESULTS.json'], {
      cwd: folder,
      encoding: 'utf8',
      maxBuffer: 2 ** 26,
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    return JSON.parse(text) as Results
  } catch {
    return readResults('RESULTS')
  }
}

export function readResults(name: string): Results | undefined {
  try {
    return JSON.parse(readFileSync(new URL(`${name}.json`, folder), 'utf8')) as Results
  } catch {
    return undefined
  }
}

/** Writes the suites that ran, beside those that the file has from before; in the order of `names`; returns all. */
export function writeResults(name: string, names: readonly string[], ran: Results['suites']): Results {
  const all: Results['suites'] = { ...readResults(name)?.suites, ...ran }
  const ordered = names.flatMap((each) => (all[each] === undefined ? [] : [[each, all[each]] as const]))
  const results: Results = { suites: Object.fromEntries(ordered) }
  const text = JSON.stringify(
    results,
    (_key, value: unknown) => (typeof value === 'number' ? shortened(value) : value),
    1,
  )
  writeFileSync(new URL(`${name}.json`, folder), `${text}\n`)
  // All else is written from the very figures that are in the file.
  const written = JSON.parse(text) as Results
  writeFileSync(new URL(`${name}.md`, folder), resultsPage(written))
  return written
}

/** Five digits are more than any figure here has. */
function shortened(value: number): number {
  return Number(value.toPrecision(5))
}
