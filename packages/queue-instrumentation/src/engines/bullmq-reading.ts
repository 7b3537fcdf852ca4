import type { QueueReading, ReadQueue } from '../shared-queue.ts'
import { readyAtOfWaiting, readyFirst } from './bullmq-ready.ts'
import { isOnPostgres } from './bullmq-shape.ts'
import type { BullBase, BullStore } from './bullmq-shape.ts'

/** Returns what asks the broker of a queue or a worker, over the connection that this has already. */
export function readerOf(base: BullBase): ReadQueue {
  const held = new WeakRef(base)
  return async () => {
    const queue = held.deref()
    const store = queue?.backend ?? queue?.scripts
    if (queue === undefined || store === undefined || queue.closing !== undefined) return undefined
    return read(queue, store)
  }
}

async function read(queue: BullBase, store: BullStore): Promise<QueueReading> {
  // Since 6 a pause leaves the jobs where they are; in PostgreSQL they are then counted apart all the same.
  const waits = queue.backend === undefined || isOnPostgres(queue) ? ['wait', 'paused'] : ['wait']
  const [active = 0, ...counts] = await store.getCounts(['active', ...waits, 'prioritized'])
  const size = counts.reduce((sum, count) => sum + count, 0)
  return { size, active, oldestJobAge: size === 0 ? 0 : await oldestJobAge(queue, store, [...waits, 'prioritized']) }
}

/** The ends of the lists hold the oldest jobs, save among priorities, where it is the next one and the last in line. */
async function oldestJobAge(queue: BullBase, store: BullStore, types: readonly string[]): Promise<number | undefined> {
  const ends = await Promise.all([store.getRanges(types, 0, 0, true), store.getRanges(types, 0, 0, false)])
  const ids = new Set(ends.flat(2).map(String))
  const ready = await Promise.all(Array.from(ids, (id) => readyAt(queue, store, id)))
  const known = ready.filter((at) => at !== undefined)
  return known.length === 0 ? undefined : Math.max(0, Date.now() - Math.min(...known)) / 1000
}

async function readyAt(queue: BullBase, store: BullStore, id: string): Promise<number | undefined> {
  const redis = await (queue.backend ?? queue).connection?.client
  if (redis !== undefined) return readyAtOfWaiting(queue, redis, id)
  const { timestamp, opts, attemptsStarted = 0 } = (await store.getJobData?.(id)) ?? {}
  return attemptsStarted > 0 ? undefined : readyFirst(timestamp, opts)
}
