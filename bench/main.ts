// `npm run bench -- --help`
import { helpText, readCommandLine } from './command-line.ts'
import type { Request } from './command-line.ts'
import { compareSuite, TOLERATED_LOSS } from './harness/compare.ts'
import type { Comparison } from './harness/compare.ts'
import { installContestants } from './harness/install-contestants.ts'
import { suiteText } from './harness/results-page.ts'
import { committedResults, runSuite, writeResults } from './harness/results.ts'
import type { Results, SuiteResult } from './harness/results.ts'
import { suites } from './suites/index.ts'
import { writeReports } from './write-reports.ts'

const start = performance.now()

function progress(text: string): void {
  process.stderr.write(`bench: ${((performance.now() - start) / 1000).toFixed(0).padStart(3)} s  ${text}\n`)
}

async function run({ suites: chosen, quick, compare }: Request): Promise<void> {
  if (chosen.some(({ needsContestants }) => needsContestants === true)) {
    const problem = installContestants(progress)
    if (problem !== undefined) progress(`those that are not installed will not run: ${problem}`)
  }
  const ran: Record<string, SuiteResult> = {}
  const file = quick ? 'RESULTS-quick' : 'RESULTS'
  for (const suite of chosen) {
    try {
      const result = await runSuite(suite, quick, progress)
      ran[suite.name] = result
      console.log(`${suiteText(suite.name, result)}\n`)
      if (!compare) write(file, { [suite.name]: result })
    } catch (error) {
      process.exitCode = 1
      const { message, cause } = error as Error
      progress(`${suite.name} failed: ${message}${cause instanceof Error ? `: ${cause.message}` : ''}`)
    }
  }
  if (compare) showComparison(ran)
  else progress(`written to bench/${file}.md and bench/${file}.json`)
}

/** After each suite, so that a run that is broken off keeps what it has. */
function write(file: string, ran: Results['suites']): void {
  const names = suites.map(({ name }) => name)
  const results = writeResults(file, names, ran)
  if (file === 'RESULTS') writeReports(results)
}

function showComparison(ran: Results['suites']): void {
  const former = committedResults()
  if (former === undefined)
    throw new Error('there are no committed results to compare with: run without --compare first')
  const all = Object.entries(ran).flatMap(([name, result]) => {
    const old = former.suites[name]
    return old === undefined ? [] : compareSuite(result, old).map((each) => ({ ...each, suite: name }))
  })
  for (const each of all) if (each.verdict !== 'kept') console.log(lossText(each))
  const lost = all.filter(({ verdict }) => verdict === 'lost').length
  console.log(`${all.length} figures compared by their ratios, ${lost} lost more than ${TOLERATED_LOSS * 100} %`)
  if (lost > 0 || all.length === 0) process.exitCode = 1
}

function lossText({ suite, group, contestant, figure, loss, verdict }: Comparison & { suite: string }): string {
  const how = verdict === 'lost' ? 'LOST' : 'within the spread:'
  return `${how} ${(loss * 100).toFixed(0)} %: ${suite}: ${group}: ${contestant}: ${figure}`
}

try {
  const request = readCommandLine(process.argv.slice(2), suites)
  if (request.help) console.log(helpText(suites))
  else await run(request)
} catch (error) {
  process.stderr.write(`bench: ${(error as Error).message}\n`)
  process.exitCode = 2
}
