import { caseInput, endCase } from '../harness/child.ts'
import { median } from '../harness/statistics.ts'
import { labelSets } from '../record/label-sets.ts'
import { pageTotals } from '../record/page.ts'
import { createRecorder } from '../record/recorders.ts'

export interface PacedInput {
  readonly recorder: string
  readonly perSecond: number
  readonly events: number
}

const WARM_UP_EVENTS = 50_000

const { recorder, perSecond, events } = caseInput<PacedInput>()
const { prepare, record, scrape } = await createRecorder(recorder, 1000)
const prepared = labelSets(100).map((labels) => prepare(labels))
for (let i = 0; i < WARM_UP_EVENTS; i++) record(prepared[i % prepared.length], 0.25)
const clock = median(Array.from({ length: 1000 }, () => nanosOf(() => {})))
const before = pageTotals(await scrape())
const costs: number[] = []
const start = performance.now()
for (;;) {
  const due = Math.min(events, ((performance.now() - start) / 1000) * perSecond)
  while (costs.length < due) {
    const labels = prepared[costs.length % prepared.length]
    costs.push(nanosOf(() => record(labels, 0.25)))
  }
  if (costs.length === events) break
  await new Promise((resolve) => setTimeout(resolve, 1))
}
const after = pageTotals(await scrape())
endCase({
  figures: { nanos: Math.max(0, median(costs) - clock) },
  totals: `${after.count - before.count} requests`,
})

function nanosOf(run: () => void): number {
  const from = process.hrtime.bigint()
  run()
  return Number(process.hrtime.bigint() - from)
}
