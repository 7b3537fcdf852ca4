import { caseInput, endCase } from '../harness/child.ts'
import { labelSets } from '../record/label-sets.ts'
import { nanosPerEvent, warmUp } from '../record/measure-events.ts'
import { pageTotals } from '../record/page.ts'
import { createRecorder } from '../record/recorders.ts'

export interface RecordInput {
  readonly recorder: string
  readonly series: number
  /** Series that there are besides, without any events from the first on. */
  readonly idle?: number
  /** How each event's duration is had: a constant, or the clock read before and after. */
  readonly clock: boolean
  readonly events: number
  readonly warmUpMs: number
}

const GARBAGE_EVENTS = 4000
const SECONDS = 0.25

const { recorder: name, series, idle = 0, clock, events: measuredEvents, warmUpMs } = caseInput<RecordInput>()
const recorder = await createRecorder(name, (series + idle) * 2)
const all = labelSets(series + idle).map((labels) => recorder.prepare(labels))
const prepared = all.slice(0, series)
// Found once, as an app that imports it has it: the call can be inlined.
const { record } = recorder
let next = 0

function recordWithoutClock(events: number): void {
  for (let i = 0; i < events; i++) {
    record(prepared[next], SECONDS)
    if (++next === prepared.length) next = 0
  }
}

function recordWithClock(events: number): void {
  for (let i = 0; i < events; i++) {
    const start = performance.now()
    record(prepared[next], (performance.now() - start) / 1000)
    if (++next === prepared.length) next = 0
  }
}

const run = clock ? recordWithClock : recordWithoutClock

// Every series exists before the first event that counts.
for (const each of all) record(each, SECONDS)
warmUp(run, warmUpMs)
const garbage = garbageOf(() => run(GARBAGE_EVENTS)) / GARBAGE_EVENTS

const before = pageTotals(await recorder.scrape())
// What reading the page has left behind would be collected on the events' account, on other threads.
globalThis.gc?.()
const { value, clean } = nanosPerEvent(run, measuredEvents)
const after = pageTotals(await recorder.scrape())

const seconds = clock ? '' : ` of ${after.seconds - before.seconds} s`
endCase({
  figures: { nanos: value, garbage, clean: clean * 100 },
  totals: `${after.count - before.count} requests, ${after.observations - before.observations} durations${seconds}`,
})

/** Returns the bytes that a run leaves on the heap; it is short enough that no collection falls into it. */
function garbageOf(work: () => void): number {
  globalThis.gc?.()
  const used = process.memoryUsage().heapUsed
  work()
  return Math.max(0, process.memoryUsage().heapUsed - used)
}
