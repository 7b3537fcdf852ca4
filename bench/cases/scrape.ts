import { caseInput, endCase } from '../harness/child.ts'
import { median } from '../harness/statistics.ts'
import { labelSets } from '../record/label-sets.ts'
import { pageTotals } from '../record/page.ts'
import { createRecorder } from '../record/recorders.ts'

export interface ScrapeInput {
  readonly recorder: string
  /** Copies the page that the recorder made first, over again: what no renderer can beat. */
  readonly copy: boolean
  readonly series: number
  readonly scrapes: number
}

const { recorder, copy, series, scrapes } = caseInput<ScrapeInput>()
const { count, scrape } = await createRecorder(recorder, series * 2)
const labels = labelSets(series)

/** Every series changes from one scrape to the next, so that no page can be given out twice. */
function change(): void {
  for (const each of labels) count(each)
}

change()
const first = await workOf(scrape)
const page = Buffer.concat(await scrape())
const answer = copy ? async () => [Buffer.from(page)] : scrape
for (let i = 0; i < 2; i++) {
  change()
  await answer()
}
const work: number[] = []
const stalls: number[] = []
for (let i = 0; i < scrapes; i++) {
  change()
  work.push(await workOf(answer))
  change()
  stalls.push(await stallOf(answer))
}
const totals = pageTotals(await scrape())
endCase({
  figures: { work: median(work), stall: median(stalls), ...(!copy && { first }) },
  totals: `${totals.count} requests in ${totals.series} series`,
})

/** Returns the milliseconds of processor time. */
async function workOf(run: () => Promise<unknown>): Promise<number> {
  const start = process.cpuUsage()
  await run()
  const { user, system } = process.cpuUsage(start)
  return (user + system) / 1000
}

/** Returns for how many milliseconds nothing else could run, at most. */
async function stallOf(run: () => Promise<unknown>): Promise<number> {
  let running = true
  let longest = 0
  let last = performance.now()
  const turn = (): void => {
    const now = performance.now()
    longest = Math.max(longest, now - last)
    last = now
    if (running) setImmediate(turn)
  }
  setImmediate(turn)
  await run()
  running = false
  turn()
  return longest
}
