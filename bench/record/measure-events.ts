import { cleanOf, measureBatches } from '../harness/calibrate.ts'
import type { Measured } from '../harness/calibrate.ts'

/** Long enough for the clock of the processor, short enough to fall between two disturbances. */
const BATCH_MICROS = 1000
const FEWEST_BATCHES = 25
const WARM_UP_EVENTS = 20_000

/** Does so many events. */
export type RunEvents = (events: number) => void

/** Runs until everything is compiled as it will be. */
export function warmUp(run: RunEvents, millis: number): void {
  const until = performance.now() + millis
  do run(WARM_UP_EVENTS)
  while (performance.now() < until)
}

/** Does exactly so many events, in batches between spins, and returns the nanoseconds of processor time of one. */
export function nanosPerEvent(run: RunEvents, events: number): Measured {
  const rough = Math.ceil(events / FEWEST_BATCHES / 4)
  const micros = (microsOf(run, rough) / rough) * (events - rough)
  const batches = Math.max(FEWEST_BATCHES, Math.min(Math.floor(events / 1000), Math.round(micros / BATCH_MICROS)))
  const batch = Math.floor((events - rough) / batches)
  const measured = cleanOf(measureBatches(batches, () => (microsOf(run, batch) * 1000) / batch))
  run(events - rough - batch * batches)
  return measured
}

/** Processor time: what another process takes away does not count, and collecting garbage on other threads does. */
function microsOf(run: RunEvents, events: number): number {
  const start = process.cpuUsage()
  run(events)
  const { user, system } = process.cpuUsage(start)
  return user + system
}
