import { caseInput, endCase } from '../harness/child.ts'
import { labelSets } from '../record/label-sets.ts'
import { nanosPerEvent, warmUp } from '../record/measure-events.ts'
import { pageTotals } from '../record/page.ts'
import { createRecorder } from '../record/recorders.ts'

export interface RecordStringsInput {
  readonly recorder: string
  readonly series: number
  readonly events: number
  readonly warmUpMs: number
}

const input = caseInput<RecordStringsInput>()
const { count, scrape } = await createRecorder(input.recorder, input.series * 2)
// Each endpoint is cut out of bytes anew, so that no library has seen this very string.
const bytes = labelSets(input.series).map((labels) => ({ ...labels, endpoint: Buffer.from(labels.endpoint) }))
let next = 0

function run(events: number): void {
  for (let i = 0; i < events; i++) {
    const { method, endpoint, status } = bytes[next] as (typeof bytes)[0]
    if (++next === bytes.length) next = 0
    count({ method, endpoint: endpoint.toString('latin1'), status })
  }
}

run(input.series)
warmUp(run, input.warmUpMs)
const before = pageTotals(await scrape())
const { value, clean } = nanosPerEvent(run, input.events)
const after = pageTotals(await scrape())
endCase({ figures: { nanos: value, clean: clean * 100 }, totals: `${after.count - before.count} requests` })
