import { caseInput, endCase } from '../harness/child.ts'
import { labelSets } from '../record/label-sets.ts'
import { pageTotals } from '../record/page.ts'
import { createRecorder } from '../record/recorders.ts'

export interface MemoryInput {
  readonly recorder: string
  /** Label sets of the counter, and as many of the histogram. */
  readonly series: number
}

const { recorder, series } = caseInput<MemoryInput>()
const { prepare, record, scrape } = await createRecorder(recorder, series * 2)
const labels = labelSets(series)
// What there is once, however many series there are, is there before.
record(prepare(labels[0] as (typeof labels)[0]), 0.25)
await scrape()
const before = await bytesHeld()
for (const each of labels.slice(1)) record(prepare(each), 0.25)
const recorded = await bytesHeld()
await scrape()
await scrape()
const scraped = await bytesHeld()
// Only now: a match keeps the text that it was found in.
const { count, observations } = pageTotals(await scrape())
const perSet = (bytes: number): number => (bytes - before) / (2 * (series - 1))
endCase({
  figures: { scraped: perSet(scraped), recorded: perSet(recorded) },
  totals: `${count} requests, ${observations} durations`,
})

async function bytesHeld(): Promise<number> {
  for (let i = 0; i < 4; i++) {
    await new Promise((resolve) => setImmediate(resolve))
    globalThis.gc?.()
  }
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}
